#include "load_reporter.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "base/log.h"

namespace milena {
namespace {

constexpr size_t partitions_per_request = 5'000;
constexpr Duration look_interval = std::chrono::milliseconds(500);
// The first rates are of a short time, so that the controller needn't wait for them.
constexpr Duration first_interval = std::chrono::seconds(5);

// A slice at a time: there may be thousands of partitions.
struct Pass : std::enable_shared_from_this<Pass> {
    shard::Shard& shard;
    replica::LoadMeter& meter;
    shard::Shards::Report<replica::TableLoad> report;
    std::optional<replica::PartitionKey> last = std::nullopt;

    Pass(shard::Shard& on, replica::LoadMeter& with, shard::Shards::Report<replica::TableLoad> to)
        : shard(on), meter(with), report(std::move(to)) {}

    void look_at_some() {
        constexpr size_t partitions_a_slice = 500;
        const Instant now = shard.clock().now();
        last = shard.partitions().each_after(
            last, partitions_a_slice, [this, now](const replica::Replica& replica) { meter.look_at(replica, now); });
        if (last) return shard.post([self = shared_from_this()] { self->look_at_some(); });
        report(meter.finish_pass());
    }
};

}  // namespace

LoadReporter::LoadReporter(Environment environment) : environment_(std::move(environment)) {
    for (size_t i = 0; i < environment_.shards.size(); ++i) meters_.push_back(std::make_unique<replica::LoadMeter>());
}

LoadReporter::~LoadReporter() { environment_.shards.first().loop().cancel(timer_); }

void LoadReporter::registered() {
    environment_.shards.first().loop().cancel(timer_);
    look();
}

void LoadReporter::look() {
    shard::Loop& loop = environment_.shards.first().loop();
    timer_ = loop.after(look_interval, [this] { look(); });
    if (is_busy_) return;
    if (loop.clock().now() >= measures_at_) return measure();
    if (passes_count_ > 1 && environment_.controller.active() != told_) send(0);
}

void LoadReporter::measure() {
    shard::Shard& first = environment_.shards.first();
    const Duration interval = environment_.interval();
    is_busy_ = true;
    measures_at_ = first.clock().now() + (passes_count_++ == 0 ? std::min(first_interval, interval) : interval);
    environment_.shards.gather<replica::TableLoad>(
        first,
        [this](shard::Shard& shard, shard::Shards::Report<replica::TableLoad> report) {
            std::make_shared<Pass>(shard, *meters_[shard.id().value], std::move(report))->look_at_some();
        },
        [this, alive = std::weak_ptr(alive_)](std::vector<replica::TableLoad> by_shard) {
            if (!alive.expired()) measured(std::move(by_shard));
        });
}

void LoadReporter::measured(std::vector<replica::TableLoad> by_shard) {
    disk_ = disk_load();
    partitions_.clear();
    for (const replica::TableLoad& load : by_shard) {
        disk_.logs_bytes += load.logs_bytes;
        for (const auto& [key, bytes, rate] : load.led)
            partitions_.push_back({key.topic_id, key.partition, {bytes, rate}});
    }
    is_busy_ = false;
    if (passes_count_ > 1) send(0);
}

// Directories on the same disk share its room.
controller::DiskLoad LoadReporter::disk_load() const {
    shard::Shard& first = environment_.shards.first();
    controller::DiskLoad disk;
    std::set<uint64_t> filesystems;
    for (const shard::Shard::Directory& directory : first.directories()) {
        if (directory.files->has_failed()) continue;
        const auto space = first.disk().space(directory.files->path());
        if (!space.has_value() || !filesystems.insert(space->filesystem_id).second) continue;
        disk.total_bytes += space->total_bytes;
        disk.usable_bytes += space->usable_bytes;
    }
    return disk;
}

// One request at a time. What is refused waits for the next report: a controller of an older version doesn't know it.
void LoadReporter::send(size_t begin) {
    const size_t end = std::min(begin + partitions_per_request, partitions_.size());
    const auto at = [this](size_t index) { return partitions_.begin() + static_cast<std::ptrdiff_t>(index); };
    controller::ReportLoad report{.broker = environment_.gate.node(),
                                  .broker_epoch = environment_.gate.broker_epoch(),
                                  .disk = disk_,
                                  .partitions = {at(begin), at(end)},
                                  .are_more = end < partitions_.size()};
    is_busy_ = true;
    environment_.gate.ask<controller::ReportLoad, void>(
        report, [this, end, alive = std::weak_ptr(alive_)](const Result<void>& answer) {
            if (alive.expired()) return;
            told_ = environment_.controller.active();
            is_busy_ = false;
            if (!answer) return log_info("load not reported", {{"error", answer.error()}});
            if (end < partitions_.size()) send(end);
        });
}

}  // namespace milena
