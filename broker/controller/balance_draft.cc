#include "controller/balance_draft.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/bytes_text.h"
#include "controller/partition_change.h"

namespace milena::controller {

BalanceDraft::BalanceDraft(const metadata::Image& image, const Weights& weights, const BalanceLimits& limits)
    : image_(image),
      limits_(limits),
      is_weighed_(weights.unheard(image).empty()),
      loads_(image, {}, {.weights = &weights, .disk_max_percent = limits.disk_max_percent}),
      moving_(moving_count(image)) {
    for (const auto& topic : image.topics->by_name) {
        for (size_t i = 0; i < topic->partitions.size(); ++i) {
            const metadata::PartitionImage& partition = *topic->partitions[i];
            if (controller::is_moving(partition) || partition.replicas.empty()) continue;
            const PartitionWeight weight = weights.of(topic->id, PartitionIndex(static_cast<int32_t>(i)));
            planned_.push_back({topic.get(), i, partition.replicas, weight, ""});
        }
    }
    std::vector<Planned*> by_size;
    for (Planned& planned : planned_) by_size.push_back(&planned);
    std::ranges::stable_sort(by_size, {}, [](const Planned* planned) { return planned->weight.bytes; });
    for (Planned* planned : by_size)
        for (const NodeId node : planned->replicas) on_[node].push_back(planned);
}

size_t BalanceDraft::tolerated_replicas() const {
    size_t total = 0;
    for (const auto& [id, load] : loads_.by_broker()) total += load.replicas_count;
    const double mean = static_cast<double>(total) / static_cast<double>(loads_.by_broker().size());
    return std::max<size_t>(1, static_cast<size_t>(std::floor(limits_.tolerance * mean)));
}

void BalanceDraft::replace(Planned& planned, std::vector<NodeId> replicas, std::string reason) {
    loads_.move(planned.replicas, replicas, planned.weight);
    planned.replicas = std::move(replicas);
    planned.reason = std::move(reason);
}

void BalanceDraft::move(Planned& planned, std::vector<NodeId> replicas, std::string reason) {
    ++moving_;
    replace(planned, std::move(replicas), std::move(reason));
}

void BalanceDraft::move(Planned& planned, NodeId from, NodeId to, std::string reason) {
    std::vector<NodeId> replicas = planned.replicas;
    std::ranges::replace(replicas, from, to);
    move(planned, std::move(replicas), std::move(reason));
}

void BalanceDraft::prefer(Planned& planned, NodeId leader, std::string reason) {
    ++leaderships_;
    std::vector<NodeId> replicas = planned.replicas;
    std::erase(replicas, leader);
    replicas.insert(replicas.begin(), leader);
    replace(planned, std::move(replicas), std::move(reason));
}

std::vector<ReplicaMove> BalanceDraft::moves() const {
    std::vector<ReplicaMove> moves;
    for (const Planned& planned : planned_) {
        if (planned.is_untouched()) continue;
        moves.push_back({.topic_id = planned.topic->id,
                         .topic = planned.topic->name,
                         .partition = PartitionIndex(static_cast<int32_t>(planned.index)),
                         .from = planned.partition().replicas,
                         .to = planned.replicas,
                         .reason = planned.reason});
    }
    return moves;
}

void bring_closer(const BalanceDraft& draft, double BrokerLoad::* amount, double tolerated,
                  const std::function<bool(NodeId, NodeId)>& step) {
    std::set<std::pair<NodeId, NodeId>> hopeless;
    const auto try_one = [&](const std::pair<NodeId, NodeId>& pair) {
        if (hopeless.contains(pair)) return false;
        const bool is_closer = step(pair.first, pair.second);
        if (!is_closer) hopeless.insert(pair);
        return is_closer;
    };
    for (bool has_changed = true; std::exchange(has_changed, false); hopeless.clear())
        while (std::ranges::any_of(draft.loads().uneven(amount, tolerated), try_one)) has_changed = true;
}

std::string broker_text(NodeId broker) { return "broker " + std::to_string(broker.value); }

// Sums of doubles may be a little below zero, or beyond what a number of bytes can be.
std::string amount_text(double bytes) {
    constexpr double most = 1e19;
    return bytes_text(static_cast<uint64_t>(std::clamp(std::round(bytes), 0.0, most)));
}

}  // namespace milena::controller
