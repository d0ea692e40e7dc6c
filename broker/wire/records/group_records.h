// Records of __consumer_offsets for classic and consumer groups and for committed offsets. A key tells its type by the
// int16 in front of it, a value its version (records/coordinator_frame.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/uuid.h"
#include "wire/schema.h"

namespace milena::wire {

// A committed offset as brokers before 0.9 wrote it.
struct LegacyOffsetCommitKey {
    static constexpr Api api{.key = 0, .max = 0};

    std::string group;
    std::string topic;
    int32_t partition = 0;
};

struct LegacyOffsetCommitValue {
    static constexpr Api api{.key = 0, .max = 0};

    int64_t offset = 0;
    std::string metadata;
    int64_t commit_timestamp = 0;
};

// The committed offset of one partition; without a value it was deleted.
struct OffsetCommitKey {
    static constexpr Api api{.key = 1, .max = 0};

    std::string group;
    std::string topic;
    int32_t partition = 0;
};

// expire_timestamp is only in version 1, where a client chose how long to keep it.
struct OffsetCommitValue {
    static constexpr Api api{.key = 1, .max = 4, .flexible = 4};

    int64_t offset = 0;
    Since<3, int32_t> leader_epoch = -1;
    std::string metadata;
    int64_t commit_timestamp = 0;
    Between<1, 1, int64_t> expire_timestamp = -1;
    Tag<0, 4, Uuid> topic_id;
};

// A classic group, whole.
struct GroupMetadataKey {
    static constexpr Api api{.key = 2, .max = 0};

    std::string group;
};

struct GroupMetadataValue {
    static constexpr Api api{.key = 2, .max = 4, .flexible = 4};

    struct Member {
        std::string member_id;
        Since<3, std::optional<std::string>> group_instance_id;
        std::string client_id;
        std::string client_host;
        Since<1, int32_t> rebalance_timeout = -1;
        int32_t session_timeout = 0;
        Bytes subscription;
        Bytes assignment;
    };

    std::string protocol_type;
    int32_t generation = 0;
    std::optional<std::string> protocol;
    std::optional<std::string> leader;
    Since<2, int64_t> current_state_timestamp = -1;
    std::vector<Member> members;
};

// The epoch of a consumer group.
struct ConsumerGroupMetadataKey {
    static constexpr Api api{.key = 3, .max = 0};

    std::string group_id;
};

struct ConsumerGroupMetadataValue {
    static constexpr Api api{.key = 3, .max = 0, .flexible = 0};

    int32_t epoch = 0;
    Tag<0, 0, int64_t> metadata_hash = 0;
};

// Partitions of the subscribed topics; no longer written since metadata_hash replaced it.
struct ConsumerGroupPartitionMetadataKey {
    static constexpr Api api{.key = 4, .max = 0};

    std::string group_id;
};

struct ConsumerGroupPartitionMetadataValue {
    static constexpr Api api{.key = 4, .max = 0, .flexible = 0};

    struct PartitionMetadata {
        int32_t partition = 0;
        std::vector<std::string> racks;
    };

    struct TopicMetadata {
        Uuid topic_id;
        std::string topic_name;
        int32_t num_partitions = 0;
        std::vector<PartitionMetadata> partition_metadata;
    };

    std::vector<TopicMetadata> topics;
};

// A member as it described itself.
struct ConsumerGroupMemberMetadataKey {
    static constexpr Api api{.key = 5, .max = 0};

    std::string group_id;
    std::string member_id;
};

// How a member that still speaks the classic protocol sees the group. Not nested in its only user: clang can't
// construct an optional of a nested struct whose members have default values before the outer one is complete.
struct ConsumerGroupClassicMemberMetadata {
    struct ClassicProtocol {
        std::string name;
        Bytes metadata;
    };

    int32_t session_timeout_ms = 0;
    std::vector<ClassicProtocol> supported_protocols;
};

struct ConsumerGroupMemberMetadataValue {
    static constexpr Api api{.key = 5, .max = 0, .flexible = 0};

    using ClassicMemberMetadata = ConsumerGroupClassicMemberMetadata;

    std::optional<std::string> instance_id;
    std::optional<std::string> rack_id;
    std::string client_id;
    std::string client_host;
    std::vector<std::string> subscribed_topic_names;
    std::optional<std::string> subscribed_topic_regex;
    int32_t rebalance_timeout_ms = -1;
    std::optional<std::string> server_assignor;
    Tag<0, 0, std::optional<ClassicMemberMetadata>> classic_member_metadata = ClassicMemberMetadata();
};

// The epoch of the target assignment.
struct ConsumerGroupTargetAssignmentMetadataKey {
    static constexpr Api api{.key = 6, .max = 0};

    std::string group_id;
};

struct ConsumerGroupTargetAssignmentMetadataValue {
    static constexpr Api api{.key = 6, .max = 0, .flexible = 0};

    int32_t assignment_epoch = 0;
    Tag<0, 0, int64_t> assignment_timestamp = 0;
};

// What a member shall own.
struct ConsumerGroupTargetAssignmentMemberKey {
    static constexpr Api api{.key = 7, .max = 0};

    std::string group_id;
    std::string member_id;
};

struct ConsumerGroupTargetAssignmentMemberValue {
    static constexpr Api api{.key = 7, .max = 0, .flexible = 0};

    struct TopicPartition {
        Uuid topic_id;
        std::vector<int32_t> partitions;
    };

    std::vector<TopicPartition> topic_partitions;
};

// What a member owns now and gives up next.
struct ConsumerGroupCurrentMemberAssignmentKey {
    static constexpr Api api{.key = 8, .max = 0};

    std::string group_id;
    std::string member_id;
};

struct ConsumerGroupCurrentMemberAssignmentValue {
    static constexpr Api api{.key = 8, .max = 0, .flexible = 0};

    struct TopicPartitions {
        Uuid topic_id;
        std::vector<int32_t> partitions;
        Tag<0, 0, std::optional<std::vector<int32_t>>> assignment_epochs = std::vector<int32_t>();
    };

    int32_t member_epoch = 0;
    int32_t previous_member_epoch = 0;
    int8_t state = 0;
    std::vector<TopicPartitions> assigned_partitions;
    std::vector<TopicPartitions> partitions_pending_revocation;
};

// The topics that a subscribed regular expression matched at some metadata version.
struct ConsumerGroupRegularExpressionKey {
    static constexpr Api api{.key = 16, .max = 0};

    std::string group_id;
    std::string regular_expression;
};

struct ConsumerGroupRegularExpressionValue {
    static constexpr Api api{.key = 16, .max = 0, .flexible = 0};

    std::vector<std::string> topics;
    int64_t version = 0;
    int64_t timestamp = 0;
};

}  // namespace milena::wire
