// FetchWait: reads many partitions, on the shards that own them, until together they have enough or the time is up.
// Nobody polls: a partition with nothing new wakes its watcher when its high watermark moves, and only that one is read
// again. Lives on the shard of the connection, with a Watcher on each owner. Knows no API.
//
//     home                         owner A                  owner B
//       ├── read all ────────────────▶│ ───────────────────────▶│
//       │◀─────────── what there is ──┤◀────────────────────────┤     enough, an error, no time: done
//       ├── watch ───────────────────▶│ ───────────────────────▶│     else
//       │◀─── more of one partition ──┤ (woken)                 │     until enough, or the deadline
//       ├── stop ────────────────────▶│ ───────────────────────▶│
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/time.h"
#include "replica/replica.h"
#include "shard/shard.h"

namespace milena::server {

struct FetchItem {
    replica::PartitionKey key;
    replica::FetchRequest request;  // with the most that this partition may give; at_least_one is chosen here
};

struct FetchPlan {
    std::vector<FetchItem> items;  // the first get the most, if there isn't room for all
    size_t bytes_min = 0;
    size_t bytes_max = 0;  // the first batch may be larger
    Duration wait_max{};
};

struct FetchLimits {
    size_t bytes_min = 0;  // that the client waits for
    size_t bytes_max = 0;  // that it may have
    size_t room = 0;       // in memory, at present
};
void limit_bytes(FetchPlan& plan, const FetchLimits& limits);

class FetchWait : public std::enable_shared_from_this<FetchWait> {
  public:
    // In the order of the items. Called once, unless cancelled.
    using Done = std::function<void(std::vector<replica::FetchOutcome>)>;

    static std::shared_ptr<FetchWait> start(const shard::Shards& shards, shard::Shard& home, FetchPlan plan, Done done);
    void cancel();
    bool is_done() const { return done_ == nullptr; }

    FetchWait(const shard::Shards& shards, shard::Shard& home, FetchPlan plan, Done done);  // use start()

  private:
    class Watcher;
    struct Finding {
        size_t index;
        replica::FetchOutcome outcome;
    };
    using Findings = std::vector<Finding>;

    void read_all();
    void found(Findings& findings, bool is_first);
    bool is_enough() const;
    void watch();
    void finish();
    void trim();

    shard::Shard& home_;
    const FetchPlan plan_;
    Done done_;
    std::vector<std::shared_ptr<Watcher>> watchers_;
    std::vector<replica::FetchOutcome> outcomes_;
    size_t bytes_ = 0;
    size_t shards_missing_ = 0;
    bool has_reason_to_answer_ = false;  // an error, logs that diverge, or somebody else to ask
    bool is_watching_ = false;
    shard::TimerId deadline_;
};

}  // namespace milena::server
