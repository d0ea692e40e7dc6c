// What a topic's settings say to its logs. A value, shared by all logs of a topic and replaced as a whole when the
// settings change. The names are those of Kafka's topic settings, units last.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace milena::storage {

struct LogConfig {
    uint32_t segment_bytes = 1U << 30;                                // segment.bytes
    Milliseconds segment_ms = std::chrono::hours(24 * 7);             // segment.ms
    Milliseconds segment_jitter_ms{0};                                // segment.jitter.ms
    uint32_t segment_index_bytes = 10U << 20;                         // segment.index.bytes
    uint32_t index_interval_bytes = 4096;                             // index.interval.bytes
    bool deletes_old_segments = true;                                 // cleanup.policy contains "delete"
    int64_t retention_bytes = -1;                                     // retention.bytes; -1: no limit
    Milliseconds retention_ms = std::chrono::hours(24 * 7);           // retention.ms; -1: no limit
    Milliseconds file_delete_delay_ms = std::chrono::minutes(1);      // file.delete.delay.ms
    Milliseconds producer_id_expiration_ms = std::chrono::hours(24);  // producer.id.expiration.ms
    bool is_compacted = false;                                        // cleanup.policy contains "compact"
    Milliseconds delete_retention_ms = std::chrono::hours(24);        // delete.retention.ms
    Milliseconds min_compaction_lag_ms{0};                            // min.compaction.lag.ms
    Milliseconds max_compaction_lag_ms = Milliseconds::max();         // max.compaction.lag.ms
    double min_cleanable_dirty_ratio = 0.5;                           // min.cleanable.dirty.ratio
    bool keeps_producer_state = true;                                 // false: the metadata log
};

}  // namespace milena::storage
