// Records of __consumer_offsets for share groups (KIP-932).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "wire/schema.h"

namespace milena::wire {

// A member as it described itself.
struct ShareGroupMemberMetadataKey {
    static constexpr Api api{.key = 10, .max = 0};

    std::string group_id;
    std::string member_id;
};

struct ShareGroupMemberMetadataValue {
    static constexpr Api api{.key = 10, .max = 0, .flexible = 0};

    std::optional<std::string> rack_id;
    std::string client_id;
    std::string client_host;
    std::vector<std::string> subscribed_topic_names;
};

// The epoch of a share group.
struct ShareGroupMetadataKey {
    static constexpr Api api{.key = 11, .max = 0};

    std::string group_id;
};

struct ShareGroupMetadataValue {
    static constexpr Api api{.key = 11, .max = 0, .flexible = 0};

    int32_t epoch = 0;
    int64_t metadata_hash = 0;
};

// The epoch of the target assignment.
struct ShareGroupTargetAssignmentMetadataKey {
    static constexpr Api api{.key = 12, .max = 0};

    std::string group_id;
};

struct ShareGroupTargetAssignmentMetadataValue {
    static constexpr Api api{.key = 12, .max = 0, .flexible = 0};

    int32_t assignment_epoch = 0;
    Tag<0, 0, int64_t> assignment_timestamp = 0;
};

// What a member shall read.
struct ShareGroupTargetAssignmentMemberKey {
    static constexpr Api api{.key = 13, .max = 0};

    std::string group_id;
    std::string member_id;
};

struct ShareGroupTargetAssignmentMemberValue {
    static constexpr Api api{.key = 13, .max = 0, .flexible = 0};

    struct TopicPartition {
        Uuid topic_id;
        std::vector<int32_t> partitions;
    };

    std::vector<TopicPartition> topic_partitions;
};

// What a member reads now.
struct ShareGroupCurrentMemberAssignmentKey {
    static constexpr Api api{.key = 14, .max = 0};

    std::string group_id;
    std::string member_id;
};

struct ShareGroupCurrentMemberAssignmentValue {
    static constexpr Api api{.key = 14, .max = 0, .flexible = 0};

    struct TopicPartitions {
        Uuid topic_id;
        std::vector<int32_t> partitions;
    };

    int32_t member_epoch = 0;
    int32_t previous_member_epoch = 0;
    int8_t state = 0;
    std::vector<TopicPartitions> assigned_partitions;
};

// Which partitions have state with the share coordinator.
struct ShareGroupStatePartitionMetadataKey {
    static constexpr Api api{.key = 15, .max = 0};

    std::string group_id;
};

struct ShareGroupStatePartitionMetadataValue {
    static constexpr Api api{.key = 15, .max = 0, .flexible = 0};

    struct TopicPartitionsInfo {
        Uuid topic_id;
        std::string topic_name;
        std::vector<int32_t> partitions;
    };

    struct TopicInfo {
        Uuid topic_id;
        std::string topic_name;
    };

    std::vector<TopicPartitionsInfo> initializing_topics;
    std::vector<TopicPartitionsInfo> initialized_topics;
    std::vector<TopicInfo> deleting_topics;
};

}  // namespace milena::wire
