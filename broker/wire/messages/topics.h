// Topics and the placement of their partitions.
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

// CreateTopics (19): create topics, or only check whether they could be. -1 asks for the default number of partitions
// or replicas.
struct CreateTopicsRequest {
    static constexpr Api api{.key = 19, .min = 2, .max = 7, .flexible = 5};

    struct Assignment {
        int32_t partition_index = 0;
        std::vector<int32_t> broker_ids;
    };

    struct Config {
        std::string_view name;
        std::optional<std::string_view> value;
    };

    struct Topic {
        std::string_view name;
        int32_t num_partitions = 0;           // -1: the default
        int16_t replication_factor = 0;       // -1: the default
        std::vector<Assignment> assignments;  // by hand; empty: we place the replicas
        std::vector<Config> configs;
    };

    std::vector<Topic> topics;
    int32_t timeout_ms = 60000;
    bool validate_only = false;
};

struct CreateTopicsResponse {
    static constexpr Api api = CreateTopicsRequest::api;

    struct Config {
        std::string name;
        std::optional<std::string> value;
        bool read_only = false;
        int8_t config_source = -1;
        bool is_sensitive = false;
    };

    struct Topic {
        std::string name;
        Since<7, Uuid> topic_id;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
        Tag<0, 5, ErrorCode> topic_config_error_code = ErrorCode::none;  // why configs is null
        Since<5, int32_t> num_partitions = -1;
        Since<5, int16_t> replication_factor = -1;
        Since<5, std::optional<std::vector<Config>>> configs;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Topic> topics;
};

// DeleteTopics (20): delete topics by name, from version 6 also by id.
struct DeleteTopicsRequest {
    static constexpr Api api{.key = 20, .min = 1, .max = 6, .flexible = 4};

    struct Topic {
        std::optional<std::string_view> name;  // null: by id
        Uuid topic_id;
    };

    Since<6, std::vector<Topic>> topics;
    Until<5, std::vector<std::string_view>> topic_names;
    int32_t timeout_ms = 0;
};

struct DeleteTopicsResponse {
    static constexpr Api api = DeleteTopicsRequest::api;

    struct Topic {
        NullableSince<6, std::string> name;
        Since<6, Uuid> topic_id;
        ErrorCode error_code = ErrorCode::none;
        Since<5, std::optional<std::string>> error_message;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Topic> responses;
};

// CreatePartitions (37): raise the number of partitions.
struct CreatePartitionsRequest {
    static constexpr Api api{.key = 37, .max = 3, .flexible = 2};

    struct Assignment {
        std::vector<int32_t> broker_ids;
    };

    struct Topic {
        std::string_view name;
        int32_t count = 0;                                   // the new total
        std::optional<std::vector<Assignment>> assignments;  // of the new partitions; null: we place them
    };

    std::vector<Topic> topics;
    int32_t timeout_ms = 0;
    bool validate_only = false;
};

struct CreatePartitionsResponse {
    static constexpr Api api = CreatePartitionsRequest::api;

    struct Result {
        std::string name;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Result> results;
};

// ElectLeaders (43): make the preferred replica, or an unclean one, the leader. Null topics mean all.
struct ElectLeadersRequest {
    static constexpr Api api{.key = 43, .max = 2, .flexible = 2};

    struct TopicPartitions {
        std::string_view topic;
        std::vector<int32_t> partitions;
    };

    Since<1, int8_t> election_type = 0;                            // 0: preferred, 1: unclean
    std::optional<std::vector<TopicPartitions>> topic_partitions;  // null: all
    int32_t timeout_ms = 60000;
};

struct ElectLeadersResponse {
    static constexpr Api api = ElectLeadersRequest::api;

    struct Partition {
        int32_t partition_id = 0;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
    };

    struct Topic {
        std::string topic;
        std::vector<Partition> partition_result;
    };

    int32_t throttle_time_ms = 0;
    Since<1, ErrorCode> error_code = ErrorCode::none;
    std::vector<Topic> replica_election_results;
};

// AlterPartitionReassignments (45): move partitions to other replicas; null replicas cancel a move (KIP-455).
struct AlterPartitionReassignmentsRequest {
    static constexpr Api api{.key = 45, .max = 1, .flexible = 0};

    struct Partition {
        int32_t partition_index = 0;
        std::optional<std::vector<int32_t>> replicas;
    };

    struct Topic {
        std::string_view name;
        std::vector<Partition> partitions;
    };

    int32_t timeout_ms = 60000;
    Since<1, bool> allow_replication_factor_change = true;
    std::vector<Topic> topics;
};

struct AlterPartitionReassignmentsResponse {
    static constexpr Api api = AlterPartitionReassignmentsRequest::api;

    struct Partition {
        int32_t partition_index = 0;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
    };

    struct Topic {
        std::string name;
        std::vector<Partition> partitions;
    };

    int32_t throttle_time_ms = 0;
    Since<1, bool> allow_replication_factor_change = true;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    std::vector<Topic> responses;
};

// ListPartitionReassignments (46): the moves that are under way. Null topics mean all.
struct ListPartitionReassignmentsRequest {
    static constexpr Api api{.key = 46, .max = 0, .flexible = 0};

    struct Topic {
        std::string_view name;
        std::vector<int32_t> partition_indexes;
    };

    int32_t timeout_ms = 60000;
    std::optional<std::vector<Topic>> topics;
};

struct ListPartitionReassignmentsResponse {
    static constexpr Api api = ListPartitionReassignmentsRequest::api;

    struct Partition {
        int32_t partition_index = 0;
        std::vector<int32_t> replicas;
        std::vector<int32_t> adding_replicas;
        std::vector<int32_t> removing_replicas;
    };

    struct Topic {
        std::string name;
        std::vector<Partition> partitions;
    };

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    std::vector<Topic> topics;
};

}  // namespace milena::wire
