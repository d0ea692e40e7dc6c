#include "controller/drain_status.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "controller/partition_change.h"

namespace milena::controller {
namespace {

constexpr Duration pace_window = std::chrono::minutes(1);

// What those that come in its place still lack; all of it where nobody has been chosen yet.
uint64_t bytes_to_copy(const metadata::PartitionImage& partition, const LedPartition& led) {
    if (partition.adding_replicas.empty()) return led.log_bytes;
    uint64_t bytes = 0;
    for (const NodeId node : partition.adding_replicas) {
        const auto copy = std::ranges::find(led.copies, node, &LedPartition::Copy::broker);
        bytes += copy == led.copies.end() ? led.log_bytes : copy->bytes_behind;
    }
    return bytes;
}

}  // namespace

DrainStatus drain_status(const metadata::Image& image, NodeId broker, std::span<const LedPartition> led,
                         const Weighing& weighing) {
    DrainPlan plan = plan_drain(image, {broker}, std::numeric_limits<size_t>::max(), weighing);
    DrainStatus status{.placement = placement_of(image, broker),
                       .replicas_left = plan.replicas_left,
                       .moving = plan.under_way,
                       .bytes_left = 0,
                       .time_left = std::nullopt,
                       .stuck = std::move(plan.stuck)};
    for (const LedPartition& said : led) {
        const metadata::PartitionImage* partition = image.partition(said.topic_id, said.partition);
        if (partition != nullptr && contains(partition->replicas, broker))
            status.bytes_left += bytes_to_copy(*partition, said);
    }
    return status;
}

std::optional<std::chrono::seconds> DrainPace::seen(uint64_t bytes_left, Instant now) {
    std::erase_if(samples_, [&](const Sample& sample) { return now - sample.at > pace_window; });
    samples_.push_back({now, bytes_left});
    const Sample& first = samples_.front();
    if (first.bytes_left <= bytes_left || first.at == now) return std::nullopt;
    const double bytes_per_second =
        static_cast<double>(first.bytes_left - bytes_left) / std::chrono::duration<double>(now - first.at).count();
    return std::chrono::seconds(std::llround(std::ceil(static_cast<double>(bytes_left) / bytes_per_second)));
}

}  // namespace milena::controller
