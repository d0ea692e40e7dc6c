// Groups of Kafka Streams applications: the coordinator assigns tasks of a topology (KIP-1071).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_code.h"
#include "wire/schema.h"

namespace milena::wire {

// StreamsGroupHeartbeat (88): join with a topology, report tasks and their progress, leave: all in one. A null member
// means "as before".
struct StreamsGroupHeartbeatRequest {
    static constexpr Api api{.key = 88, .max = 0, .flexible = 0};

    struct KeyValue {
        std::string_view key;
        std::string_view value;
    };

    struct TopicInfo {
        std::string_view name;
        int32_t partitions = 0;
        int16_t replication_factor = 0;
        std::vector<KeyValue> topic_configs;
    };

    struct CopartitionGroup {
        std::vector<int16_t> source_topics;
        std::vector<int16_t> source_topic_regex;
        std::vector<int16_t> repartition_source_topics;
    };

    struct Subtopology {
        std::string_view subtopology_id;
        std::vector<std::string_view> source_topics;
        std::vector<std::string_view> source_topic_regex;
        std::vector<TopicInfo> state_changelog_topics;
        std::vector<std::string_view> repartition_sink_topics;
        std::vector<TopicInfo> repartition_source_topics;
        std::vector<CopartitionGroup> copartition_groups;
    };

    struct Topology {
        int32_t epoch = 0;
        std::vector<Subtopology> subtopologies;
    };

    struct TaskIds {
        std::string_view subtopology_id;
        std::vector<int32_t> partitions;
    };

    struct Endpoint {
        std::string_view host;
        uint16_t port = 0;
    };

    struct TaskOffset {
        std::string_view subtopology_id;
        int32_t partition = 0;
        int64_t offset = 0;
    };

    std::string_view group_id;
    std::string_view member_id;
    int32_t member_epoch = 0;  // 0: join, -1: leave, -2: static member leaves for a while
    int32_t endpoint_information_epoch = 0;
    std::optional<std::string_view> instance_id;
    std::optional<std::string_view> rack_id;
    int32_t rebalance_timeout_ms = -1;
    std::optional<Topology> topology;  // sent when joining
    std::optional<std::vector<TaskIds>> active_tasks;
    std::optional<std::vector<TaskIds>> standby_tasks;
    std::optional<std::vector<TaskIds>> warmup_tasks;
    std::optional<std::string_view> process_id;
    std::optional<Endpoint> user_endpoint;
    std::optional<std::vector<KeyValue>> client_tags;
    std::optional<std::vector<TaskOffset>> task_offsets;
    std::optional<std::vector<TaskOffset>> task_end_offsets;
    bool shutdown_application = false;
};

struct StreamsGroupHeartbeatResponse {
    static constexpr Api api = StreamsGroupHeartbeatRequest::api;

    struct Status {
        int8_t status_code = 0;
        std::string status_detail;
    };

    struct TaskIds {
        std::string subtopology_id;
        std::vector<int32_t> partitions;
    };

    struct Endpoint {
        std::string host;
        uint16_t port = 0;
    };

    struct TopicPartition {
        std::string topic;
        std::vector<int32_t> partitions;
    };

    struct EndpointToPartitions {
        Endpoint user_endpoint;
        std::vector<TopicPartition> active_partitions;
        std::vector<TopicPartition> standby_partitions;
    };

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    std::string member_id;
    int32_t member_epoch = 0;
    int32_t heartbeat_interval_ms = 0;
    int32_t acceptable_recovery_lag = 0;
    int32_t task_offset_interval_ms = 0;
    std::optional<std::vector<Status>> status;
    std::optional<std::vector<TaskIds>> active_tasks;
    std::optional<std::vector<TaskIds>> standby_tasks;
    std::optional<std::vector<TaskIds>> warmup_tasks;
    int32_t endpoint_information_epoch = 0;
    std::optional<std::vector<EndpointToPartitions>> partitions_by_user_endpoint;
};

// StreamsGroupDescribe (89): state, topology, members and tasks of streams groups.
struct StreamsGroupDescribeRequest {
    static constexpr Api api{.key = 89, .max = 0, .flexible = 0};

    std::vector<std::string_view> group_ids;
    bool include_authorized_operations = false;
};

struct StreamsGroupDescribeResponse {
    static constexpr Api api = StreamsGroupDescribeRequest::api;

    struct KeyValue {
        std::string key;
        std::string value;
    };

    struct TopicInfo {
        std::string name;
        int32_t partitions = 0;
        int16_t replication_factor = 0;
        std::vector<KeyValue> topic_configs;
    };

    struct Subtopology {
        std::string subtopology_id;
        std::vector<std::string> source_topics;
        std::vector<std::string> repartition_sink_topics;
        std::vector<TopicInfo> state_changelog_topics;
        std::vector<TopicInfo> repartition_source_topics;
    };

    struct Topology {
        int32_t epoch = 0;
        std::optional<std::vector<Subtopology>> subtopologies;
    };

    struct Endpoint {
        std::string host;
        uint16_t port = 0;
    };

    struct TaskOffset {
        std::string subtopology_id;
        int32_t partition = 0;
        int64_t offset = 0;
    };

    struct TaskIds {
        std::string subtopology_id;
        std::vector<int32_t> partitions;
    };

    struct Assignment {
        std::vector<TaskIds> active_tasks;
        std::vector<TaskIds> standby_tasks;
        std::vector<TaskIds> warmup_tasks;
    };

    struct Member {
        std::string member_id;
        int32_t member_epoch = 0;
        std::optional<std::string> instance_id;
        std::optional<std::string> rack_id;
        std::string client_id;
        std::string client_host;
        int32_t topology_epoch = 0;
        std::string process_id;
        std::optional<Endpoint> user_endpoint;
        std::vector<KeyValue> client_tags;
        std::vector<TaskOffset> task_offsets;
        std::vector<TaskOffset> task_end_offsets;
        Assignment assignment;
        Assignment target_assignment;
        bool is_classic = false;
    };

    struct Group {
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
        std::string group_id;
        std::string group_state;
        int32_t group_epoch = 0;
        int32_t assignment_epoch = 0;
        std::optional<Topology> topology;
        std::vector<Member> members;
        int32_t authorized_operations = INT32_MIN;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Group> groups;
};

}  // namespace milena::wire
