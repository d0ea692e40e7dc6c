#include "controller/drain_plan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/bytes_text.h"
#include "controller/partition_change.h"

namespace milena::controller {
namespace {

using metadata::PartitionImage;

std::vector<NodeId> on_leaving(const PartitionImage& partition, const std::set<NodeId>& leaving) {
    std::vector<NodeId> result;
    std::ranges::copy_if(partition.replicas, std::back_inserter(result),
                         [&](NodeId node) { return leaving.contains(node); });
    return result;
}

// Those that stay keep their order, so that one that is in sync is preferred; the new ones follow. Nothing if there are
// not enough brokers with room for `bytes`.
std::optional<std::vector<NodeId>> replicas_without(const std::vector<NodeId>& replicas,
                                                    const std::set<NodeId>& leaving, const BrokerLoads& loads,
                                                    uint64_t bytes) {
    std::vector<NodeId> result = replicas;
    std::erase_if(result, [&](NodeId node) { return leaving.contains(node); });
    while (result.size() < replicas.size()) {
        const auto best = loads.best_beside(result, bytes);
        if (!best) return std::nullopt;
        result.push_back(*best);
    }
    return result;
}

// Those that stay and are in sync first, if it leads or is to lead that is leaving. Nothing if there is no other.
std::optional<std::vector<NodeId>> led_by_others(const metadata::Image& image, const PartitionImage& partition,
                                                 const std::set<NodeId>& leaving) {
    if (!leaving.contains(partition.leader) && !leaving.contains(partition.replicas.front())) return std::nullopt;
    std::vector<NodeId> result = partition.replicas;
    std::ranges::stable_partition(result, [&](NodeId node) {
        return !leaving.contains(node) && contains(partition.isr, node) && can_serve(image, partition, node);
    });
    const bool is_possible = !leaving.contains(result.front()) && result != partition.replicas;
    return is_possible ? std::optional(std::move(result)) : std::nullopt;
}

ReplicaMove move_of(const metadata::TopicImage& topic, PartitionIndex index, std::vector<NodeId> to,
                    std::string reason) {
    const PartitionImage& partition = *topic.partition(index);
    return {.topic_id = topic.id,
            .topic = topic.name,
            .partition = index,
            .from = partition.replicas,
            .to = std::move(to),
            .reason = std::move(reason),
            .is_under_way = is_moving(partition)};
}

PartitionWeight weight_of(const Weighing& weighing, const metadata::TopicImage& topic, PartitionIndex index) {
    return weighing.weights == nullptr ? PartitionWeight{} : weighing.weights->of(topic.id, index);
}

// Why replicas_without() has found nothing.
std::string stuck_reason(const PartitionImage& partition, const std::set<NodeId>& leaving, const BrokerLoads& loads,
                         uint64_t bytes) {
    if (replicas_without(partition.replicas, leaving, loads, 0))
        return "no other broker has room for its " + bytes_text(bytes) + ": their disks would be too full";
    return "no other broker can take it: " + std::to_string(partition.replicas.size()) +
           " replicas need as many brokers";
}

std::string drained(NodeId broker) { return "broker " + std::to_string(broker.value) + " is drained"; }

}  // namespace

DrainPlan plan_drain(const metadata::Image& image, const std::set<NodeId>& leaving, size_t moving_max,
                     const Weighing& weighing) {
    DrainPlan plan;
    BrokerLoads loads(image, leaving, weighing);
    size_t moving = moving_count(image);
    for (const auto& topic : image.topics->by_name) {
        for (size_t i = 0; i < topic->partitions.size(); ++i) {
            const PartitionImage& partition = *topic->partitions[i];
            const std::vector<NodeId> here = on_leaving(partition, leaving);
            if (here.empty()) continue;
            plan.replicas_left += here.size();
            if (is_moving(partition)) {
                plan.under_way += here.size();
                continue;
            }
            const PartitionIndex index(static_cast<int32_t>(i));
            const PartitionWeight weight = weight_of(weighing, *topic, index);
            auto to = replicas_without(partition.replicas, leaving, loads, weight.bytes);
            if (!to) {
                const std::string reason = stuck_reason(partition, leaving, loads, weight.bytes);
                for (const NodeId node : here) plan.stuck.push_back({topic->name, index, node, reason});
            }
            if (auto others_first = led_by_others(image, partition, leaving)) {
                plan.leaderships.push_back(
                    move_of(*topic, index, std::move(*others_first), drained(here.front()) + ", others lead"));
                continue;
            }
            if (!to || moving >= moving_max) continue;
            ++moving;
            loads.move(partition.replicas, *to, weight);
            plan.moves.push_back(move_of(*topic, index, std::move(*to), drained(here.front())));
        }
    }
    return plan;
}

std::vector<ReplicaMove> plan_other_targets(const metadata::Image& image, const std::set<NodeId>& gone,
                                            const Weighing& weighing) {
    std::vector<ReplicaMove> moves;
    if (gone.empty()) return moves;
    BrokerLoads loads(image, gone, weighing);
    for (const auto& topic : image.topics->by_name) {
        for (size_t i = 0; i < topic->partitions.size(); ++i) {
            const PartitionImage& partition = *topic->partitions[i];
            const auto lost = std::ranges::find_if(partition.adding_replicas, [&](NodeId node) {
                return gone.contains(node) && !contains(partition.isr, node);
            });
            if (lost == partition.adding_replicas.end()) continue;
            const std::vector<NodeId> planned = final_replicas(partition);
            const PartitionIndex index(static_cast<int32_t>(i));
            const PartitionWeight weight = weight_of(weighing, *topic, index);
            auto to = replicas_without(planned, gone, loads, weight.bytes);
            if (!to) continue;
            loads.move(planned, *to, weight);
            moves.push_back(move_of(*topic, index, std::move(*to),
                                    "broker " + std::to_string(lost->value) + ", where it was to go, is gone"));
        }
    }
    return moves;
}

}  // namespace milena::controller
