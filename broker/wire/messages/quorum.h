// The cluster itself: the voters of the metadata quorum, the finalized features, the registration of brokers.
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

// DescribeQuorum (55): leader, voters and observers of the metadata quorum and how far they are (KIP-595).
struct DescribeQuorumRequest {
    static constexpr Api api{.key = 55, .max = 2, .flexible = 0};

    struct Partition {
        int32_t partition_index = 0;
    };

    struct Topic {
        std::string_view topic_name;
        std::vector<Partition> partitions;
    };

    std::vector<Topic> topics;
};

struct DescribeQuorumResponse {
    static constexpr Api api = DescribeQuorumRequest::api;

    struct ReplicaState {
        int32_t replica_id = 0;
        Since<2, Uuid> replica_directory_id;
        int64_t log_end_offset = 0;
        Since<1, int64_t> last_fetch_timestamp = -1;
        Since<1, int64_t> last_caught_up_timestamp = -1;
    };

    struct Partition {
        int32_t partition_index = 0;
        ErrorCode error_code = ErrorCode::none;
        Since<2, std::optional<std::string>> error_message;
        int32_t leader_id = 0;
        int32_t leader_epoch = 0;
        int64_t high_watermark = 0;
        std::vector<ReplicaState> current_voters;
        std::vector<ReplicaState> observers;
    };

    struct Topic {
        std::string topic_name;
        std::vector<Partition> partitions;
    };

    struct Listener {
        std::string name;
        std::string host;
        uint16_t port = 0;
    };

    struct Node {
        int32_t node_id = 0;
        std::vector<Listener> listeners;
    };

    ErrorCode error_code = ErrorCode::none;
    Since<2, std::optional<std::string>> error_message;
    std::vector<Topic> topics;
    Since<2, std::vector<Node>> nodes;
};

// AddRaftVoter (80): add a controller to the voters (KIP-853).
struct AddRaftVoterRequest {
    static constexpr Api api{.key = 80, .max = 1, .flexible = 0};

    struct Listener {
        std::string_view name;
        std::string_view host;
        uint16_t port = 0;
    };

    std::optional<std::string_view> cluster_id;
    int32_t timeout_ms = 0;
    int32_t voter_id = 0;
    Uuid voter_directory_id;
    std::vector<Listener> listeners;
    Since<1, bool> ack_when_committed = true;
};

struct AddRaftVoterResponse {
    static constexpr Api api = AddRaftVoterRequest::api;

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
};

// RemoveRaftVoter (81): remove a controller from the voters.
struct RemoveRaftVoterRequest {
    static constexpr Api api{.key = 81, .max = 0, .flexible = 0};

    std::optional<std::string_view> cluster_id;
    int32_t voter_id = 0;
    Uuid voter_directory_id;
};

struct RemoveRaftVoterResponse {
    static constexpr Api api = RemoveRaftVoterRequest::api;

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
};

// UpdateFeatures (57): raise or lower finalized feature levels (KIP-584).
struct UpdateFeaturesRequest {
    static constexpr Api api{.key = 57, .max = 2, .flexible = 0};

    struct FeatureUpdate {
        std::string_view feature;
        int16_t max_version_level = 0;
        Until<0, bool> allow_downgrade = false;
        Since<1, int8_t> upgrade_type = 1;
    };

    int32_t timeout_ms = 60000;
    std::vector<FeatureUpdate> feature_updates;
    Since<1, bool> validate_only = false;
};

struct UpdateFeaturesResponse {
    static constexpr Api api = UpdateFeaturesRequest::api;

    struct Result {
        std::string feature;
        ErrorCode error_code = ErrorCode::none;
        std::optional<std::string> error_message;
    };

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    Until<1, std::vector<Result>> results;
};

// UnregisterBroker (64): forget a broker that is gone for good.
struct UnregisterBrokerRequest {
    static constexpr Api api{.key = 64, .max = 0, .flexible = 0};

    int32_t broker_id = 0;
};

struct UnregisterBrokerResponse {
    static constexpr Api api = UnregisterBrokerRequest::api;

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
};

}  // namespace milena::wire
