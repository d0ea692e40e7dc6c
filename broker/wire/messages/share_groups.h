// Share groups: members and their assignment, delivery of records one by one, and the offsets from which a group reads
// (KIP-932).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error_code.h"
#include "base/uuid.h"
#include "wire/messages/leader_hint.h"
#include "wire/schema.h"

namespace milena::wire {

// ShareGroupHeartbeat (76): join, stay, change the subscription, leave: all in one. A null member means "as before".
struct ShareGroupHeartbeatRequest {
    static constexpr Api api{.key = 76, .min = 1, .max = 1, .flexible = 0};

    std::string_view group_id;
    std::string_view member_id;
    int32_t member_epoch = 0;  // 0: join, -1: leave
    std::optional<std::string_view> rack_id;
    std::optional<std::vector<std::string_view>> subscribed_topic_names;
};

struct ShareGroupHeartbeatResponse {
    static constexpr Api api = ShareGroupHeartbeatRequest::api;

    struct TopicPartitions {
        Uuid topic_id;
        std::vector<int32_t> partitions;
    };

    struct Assignment {
        std::vector<TopicPartitions> topic_partitions;
    };

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    std::optional<std::string> member_id;
    int32_t member_epoch = 0;
    int32_t heartbeat_interval_ms = 0;
    std::optional<Assignment> assignment;
};

// ShareGroupDescribe (77): state, members and assignments of share groups.
struct ShareGroupDescribeRequest {
    static constexpr Api api{.key = 77, .min = 1, .max = 1, .flexible = 0};

    std::vector<std::string_view> group_ids;
    bool include_authorized_operations = false;
};

struct ShareGroupDescribeResponse {
    static constexpr Api api = ShareGroupDescribeRequest::api;

    struct TopicPartitions {
        Uuid topic_id;
        std::string topic_name;
        std::vector<int32_t> partitions;
    };

    struct Assignment {
        std::vector<TopicPartitions> topic_partitions;
    };

    struct Member {
        std::string member_id;
        std::optional<std::string> rack_id;
        int32_t member_epoch = 0;
        std::string client_id;
        std::string client_host;
        std::vector<std::string> subscribed_topic_names;
        Assignment assignment;
    };

    struct Group {
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
        std::string group_id;
        std::string group_state;
        int32_t group_epoch = 0;
        int32_t assignment_epoch = 0;
        std::string assignor_name;
        std::vector<Member> members;
        int32_t authorized_operations = INT32_MIN;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Group> groups;
};

// ShareFetch (78): acquire records for delivery, and acknowledge earlier ones on the way. The session
// remembers the partitions; a request names those that join it, forgotten_topics_data those that leave.
struct ShareFetchRequest {
    static constexpr Api api{.key = 78, .min = 1, .max = 2, .flexible = 0};

    struct AcknowledgementBatch {
        int64_t first_offset = 0;
        int64_t last_offset = 0;
        // 0: gap, 1: accept, 2: release, 3: reject, 4: renew; one for all, or one each.
        std::vector<int8_t> acknowledge_types;
    };

    struct Partition {
        int32_t partition_index = 0;
        Until<0, int32_t> partition_max_bytes = 0;
        std::vector<AcknowledgementBatch> acknowledgement_batches;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;
    };

    struct ForgottenTopic {
        Uuid topic_id;
        std::vector<int32_t> partitions;
    };

    std::optional<std::string_view> group_id;
    std::optional<std::string_view> member_id;
    int32_t share_session_epoch = 0;  // 0: open a session, -1: close it
    int32_t max_wait_ms = 0;
    int32_t min_bytes = 0;
    int32_t max_bytes = INT32_MAX;
    int32_t max_records = 0;
    int32_t batch_size = 0;
    Since<2, int8_t> share_acquire_mode = 0;
    Since<2, bool> is_renew_ack = false;
    std::vector<Topic> topics;
    std::vector<ForgottenTopic> forgotten_topics_data;
};

struct ShareFetchResponse {
    static constexpr Api api = ShareFetchRequest::api;

    struct AcquiredRecords {
        int64_t first_offset = 0;
        int64_t last_offset = 0;
        int16_t delivery_count = 0;
    };

