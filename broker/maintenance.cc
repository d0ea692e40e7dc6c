#include "maintenance.h"

#include <algorithm>

namespace milena {
namespace {

constexpr size_t replicas_a_slice = 64;
constexpr size_t removals_a_slice = 8;  // a large file takes the file system a while
constexpr Duration between_slices = std::chrono::milliseconds(10);
constexpr Milliseconds directory_interval{1'000};
constexpr Milliseconds replica_interval{500};
constexpr Milliseconds write_back_interval{1'000};
constexpr Milliseconds flush_interval{1'000};
constexpr Milliseconds first_checkpoint_after{10'000};
constexpr Milliseconds first_cleaning{1'000};

}  // namespace

Maintenance::Maintenance(shard::Shard& shard, const settings::BrokerConfig& config) : shard_(shard) {
    add(Milliseconds(config.log_retention_check_interval_ms),
        [](replica::PartitionTable& table) { return table.delete_old_segments(replicas_a_slice); });
    // What was recovered is made durable soon, so that a broker that crashes again doesn't recover it again.
    const Milliseconds interval(config.log_flush_offset_checkpoint_interval_ms);
    add(std::min(interval, first_checkpoint_after), interval, [](replica::PartitionTable& table) {
        table.checkpoint();
        return true;
    });
    // Kafka never looks at flush.ms unless log.flush.scheduler.interval.ms is set too, which nobody expects.
    add(std::min(Milliseconds(config.log_flush_scheduler_interval_ms), flush_interval),
        [](replica::PartitionTable& table) {
            table.flush_due();
            return true;
        });
    add(Milliseconds(config.producer_id_expiration_check_interval_ms), [](replica::PartitionTable& table) {
        table.expire_producers();
        return true;
    });
    add(replica_interval, [](replica::PartitionTable& table) { return table.look_after_replicas(replicas_a_slice); });
    cleaner_timer_ = shard_.loop().after(first_cleaning, [this] { clean(); });
    mover_timer_ = shard_.loop().after(between_slices, [this] { move(); });
    add(write_back_interval, [](replica::PartitionTable& table) {
        table.write_back();
        return true;
    });
    add(directory_interval,
        [](replica::PartitionTable& table) { return table.look_after_directories(removals_a_slice); });
}

Maintenance::~Maintenance() {
    for (const auto& chore : chores_) shard_.loop().cancel(chore->timer);
    shard_.loop().cancel(cleaner_timer_);
    shard_.loop().cancel(mover_timer_);
}

void Maintenance::add(Milliseconds first, Milliseconds interval, Slice slice) {
    constexpr Milliseconds year = std::chrono::hours(24 * 365);  // "never" would overflow the clock
    chores_.push_back(std::make_unique<Chore>());
    Chore& chore = *chores_.back();
    chore.interval = std::min(interval, year);
    chore.slice = std::move(slice);
    chore.timer = shard_.loop().after(std::min(first, year), [this, &chore] { run(chore); });
}

void Maintenance::run(Chore& chore) {
    const bool is_round_over = chore.slice(shard_.partitions());
    if (is_round_over && chore.interval <= Duration::zero()) return;  // once, as with Kafka's scheduler
    chore.timer = shard_.loop().after(is_round_over ? chore.interval : between_slices, [this, &chore] { run(chore); });
}

void Maintenance::clean() {
    const Duration pause = shard_.partitions().clean_logs(replicas_a_slice);
    cleaner_timer_ = shard_.loop().after(pause, [this] { clean(); });
}

void Maintenance::move() {
    const Duration pause = shard_.partitions().move_logs();
    mover_timer_ = shard_.loop().after(pause, [this] { move(); });
}

}  // namespace milena
