// What one shard does for its logs without being asked: retention, compaction, syncs that are due, checkpoints,
// removal of files, forgetting idle producers. In small slices, so that requests never wait long. Its shard's thread
// only.
#pragma once

#include <functional>
#include <vector>

#include "replica/partition_table.h"
#include "settings/broker_config.h"
#include "shard/shard.h"

namespace milena {

class Maintenance {
  public:
    Maintenance(shard::Shard& shard, const settings::BrokerConfig& config);
    ~Maintenance();
    Maintenance(const Maintenance&) = delete;
    Maintenance& operator=(const Maintenance&) = delete;

  private:
    // Does a slice of a round; true at the end of the round.
    using Slice = std::function<bool(replica::PartitionTable&)>;

    struct Chore {
        Duration interval;
        Slice slice;
        shard::TimerId timer;
    };

    void add(Milliseconds interval, Slice slice) { add(interval, interval, std::move(slice)); }
    void add(Milliseconds first, Milliseconds interval, Slice slice);
    void run(Chore& chore);
    void clean();
    void move();

    shard::Shard& shard_;
    std::vector<std::unique_ptr<Chore>> chores_;
    shard::TimerId cleaner_timer_;
    shard::TimerId mover_timer_;
};

// How a shard's logs ended.
struct MaintenanceEnd {
    bool all_closed = false;
    int64_t broker_epoch = -1;                       // of the first shard: what the broker is registered with at last
    std::vector<replica::DirectoryOffsets> offsets;  // by directory
};

}  // namespace milena
