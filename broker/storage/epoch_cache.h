// Where each leader epoch of a partition begins (KIP-101): how a follower and a consumer find the point up to which
// they agree with the leader. Owned by one log. Pure: the log writes the file, when it suits.
//
// leader-epoch-checkpoint:
//     0        <- version of the format
//     2        <- number of lines that follow
//     0 0      <- epoch, first offset; both rise from line to line
//     3 1204
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace milena::storage {

inline constexpr std::string_view epoch_file = "leader-epoch-checkpoint";

struct EpochStart {
    LeaderEpoch epoch;
    Offset start_offset;
    bool operator==(const EpochStart&) const = default;
};

// Both none (-1) where nothing is known of the epoch.
struct EpochEnd {
    LeaderEpoch epoch = no_leader_epoch;
    Offset end_offset = no_offset;
    bool operator==(const EpochEnd&) const = default;
};

class EpochCache {
  public:
    // From the next line on all are true if the cache changed, which is when the file is behind.

    // Entries that contradict the new one (same or later epoch, or at or after `start`) give way.
    bool assign(LeaderEpoch epoch, Offset start);
    // Forgets epochs that begin at or after `end`.
    bool truncate_from_end(Offset end);
    // Forgets epochs that ended at or before `start`; the one that contains it begins at `start` from now on.
    bool truncate_from_start(Offset start);
    bool clear();

    std::span<const EpochStart> entries() const { return entries_; }
    LeaderEpoch latest() const { return entries_.empty() ? no_leader_epoch : entries_.back().epoch; }
    // The epoch of the record at `offset`; none before the first entry.
    LeaderEpoch epoch_of(Offset offset) const;

    // The largest known epoch that is not larger than `epoch`, and where it ends; the latest one ends at `log_end`.
    // Of an epoch before all known ones: that epoch, and the start of the first known one.
    EpochEnd end_of(LeaderEpoch epoch, Offset log_end) const;

    std::string to_text() const;
    // Nothing if the text is not whole or its lines contradict each other.
    static std::optional<EpochCache> parse(std::string_view text);

  private:
    std::vector<EpochStart> entries_;
};

}  // namespace milena::storage
