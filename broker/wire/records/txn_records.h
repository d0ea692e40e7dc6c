// Records of __transaction_state: one per transactional id, the latest counts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire/schema.h"

namespace milena::wire {

// A transactional id; without a value it has expired.
struct TransactionLogKey {
    static constexpr Api api{.key = 0, .max = 0};

    std::string transactional_id;
};

// Where the transaction stands. previous_producer_id and its companions survive an epoch that ran out (KIP-890).
struct TransactionLogValue {
    static constexpr Api api{.key = 0, .max = 1, .flexible = 1};

    struct PartitionsSchema {
        std::string topic;
        std::vector<int32_t> partition_ids;
    };

    int64_t producer_id = 0;
    int16_t producer_epoch = 0;
    int32_t transaction_timeout_ms = 0;
    int8_t transaction_status =
        0;  // 0 empty, 1 ongoing, 2 prepare commit, 3 prepare abort, 4 complete commit, 5 complete abort, 6 dead
    std::optional<std::vector<PartitionsSchema>> transaction_partitions;
    int64_t transaction_last_update_timestamp_ms = 0;
    int64_t transaction_start_timestamp_ms = 0;
    Tag<0, 1, int64_t> previous_producer_id = -1;
    Tag<1, 1, int64_t> next_producer_id = -1;
    Tag<2, 1, int16_t> client_transaction_version = 0;
    Tag<3, 1, int16_t> next_producer_epoch = -1;
};

}  // namespace milena::wire
