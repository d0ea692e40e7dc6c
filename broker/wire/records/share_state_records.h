// Records of __share_group_state: snapshots of the delivery state of a share partition, and updates to them (KIP-932).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "wire/schema.h"

namespace milena::wire {

// The whole delivery state of a share partition.
struct ShareSnapshotKey {
    static constexpr Api api{.key = 0, .max = 0};

    std::string group_id;
    Uuid topic_id;
    int32_t partition = 0;
};

struct ShareSnapshotValue {
    static constexpr Api api{.key = 0, .max = 0, .flexible = 0};

    struct StateBatch {
        int64_t first_offset = 0;
        int64_t last_offset = 0;
        int8_t delivery_state = 0;
        int16_t delivery_count = 0;
    };

    int32_t snapshot_epoch = 0;
    int32_t state_epoch = 0;
    int32_t leader_epoch = 0;
    int64_t start_offset = 0;
    Tag<0, 0, int32_t> delivery_complete_count = -1;
    int64_t create_timestamp = 0;
    int64_t write_timestamp = 0;
    std::vector<StateBatch> state_batches;
};

// Changes since the latest snapshot of a share partition.
struct ShareUpdateKey {
    static constexpr Api api{.key = 1, .max = 0};

    std::string group_id;
    Uuid topic_id;
    int32_t partition = 0;
};

struct ShareUpdateValue {
    static constexpr Api api{.key = 1, .max = 0, .flexible = 0};

    struct StateBatch {
        int64_t first_offset = 0;
        int64_t last_offset = 0;
        int8_t delivery_state = 0;
        int16_t delivery_count = 0;
    };

    int32_t snapshot_epoch = 0;
    int32_t leader_epoch = 0;
    int64_t start_offset = 0;
    Tag<0, 0, int32_t> delivery_complete_count = -1;
    std::vector<StateBatch> state_batches;
};

}  // namespace milena::wire
