// Produce: append record batches.
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

// Produce (0): append batches to partitions. Each partition has at most one magic 2 batch in it; from version 13
// topics go by id.
struct ProduceRequest {
    static constexpr Api api{.key = 0, .min = 3, .max = 13, .flexible = 9};

    struct Partition {
        int32_t index = 0;
        std::optional<Bytes> records;
    };

    struct Topic {
        Until<12, std::string_view> name;
        Since<13, Uuid> topic_id;
        std::vector<Partition> partition_data;
    };

    std::optional<std::string_view> transactional_id;  // null outside of transactions
    int16_t acks = 0;                                  // 0: none, 1: the leader, -1: all in-sync replicas
    int32_t timeout_ms = 0;
    std::vector<Topic> topic_data;
};

// Not sent at all if acks is 0.
struct ProduceResponse {
    static constexpr Api api = ProduceRequest::api;

    struct RecordError {
        int32_t batch_index = 0;
        std::optional<std::string> batch_index_error_message;
    };

    struct Partition {
        int32_t index = 0;
        ErrorCode error_code = ErrorCode::none;
        int64_t base_offset = 0;
        int64_t log_append_time_ms = -1;  // -1 where the producer chose the timestamps
        Since<5, int64_t> log_start_offset = -1;
        Since<8, std::vector<RecordError>> record_errors;  // the records that made us refuse the batch (KIP-467)
        Since<8, std::optional<std::string>> error_message;
        Tag<0, 10, CurrentLeader> current_leader;
    };

    struct Topic {
        Until<12, std::string> name;
        Since<13, Uuid> topic_id;
        std::vector<Partition> partition_responses;
    };

    std::vector<Topic> responses;
    int32_t throttle_time_ms = 0;
    Tag<0, 10, std::vector<NodeEndpoint>> node_endpoints;  // of the current leaders that the partitions name (KIP-951)
};

}  // namespace milena::wire
