#include "controller/drain_plan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "controller/broker_loads.h"
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
// not enough brokers.
std::optional<std::vector<NodeId>> replicas_without(const std::vector<NodeId>& replicas,
                                                    const std::set<NodeId>& leaving, const BrokerLoads& loads) {
    std::vector<NodeId> result = replicas;
    std::erase_if(result, [&](NodeId node) { return leaving.contains(node); });
    while (result.size() < replicas.size()) {
        const auto best = loads.best_beside(result);
        if (!best) return std::nullopt;
        result.push_back(*best);
    }
    return result;
}

}  // namespace

DrainPlan plan_drain(const metadata::Image& image, const std::set<NodeId>& leaving, size_t moving_max) {
    DrainPlan plan;
    BrokerLoads loads(image, leaving);
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
            auto to = replicas_without(partition.replicas, leaving, loads);
            if (!to) {
                for (const NodeId node : here)
                    plan.stuck.push_back({topic->name, index, node,
                                          "no other broker can take it: " + std::to_string(partition.replicas.size()) +
                                              " replicas need as many brokers"});
                continue;
            }
            if (moving >= moving_max) continue;
            ++moving;
            loads.move(partition.replicas, *to);
            plan.moves.push_back({.topic_id = topic->id,
                                  .topic = topic->name,
                                  .partition = index,
                                  .from = partition.replicas,
                                  .to = std::move(*to),
                                  .reason = "broker " + std::to_string(here.front().value) + " is drained"});
        }
    }
    return plan;
}

}  // namespace milena::controller
