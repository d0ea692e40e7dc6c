#include "controller/replica_moves.h"

#include <algorithm>
#include <utility>

#include "controller/partition_change.h"

namespace milena::controller {
namespace {

std::vector<NodeId> difference(std::vector<NodeId> a, const std::vector<NodeId>& b) {
    std::erase_if(a, [&](NodeId node) { return contains(b, node); });
    std::ranges::sort(a);
    return a;
}

PartitionTarget target_of(const ReplicaMove& move, const metadata::PartitionImage& partition) {
    PartitionTarget target = PartitionTarget::same_as(partition);
    std::vector<NodeId> settled = difference(partition.replicas, partition.adding_replicas);
    target.adding_replicas = difference(move.to, settled);
    target.removing_replicas = difference(partition.replicas, move.to);
    target.replicas = move.to;
    target.replicas.insert(target.replicas.end(), target.removing_replicas.begin(), target.removing_replicas.end());
    if (target.adding_replicas.empty()) target.election = Election::preferred;
    return target;
}

}  // namespace

bool ReplicaMove::is_of_leadership() const { return std::ranges::is_permutation(from, to); }

size_t moving_count(const metadata::Image& image) {
    size_t count = 0;
    for (const auto& topic : image.topics->by_id)
        count += static_cast<size_t>(
            std::ranges::count_if(topic->partitions, [](const auto& partition) { return is_moving(*partition); }));
    return count;
}

Decision<Result<Upkeep>> decide(const Context& context, const MoveReplicas& request) {
    Decision<Result<Upkeep>> decision{.records = {}, .response = Upkeep{}};
    const RulesOfTopics rules(context.image, context.settings);
    for (const ReplicaMove& move : request.moves) {
        const metadata::PartitionImage* partition = context.image.partition(move.topic_id, move.partition);
        if (partition == nullptr || partition->replicas != move.from || is_moving(*partition) != move.is_under_way ||
            move.to.empty())
            continue;
        auto change = change_partition(context.image, rules.of(move.topic), *partition, target_of(move, *partition));
        if (!change) continue;
        change->topic_id = move.topic_id;
        change->partition_id = move.partition.value;
        decision.records.emplace_back(std::move(*change));
    }
    decision.response->count = decision.records.size();
    return decision;
}

}  // namespace milena::controller
