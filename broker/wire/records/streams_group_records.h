// Records of __consumer_offsets for groups of Kafka Streams applications (KIP-1071).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire/schema.h"

namespace milena::wire {

// The epoch of a streams group.
struct StreamsGroupMetadataKey {
    static constexpr Api api{.key = 17, .max = 0};

    std::string group_id;
};

struct StreamsGroupMetadataValue {
    static constexpr Api api{.key = 17, .max = 0, .flexible = 0};

    struct LastAssignmentConfig {
        std::string key;
        std::string value;
    };

    int32_t epoch = 0;
    int64_t metadata_hash = 0;
    Tag<0, 0, int32_t> validated_topology_epoch = -1;
    Tag<1, 0, std::optional<std::vector<LastAssignmentConfig>>> last_assignment_configs =
        std::vector<LastAssignmentConfig>();
};

// A member as it described itself.
struct StreamsGroupMemberMetadataKey {
    static constexpr Api api{.key = 19, .max = 0};

    std::string group_id;
    std::string member_id;
};

struct StreamsGroupMemberMetadataValue {
    static constexpr Api api{.key = 19, .max = 0, .flexible = 0};

    struct Endpoint {
        std::string host;
        uint16_t port = 0;
    };

    struct KeyValue {
        std::string key;
        std::string value;
    };

    std::optional<std::string> instance_id;
    std::optional<std::string> rack_id;
    std::string client_id;
    std::string client_host;
    int32_t rebalance_timeout_ms = -1;
    int32_t topology_epoch = 0;
    std::string process_id;
    std::optional<Endpoint> user_endpoint;
    std::vector<KeyValue> client_tags;
};

// The epoch of the target assignment.
struct StreamsGroupTargetAssignmentMetadataKey {
    static constexpr Api api{.key = 20, .max = 0};

    std::string group_id;
};

struct StreamsGroupTargetAssignmentMetadataValue {
    static constexpr Api api{.key = 20, .max = 0, .flexible = 0};

    int32_t assignment_epoch = 0;
    Tag<0, 0, int64_t> assignment_timestamp = 0;
};

// The tasks that a member shall run.
struct StreamsGroupTargetAssignmentMemberKey {
    static constexpr Api api{.key = 21, .max = 0};

    std::string group_id;
    std::string member_id;
};

struct StreamsGroupTargetAssignmentMemberValue {
    static constexpr Api api{.key = 21, .max = 0, .flexible = 0};

    struct TaskIds {
        std::string subtopology_id;
        std::vector<int32_t> partitions;
    };

    std::vector<TaskIds> active_tasks;
    std::vector<TaskIds> standby_tasks;
    std::vector<TaskIds> warmup_tasks;
};

// The tasks that a member runs now and gives up next.
struct StreamsGroupCurrentMemberAssignmentKey {
    static constexpr Api api{.key = 22, .max = 0};

    std::string group_id;
    std::string member_id;
};

struct StreamsGroupCurrentMemberAssignmentValue {
    static constexpr Api api{.key = 22, .max = 0, .flexible = 0};

    struct TaskIds {
        std::string subtopology_id;
        std::vector<int32_t> partitions;
        Tag<0, 0, std::optional<std::vector<int32_t>>> assignment_epochs = std::vector<int32_t>();
    };

    int32_t member_epoch = 0;
    int32_t previous_member_epoch = 0;
    int8_t state = 0;
    std::vector<TaskIds> active_tasks;
    std::vector<TaskIds> standby_tasks;
    std::vector<TaskIds> warmup_tasks;
    std::vector<TaskIds> active_tasks_pending_revocation;
    std::vector<TaskIds> standby_tasks_pending_revocation;
    std::vector<TaskIds> warmup_tasks_pending_revocation;
};

// The topology of a streams group.
struct StreamsGroupTopologyKey {
    static constexpr Api api{.key = 23, .max = 0};

    std::string group_id;
};

struct StreamsGroupTopologyValue {
    static constexpr Api api{.key = 23, .max = 0, .flexible = 0};

    struct TopicConfig {
        std::string key;
        std::string value;
    };

    struct TopicInfo {
        std::string name;
        int32_t partitions = 0;
        int16_t replication_factor = 0;
        std::vector<TopicConfig> topic_configs;
    };

    struct CopartitionGroup {
        std::vector<int16_t> source_topics;
        std::vector<int16_t> source_topic_regex;
        std::vector<int16_t> repartition_source_topics;
    };

    struct Subtopology {
        std::string subtopology_id;
        std::vector<std::string> source_topics;
        std::vector<std::string> source_topic_regex;
        std::vector<TopicInfo> state_changelog_topics;
        std::vector<std::string> repartition_sink_topics;
        std::vector<TopicInfo> repartition_source_topics;
        std::vector<CopartitionGroup> copartition_groups;
    };

    int32_t epoch = 0;
    std::vector<Subtopology> subtopologies;
};

}  // namespace milena::wire
