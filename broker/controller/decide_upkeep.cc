#include <optional>
#include <utility>

#include "controller/broker_changes.h"
#include "controller/decide.h"
#include "controller/partition_change.h"

namespace milena::controller {
namespace {

using metadata::PartitionImage;

// At most so many records of those that `target_of` gives; one more than that says that there are more.
template <class TargetOf>
Decision<Result<Upkeep>> change_some(const Context& context, size_t count_max, TargetOf&& target_of) {
    Decision<Result<Upkeep>> decision{.records = {}, .response = Upkeep{}};
    metadata::Records& records = decision.records;
    change_partitions(
        context.image, context.settings,
        [&](const PartitionImage& partition) {
            return records.size() > count_max ? std::nullopt : std::optional<PartitionTarget>(target_of(partition));
        },
        records);
    if (records.size() > count_max) {
        records.pop_back();
        decision.response->are_more = true;
    }
    decision.response->count = records.size();
    return decision;
}

}  // namespace

Decision<Result<Upkeep>> decide(const Context& context, const BalanceLeaders& request) {
    return change_some(context, request.elections_max,
                       [&](const PartitionImage& partition) -> std::optional<PartitionTarget> {
                           if (partition.leader == no_node || partition.replicas.empty()) return std::nullopt;
                           const NodeId preferred = partition.replicas.front();
                           if (partition.leader == preferred || !contains(partition.isr, preferred) ||
                               !can_serve(context.image, partition, preferred))
                               return std::nullopt;
                           PartitionTarget target = PartitionTarget::same_as(partition);
                           target.election = Election::preferred;
                           return target;
                       });
}

// Election::online is unclean where, and only where, the topic allows it.
Decision<Result<Upkeep>> decide(const Context& context, const ElectUnclean& request) {
    return change_some(context, request.elections_max,
                       [&](const PartitionImage& partition) -> std::optional<PartitionTarget> {
                           if (partition.leader != no_node) return std::nullopt;
                           return PartitionTarget::same_as(partition);
                       });
}

}  // namespace milena::controller
