// LagReader: how far a group is behind in the partitions of one shard, in records and in time. The time needs the
// timestamp of the first record that isn't committed: it is remembered while the committed offset stays where it is,
// and read in bounded time where it is new. A record that lies on a device isn't waited for: its time is known at one
// of the next readings. Used by its shard's thread only.
//
//     log start     committed by the group       high watermark
//         │ ............. │ ◀──── lag in records ────▶ │
//                         └ first uncommitted record: its age is the lag in time
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "env/clock.h"
#include "replica/partition_table.h"

namespace milena::replica {

// What a group has committed for a partition.
struct LagPosition {
    PartitionKey key;
    Offset committed;
};

class LagReader {
  public:
    LagReader(PartitionTable& table, env::Clock& clock, wire::Codecs& codecs);
    LagReader(const LagReader&) = delete;
    LagReader& operator=(const LagReader&) = delete;

    // A new reading of all lags: forgets the times that nobody asked for in the last one.
    void begin();

    struct Lag {
        int64_t records = 0;  // as kafka-consumer-groups: from what was committed to the high watermark
        std::optional<Milliseconds> time;
    };
    // Of a partition that is led or followed here; nothing for others, and where the high watermark isn't known yet.
    std::optional<Lag> lag(const PartitionKey& key, Offset committed);

  private:
    struct Position {
        PartitionKey key;
        Offset offset;

        bool operator==(const Position&) const = default;
    };
    struct PositionHash {
        size_t operator()(const Position& position) const noexcept {
            return std::hash<PartitionKey>{}(position.key) + std::hash<Offset>{}(position.offset) * 0x9e3779b97f4a7c15;
        }
    };
    using Times = std::unordered_map<Position, Timestamp, PositionHash>;

    std::optional<Timestamp> timestamp_at(Replica& replica, Offset first);
    void look_up(Replica& replica, const Position& position);
    void found(const Position& position, const Result<storage::ReadBatches>& read);

    PartitionTable& table_;
    env::Clock& clock_;
    wire::Codecs& codecs_;
    Times times_;                                            // asked for in this reading
    Times earlier_;                                          // in the last one
    std::unordered_set<Position, PositionHash> being_read_;  // by a device
    Duration look_up_time_{};                                // in this reading
    std::vector<std::byte> decompressed_;
    std::shared_ptr<LagReader*> self_ = std::make_shared<LagReader*>(this);  // dies with us
};

}  // namespace milena::replica