    struct Partition {
        int32_t partition_index = 0;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
        ErrorCode acknowledge_error_code = ErrorCode::none;
        std::optional<std::string> acknowledge_error_message;
        CurrentLeader current_leader;
        Bytes records;
        std::vector<AcquiredRecords> acquired_records;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;
    };

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    int32_t acquisition_lock_timeout_ms = 0;
    std::vector<Topic> responses;
    std::vector<NodeEndpoint> node_endpoints;
};

// ShareAcknowledge (79): say what became of acquired records: accepted, released, rejected, or a gap.
struct ShareAcknowledgeRequest {
    static constexpr Api api{.key = 79, .min = 1, .max = 2, .flexible = 0};

    struct AcknowledgementBatch {
        int64_t first_offset = 0;
        int64_t last_offset = 0;
        // 0: gap, 1: accept, 2: release, 3: reject, 4: renew; one for all, or one each.
        std::vector<int8_t> acknowledge_types;
    };

    struct Partition {
        int32_t partition_index = 0;
        std::vector<AcknowledgementBatch> acknowledgement_batches;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;
    };

    std::optional<std::string_view> group_id;
    std::optional<std::string_view> member_id;
    int32_t share_session_epoch = 0;  // 0: open a session, -1: close it
    Since<2, bool> is_renew_ack = false;
    std::vector<Topic> topics;
};

struct ShareAcknowledgeResponse {
    static constexpr Api api = ShareAcknowledgeRequest::api;

    struct Partition {
        int32_t partition_index = 0;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
        CurrentLeader current_leader;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;
    };

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    Since<2, int32_t> acquisition_lock_timeout_ms = 0;
    std::vector<Topic> responses;
    std::vector<NodeEndpoint> node_endpoints;
};

// DescribeShareGroupOffsets (90): where share groups are in their partitions.
struct DescribeShareGroupOffsetsRequest {
    static constexpr Api api{.key = 90, .max = 1, .flexible = 0};

    struct Topic {
        std::string_view topic_name;
        std::vector<int32_t> partitions;
    };

    struct Group {
        std::string_view group_id;
        std::optional<std::vector<Topic>> topics;
    };

    std::vector<Group> groups;
};

struct DescribeShareGroupOffsetsResponse {
    static constexpr Api api = DescribeShareGroupOffsetsRequest::api;

    struct Partition {
        int32_t partition_index = 0;
        int64_t start_offset = 0;
        int32_t leader_epoch = 0;
        Since<1, int64_t> lag = -1;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
    };

    struct Topic {
        std::string topic_name;
        Uuid topic_id;
        std::vector<Partition> partitions;
    };

    struct Group {
        std::string group_id;
        std::vector<Topic> topics;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Group> groups;
};

// AlterShareGroupOffsets (91): move an empty share group in its partitions.
struct AlterShareGroupOffsetsRequest {
    static constexpr Api api{.key = 91, .max = 0, .flexible = 0};

    struct Partition {
        int32_t partition_index = 0;
        int64_t start_offset = 0;
    };

    struct Topic {
        std::string_view topic_name;
        std::vector<Partition> partitions;
    };

    std::string_view group_id;
    std::vector<Topic> topics;
};

struct AlterShareGroupOffsetsResponse {
    static constexpr Api api = AlterShareGroupOffsetsRequest::api;

    struct Partition {
        int32_t partition_index = 0;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
    };

    struct Topic {
        std::string topic_name;
        Uuid topic_id;
        std::vector<Partition> partitions;
    };

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    std::vector<Topic> responses;
};

// DeleteShareGroupOffsets (92): forget where a share group is in some topics.
struct DeleteShareGroupOffsetsRequest {
    static constexpr Api api{.key = 92, .max = 0, .flexible = 0};

    struct Topic {
        std::string_view topic_name;
    };

    std::string_view group_id;
    std::vector<Topic> topics;
};

struct DeleteShareGroupOffsetsResponse {
    static constexpr Api api = DeleteShareGroupOffsetsRequest::api;

    struct Topic {
        std::string topic_name;
        Uuid topic_id;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
    };

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    std::vector<Topic> responses;
};

}  // namespace milena::wire
