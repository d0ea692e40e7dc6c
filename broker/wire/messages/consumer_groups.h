// Consumer groups whose assignment the coordinator computes (KIP-848).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_code.h"
#include "base/uuid.h"
#include "wire/schema.h"

namespace milena::wire {

// ConsumerGroupHeartbeat (68): join, stay, change the subscription, report the owned partitions, leave: all in one. A
// null member means "as before".
struct ConsumerGroupHeartbeatRequest {
    static constexpr Api api{.key = 68, .max = 1, .flexible = 0};

    struct TopicPartitions {
        Uuid topic_id;
        std::vector<int32_t> partitions;
    };

    std::string_view group_id;
    std::string_view member_id;
    int32_t member_epoch = 0;  // 0: join, -1: leave, -2: static member leaves for a while
    std::optional<std::string_view> instance_id;
    std::optional<std::string_view> rack_id;
    int32_t rebalance_timeout_ms = -1;
    std::optional<std::vector<std::string_view>> subscribed_topic_names;
    Since<1, std::optional<std::string_view>> subscribed_topic_regex;
    std::optional<std::string_view> server_assignor;
    std::optional<std::vector<TopicPartitions>> topic_partitions;
};

struct ConsumerGroupHeartbeatResponse {
    static constexpr Api api = ConsumerGroupHeartbeatRequest::api;

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

// ConsumerGroupDescribe (69): state, members and assignments of consumer groups.
struct ConsumerGroupDescribeRequest {
    static constexpr Api api{.key = 69, .max = 1, .flexible = 0};

    std::vector<std::string_view> group_ids;
    bool include_authorized_operations = false;
};

struct ConsumerGroupDescribeResponse {
    static constexpr Api api = ConsumerGroupDescribeRequest::api;

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
        std::optional<std::string> instance_id;
        std::optional<std::string> rack_id;
        int32_t member_epoch = 0;
        std::string client_id;
        std::string client_host;
        std::vector<std::string> subscribed_topic_names;
        std::optional<std::string> subscribed_topic_regex;
        Assignment assignment;
        Assignment target_assignment;
        Since<1, int8_t> member_type = -1;
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

}  // namespace milena::wire
