// Fetch: read record batches. Requests of consumers and, with a replica id, of following brokers.
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
#include "wire/slices.h"

namespace milena::wire {

// Fetch (1): read from the given offsets on, waiting up to max_wait_ms for min_bytes. Version 7 adds incremental
// sessions (KIP-227), 12 the detection of diverging logs (KIP-595), 13 topic ids (KIP-516).
struct FetchRequest {
    static constexpr Api api{.key = 1, .min = 4, .max = 18, .flexible = 12};

    // Who asks, if it is a follower (KIP-903).
    struct ReplicaState {
        int32_t replica_id = -1;  // -1: a consumer
        int64_t replica_epoch = -1;
    };

    struct Partition {
        int32_t partition = 0;
        Since<9, int32_t> current_leader_epoch = -1;  // as the client knows it; -1: not checked
        int64_t fetch_offset = 0;
        Since<12, int32_t> last_fetched_epoch = -1;  // of the last record that the follower has
        Since<5, int64_t> log_start_offset = -1;     // of the follower
        int32_t partition_max_bytes = 0;
        Tag<0, 17, Uuid> replica_directory_id;
        Tag<1, 18, int64_t> high_watermark = INT64_MAX;  // as the follower knows it (KIP-1166)
    };

    struct Topic {
        Until<12, std::string_view> topic;
        Since<13, Uuid> topic_id;
        std::vector<Partition> partitions;
    };

    struct ForgottenTopic {
        Until<12, std::string_view> topic;
        Since<13, Uuid> topic_id;
        std::vector<int32_t> partitions;
    };

    Tag<0, 12, std::optional<std::string_view>> cluster_id;
    Until<14, int32_t> replica_id = -1;  // -1: a consumer
    Tag<1, 15, ReplicaState> replica_state;
    int32_t max_wait_ms = 0;
    int32_t min_bytes = 0;
    int32_t max_bytes = INT32_MAX;
    int8_t isolation_level = 0;            // 0: uncommitted, 1: committed
    Since<7, int32_t> session_id = 0;      // 0: none yet
    Since<7, int32_t> session_epoch = -1;  // -1: no session, 0: open one
    std::vector<Topic> topics;
    Since<7, std::vector<ForgottenTopic>> forgotten_topics_data;  // leave the session
    Since<11, std::string_view> rack_id;  // of the consumer, to choose a close replica (KIP-392)
};

// The records are spliced from the log, never copied.
struct FetchResponse {
    static constexpr Api api = FetchRequest::api;

    // Where the log of the reader diverges from ours (KIP-595).
    struct EpochEndOffset {
        int32_t epoch = -1;
        int64_t end_offset = -1;
    };

    struct SnapshotId {
        int64_t end_offset = -1;
        int32_t epoch = -1;
    };

    struct AbortedTransaction {
        int64_t producer_id = 0;
        int64_t first_offset = 0;
    };

    struct Partition {
        int32_t partition_index = 0;
        ErrorCode error_code = ErrorCode::none;
        int64_t high_watermark = 0;
        int64_t last_stable_offset = -1;
        Since<5, int64_t> log_start_offset = -1;
        Tag<0, 12, EpochEndOffset> diverging_epoch;
        Tag<1, 12, CurrentLeader> current_leader;
        Tag<2, 12, SnapshotId> snapshot_id;  // fetch this snapshot instead: the log begins later
        std::optional<std::vector<AbortedTransaction>> aborted_transactions;  // null for readers of uncommitted data
        Since<11, int32_t> preferred_read_replica = -1;
        std::optional<Slices> records;
    };

    struct Topic {
        Until<12, std::string> topic;
        Since<13, Uuid> topic_id;
        std::vector<Partition> partitions;
    };

    int32_t throttle_time_ms = 0;
    Since<7, ErrorCode> error_code = ErrorCode::none;
    Since<7, int32_t> session_id = 0;
    std::vector<Topic> responses;
    Tag<0, 16, std::vector<NodeEndpoint>> node_endpoints;  // of the current leaders that the partitions name (KIP-951)
};

}  // namespace milena::wire
