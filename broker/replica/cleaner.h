// Cleaner: compaction of the logs of one shard, one log at a time: looks at them in turn, takes the dirtiest that is
// dirty enough or overdue, and moves its pass on in slices that its driver asks for. Used by its shard's thread only;
// never waits.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "env/clock.h"
#include "replica/replica.h"
#include "settings/broker_config.h"
#include "storage/cleaning.h"

namespace milena::replica {

// Kafka's numbers of its cleaner.
struct CleanerMetrics {
    uint64_t passes = 0;
    uint64_t passes_failed = 0;
    uint64_t bytes_read = 0;
    uint64_t bytes_written = 0;
    double dirty_ratio_max = 0;       // of the logs as they were last looked at
    double last_recopy_ratio = 0;     // bytes written by bytes read, in the last pass
    double last_map_utilization = 0;  // of the memory for keys, in the last pass
    Duration last_pass{};
    size_t uncleanable_partitions = 0;  // whose records can't be read
};

class Cleaner {
  public:
    explicit Cleaner(env::Clock& clock) : clock_(clock) {}

    // `shard_count` share what is allowed to all of them together.
    void configure(const settings::BrokerConfig& config, uint32_t shard_count);
    bool is_enabled() const { return is_enabled_; }

    // The log whose pass is under way.
    const std::optional<PartitionKey>& current() const { return current_; }
    // How long to wait until the next slice; null where the replica has gone.
    Duration move_on(Replica* replica);

    // A round of looking: at each log, and then at the one that was the dirtiest, if any.
    void consider(Replica& replica);
    std::optional<PartitionKey> end_round();
    Duration begin(Replica* replica);

    void forget(const PartitionKey& key) { uncleanable_.erase(key); }
    CleanerMetrics metrics() const;

  private:
    void finished(Replica& replica, const storage::CleaningStats& stats);
    void failed(Replica& replica, ErrorCode error);

    env::Clock& clock_;
    bool is_enabled_ = false;
    Duration backoff_{};
    double bytes_per_second_ = 0;
    storage::CleaningLimits limits_;
    std::optional<PartitionKey> current_;
    Instant begun_;
    Instant allowed_from_;  // so that the rate is kept
    std::optional<PartitionKey> dirtiest_;
    double dirtiest_ratio_ = 0;
    double round_ratio_max_ = 0;
    std::set<PartitionKey> uncleanable_;
    CleanerMetrics metrics_;
};

}  // namespace milena::replica
