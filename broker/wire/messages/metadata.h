// What a client asks first: what the broker speaks, which brokers there are, who leads which partition.
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

// ApiVersions (18): which APIs the broker speaks, in which versions, and the features of the cluster (KIP-35,
// KIP-584). A version that the broker doesn't know is answered in version 0 with UNSUPPORTED_VERSION.
struct ApiVersionsRequest {
    static constexpr Api api{.key = 18, .max = 4, .flexible = 3};

    Since<3, std::string_view> client_software_name;
    Since<3, std::string_view> client_software_version;
};

struct ApiVersionsResponse {
    static constexpr Api api = ApiVersionsRequest::api;

    struct ApiVersion {
        int16_t api_key = 0;
        int16_t min_version = 0;
        int16_t max_version = 0;
    };

    struct SupportedFeature {
        std::string name;
        int16_t min_version = 0;
        int16_t max_version = 0;
    };

    // A feature level that holds in the whole cluster.
    struct FinalizedFeature {
        std::string name;
        int16_t max_version_level = 0;
        int16_t min_version_level = 0;
    };

    ErrorCode error_code = ErrorCode::none;
    std::vector<ApiVersion> api_keys;
    Since<1, int32_t> throttle_time_ms = 0;
    Tag<0, 3, std::vector<SupportedFeature>> supported_features;
    Tag<1, 3, int64_t> finalized_features_epoch = -1;  // -1: unknown
    Tag<2, 3, std::vector<FinalizedFeature>> finalized_features;
    Tag<3, 3, bool> zk_migration_ready = false;
};

// Metadata (3): brokers, topics, partitions and their leaders. Null topics ask for all of them; in version 0 an empty
// list does.
struct MetadataRequest {
    static constexpr Api api{.key = 3, .max = 13, .flexible = 9};

    struct Topic {
        Since<10, Uuid> topic_id;
        NullableSince<10, std::string_view> name;
    };

    NullableSince<1, std::vector<Topic>> topics;  // null: all
    Since<4, bool> allow_auto_topic_creation = true;
    Between<8, 10, bool> include_cluster_authorized_operations = false;
    Since<8, bool> include_topic_authorized_operations = false;
};

struct MetadataResponse {
    static constexpr Api api = MetadataRequest::api;

    struct Broker {
        int32_t node_id = 0;
        std::string host;
        int32_t port = 0;
        Since<1, std::optional<std::string>> rack;
    };

    struct Partition {
        ErrorCode error_code = ErrorCode::none;
        int32_t partition_index = 0;
        int32_t leader_id = 0;
        Since<7, int32_t> leader_epoch = -1;
        std::vector<int32_t> replica_nodes;
        std::vector<int32_t> isr_nodes;
        Since<5, std::vector<int32_t>> offline_replicas;
    };

    struct Topic {
        ErrorCode error_code = ErrorCode::none;
        NullableSince<12, std::string> name;  // null if asked by an id that is unknown
        Since<10, Uuid> topic_id;
        Since<1, bool> is_internal = false;
        std::vector<Partition> partitions;
        Since<8, int32_t> topic_authorized_operations = INT32_MIN;  // bits; INT32_MIN: not asked for
    };

    Since<3, int32_t> throttle_time_ms = 0;
    std::vector<Broker> brokers;
    Since<2, std::optional<std::string>> cluster_id;
    Since<1, int32_t> controller_id = -1;
    std::vector<Topic> topics;
    Between<8, 10, int32_t> cluster_authorized_operations = INT32_MIN;  // bits; INT32_MIN: not asked for
    Since<13, ErrorCode> error_code = ErrorCode::none;
};

// DescribeCluster (60): the brokers, or from version 1 the controllers, of the cluster (KIP-700, KIP-919).
struct DescribeClusterRequest {
    static constexpr Api api{.key = 60, .max = 2, .flexible = 0};

    bool include_cluster_authorized_operations = false;
    Since<1, int8_t> endpoint_type = 1;  // 1: brokers, 2: controllers
    Since<2, bool> include_fenced_brokers = false;
};

struct DescribeClusterResponse {
    static constexpr Api api = DescribeClusterRequest::api;

    struct Broker {
        int32_t broker_id = 0;
        std::string host;
        int32_t port = 0;
        std::optional<std::string> rack;
        Since<2, bool> is_fenced = false;
    };

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    Since<1, int8_t> endpoint_type = 1;  // 1: brokers, 2: controllers
    std::string cluster_id;
    int32_t controller_id = -1;
    std::vector<Broker> brokers;
    int32_t cluster_authorized_operations = INT32_MIN;  // bits; INT32_MIN: not asked for
};

// DescribeTopicPartitions (75): partitions of topics, page by page, with their eligible leader replicas (KIP-966).
struct DescribeTopicPartitionsRequest {
    static constexpr Api api{.key = 75, .max = 0, .flexible = 0};

    struct Topic {
        std::string_view name;
    };

    struct Cursor {
        std::string_view topic_name;
        int32_t partition_index = 0;
    };

    std::vector<Topic> topics;
    int32_t response_partition_limit = 2000;
    std::optional<Cursor> cursor;  // where the page begins; null: at the beginning
};

struct DescribeTopicPartitionsResponse {
    static constexpr Api api = DescribeTopicPartitionsRequest::api;

    struct Partition {
        ErrorCode error_code = ErrorCode::none;
        int32_t partition_index = 0;
        int32_t leader_id = 0;
        int32_t leader_epoch = -1;
        std::vector<int32_t> replica_nodes;
        std::vector<int32_t> isr_nodes;
        std::optional<std::vector<int32_t>> eligible_leader_replicas;
        std::optional<std::vector<int32_t>> last_known_elr;
        std::vector<int32_t> offline_replicas;
    };

    struct Topic {
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> name;
        Uuid topic_id;
        bool is_internal = false;
        std::vector<Partition> partitions;
        int32_t topic_authorized_operations = INT32_MIN;
    };

    struct Cursor {
        std::string topic_name;
        int32_t partition_index = 0;
    };

    int32_t throttle_time_ms = 0;
    std::vector<Topic> topics;
    std::optional<Cursor> next_cursor;  // null: this was the last page
};

}  // namespace milena::wire
