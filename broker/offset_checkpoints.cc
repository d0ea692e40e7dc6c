#include "offset_checkpoints.h"

#include <algorithm>
#include <utility>

namespace milena {
namespace {

using replica::DirectoryOffsets;

bool same_log_starts(const DirectoryOffsets& a, const DirectoryOffsets& b) { return a.log_starts == b.log_starts; }

bool same_others(const DirectoryOffsets& a, const DirectoryOffsets& b) {
    return a.recovery_points == b.recovery_points && a.high_watermarks == b.high_watermarks && a.cleaned == b.cleaned;
}

}  // namespace

ShardOffsets offsets_of(const shard::Shard& shard) {
    ShardOffsets offsets;
    for (const shard::Shard::Directory& directory : shard.directories())
        offsets.push_back(shard.partitions().offsets_in(directory.id));
    return offsets;
}

DirectoryOffsets offsets_of_all(const std::vector<ShardOffsets>& by_shard, size_t directory) {
    DirectoryOffsets all;
    const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    for (const ShardOffsets& shard : by_shard) {
        append(all.recovery_points, shard[directory].recovery_points);
        append(all.log_starts, shard[directory].log_starts);
        append(all.high_watermarks, shard[directory].high_watermarks);
        append(all.cleaned, shard[directory].cleaned);
    }
    return all;
}

OffsetCheckpoints::OffsetCheckpoints(const shard::Shards& shards, shard::Loop& loop, env::Disk& disk,
                                     const std::vector<shard::DirectoryAtStart>& directories,
                                     const settings::BrokerConfig& config, std::function<void(const Uuid&)> failed)
    : shards_(shards),
      loop_(loop),
      disk_(disk),
      directories_(directories),
      failed_(std::move(failed)),
      has_failed_(directories.size()) {
    groups_[0] = {Milliseconds(config.replica_high_watermark_checkpoint_interval_ms), same_others,
                  replica::write_offsets_async, ShardOffsets(directories.size())};
    groups_[1] = {Milliseconds(config.log_flush_start_offset_checkpoint_interval_ms), same_log_starts,
                  replica::write_log_starts_async, ShardOffsets(directories.size())};
    for (Group& group : groups_) wait(group);
}

OffsetCheckpoints::~OffsetCheckpoints() {
    for (const Group& group : groups_) loop_.cancel(group.timer);
}

void OffsetCheckpoints::wait(Group& group) {
    constexpr Milliseconds year = std::chrono::hours(24 * 365);  // "never" would overflow the clock
    group.timer = loop_.after(std::min(group.interval, year), [this, &group] { ask(group); });
}

void OffsetCheckpoints::save(std::function<void(bool)> done) {
    auto saved = std::make_shared<Save>(Save{.missing = groups_.size(), .done = std::move(done)});
    for (Group& group : groups_) {
        group.waiting.push_back(saved);
        if (group.is_writing) continue;
        loop_.cancel(group.timer);
        ask(group);
    }
}

void OffsetCheckpoints::ask(Group& group) {
    group.is_writing = true;
    group.has_failed = false;
    auto saves = std::make_shared<std::vector<std::shared_ptr<Save>>>(std::exchange(group.waiting, {}));
    shards_.ask_all<ShardOffsets>(
        loop_, [](shard::Shard& shard) { return offsets_of(shard); },
        [this, &group, saves, alive = std::weak_ptr(alive_)](const std::vector<ShardOffsets>& by_shard) {
            if (!alive.expired()) write_changed(group, by_shard, saves);
        });
}

// The next round begins when this one has ended: probes are answered meanwhile.
void OffsetCheckpoints::write_changed(Group& group, const std::vector<ShardOffsets>& by_shard, const Saves& saves) {
    const auto missing = std::make_shared<size_t>(1);
    const auto done = [this, &group, missing, saves, alive = std::weak_ptr(alive_)] {
        if (--*missing == 0 && !alive.expired()) end_round(group, *saves);
    };
    for (size_t i = 0; i < directories_.size(); ++i) {
        DirectoryOffsets all = offsets_of_all(by_shard, i);
        if (has_failed_[i] || group.are_equal(all, group.written[i])) continue;
        ++*missing;
        group.write(disk_, directories_[i].path, all,
                    [this, &group, i, all, done, alive = std::weak_ptr(alive_)](env::DiskResult<void> outcome) {
                        if (!alive.expired()) {
                            if (outcome.has_value()) group.written[i] = all;
                            group.has_failed |= !outcome.has_value();
                            if (!outcome.has_value()) write_failed(i, outcome.error());
                        }
                        done();
                    });
    }
    done();
}

// Nothing more is written there until the process starts again.
void OffsetCheckpoints::write_failed(size_t directory, env::DiskError error) {
    if (error == env::DiskError::full || has_failed_[directory]) return;
    has_failed_[directory] = true;
    failed_(directories_[directory].id);
}

void OffsetCheckpoints::end_round(Group& group, const std::vector<std::shared_ptr<Save>>& saves) {
    group.is_writing = false;
    for (const auto& save : saves) {
        save->has_failed |= group.has_failed;
        if (--save->missing == 0) save->done(!save->has_failed);
    }
    if (group.is_writing) return;  // who was told has asked for another one
    if (!group.waiting.empty()) return ask(group);
    if (group.interval > Milliseconds::zero()) wait(group);
}

}  // namespace milena
