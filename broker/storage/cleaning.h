// Compaction of one log in words: what a pass would work on, what it may use, and what it did. Values.
//
//     log start   first dirty offset      first uncleanable offset     log end
//         │ compacted before │ looked at by this pass │ active segment, open transactions, too young │
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/ids.h"

namespace milena::storage {

struct Cleanable {
    Offset first_dirty{0};
    Offset first_uncleanable{0};  // the first offset of a segment
    uint64_t clean_bytes = 0;
    uint64_t cleanable_bytes = 0;
    bool is_overdue = false;  // max.compaction.lag.ms has passed for its oldest record

    double dirty_ratio() const {
        const uint64_t total = clean_bytes + cleanable_bytes;
        return total == 0 ? 0 : static_cast<double>(cleanable_bytes) / static_cast<double>(total);
    }
};

struct CleaningLimits {
    size_t map_bytes = 0;    // memory for keys
    double map_load = 0.9;   // how full that may get
    size_t slice_bytes = 0;  // what is read at a time, unless a batch is larger
};

struct CleaningStats {
    Offset from{0};  // first dirty offset before and after
    Offset to{0};
    uint64_t bytes_mapped = 0;  // read for the keys
    uint64_t bytes_read = 0;    // read again, for the records
    uint64_t bytes_written = 0;
    uint64_t records_read = 0;
    uint64_t records_kept = 0;
    uint64_t records_without_key = 0;
    size_t segments_read = 0;
    size_t segments_written = 0;
    size_t keys = 0;
    double map_utilization = 0;
};

struct CleaningSlice {
    enum class State : uint8_t {
        working,
        waiting,    // for the device: ask again soon
        done,       // the pass is over, and is forgotten
        abandoned,  // likewise, because the log has changed under it; what was replaced stays so
    };
    State state = State::working;
    uint64_t bytes = 0;   // read and written in this slice
    CleaningStats stats;  // of the whole pass, with done
};

}  // namespace milena::storage
