#include "controller/caught_up.h"

#include <algorithm>
#include <map>
#include <utility>

#include "controller/partition_change.h"

namespace milena::controller {
namespace {

using ByPartition = std::map<std::pair<Uuid, PartitionIndex>, const LedPartition*>;

constexpr double nearly_all = 99.9;

std::string why_behind(const metadata::PartitionImage& partition, const LedPartition* led) {
    if (partition.leader == no_node) return "has no leader";
    if (led == nullptr) return "its leader, broker " + std::to_string(partition.leader.value) + ", doesn't answer";
    return "is not in sync yet";
}

}  // namespace

BrokerState state_of(const metadata::BrokerImage& broker) {
    if (broker.is_fenced) return BrokerState::fenced;
    return broker.is_in_controlled_shutdown ? BrokerState::leaving : BrokerState::active;
}

double CaughtUp::percent() const {
    if (is_complete()) return 100;
    const auto share = [](auto part, auto whole) {
        return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
    };
    const double by_count = replicas == 0 ? 0 : share(in_sync, replicas);
    const double by_bytes = bytes == 0 ? by_count : share(bytes - std::min(bytes, bytes_behind), bytes);
    return std::min(bytes_behind == 0 ? by_count : by_bytes, nearly_all);
}

CaughtUp caught_up(const metadata::Image& image, NodeId broker, std::span<const LedPartition> led) {
    ByPartition known;
    for (const LedPartition& partition : led)
        known.emplace(std::pair(partition.topic_id, partition.partition), &partition);
    CaughtUp result;
    if (const metadata::BrokerImage* registered = image.broker(broker)) result.state = state_of(*registered);
    for (const auto& topic : image.topics->by_name) {
        for (size_t i = 0; i < topic->partitions.size(); ++i) {
            const metadata::PartitionImage& partition = *topic->partitions[i];
            if (!contains(partition.replicas, broker)) continue;
            ++result.replicas;
            const PartitionIndex index(static_cast<int32_t>(i));
            const auto at = known.find({topic->id, index});
            const LedPartition* said = at == known.end() ? nullptr : at->second;
            if (said != nullptr) result.bytes += said->log_bytes;
            if (contains(partition.isr, broker)) {
                ++result.in_sync;
                continue;
            }
            PartitionBehind behind{topic->name, index, 0, why_behind(partition, said)};
            if (said != nullptr) {
                const auto copy = std::ranges::find(said->copies, broker, &LedPartition::Copy::broker);
                behind.bytes = copy == said->copies.end() ? said->log_bytes : copy->bytes_behind;
            }
            result.bytes_behind += behind.bytes;
            result.behind.push_back(std::move(behind));
        }
    }
    return result;
}

}  // namespace milena::controller
