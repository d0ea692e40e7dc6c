#include "controller/election_counts.h"

#include <algorithm>
#include <variant>

#include "controller/partition_change.h"

namespace milena::controller {

void ElectionCounts::count(const metadata::Image& before, const metadata::Record& record) {
    const auto* change = std::get_if<wire::PartitionChangeRecord>(&record);
    if (change == nullptr || change->leader.value < 0) return;
    const metadata::PartitionImage* partition =
        before.partition(change->topic_id, PartitionIndex(change->partition_id));
    const NodeId elected(change->leader.value);
    if (partition == nullptr || partition->leader == elected) return;
    // With a reassignment that is over, one that has just come into the ISR leads.
    const bool comes_into_isr = change->replicas.has_value();
    if (!contains(partition->isr, elected) && !contains(partition->elr, elected) && !comes_into_isr) {
        ++unclean;
        return;
    }
    const auto& isr = change->isr;
    const bool could_go_on = partition->leader != no_node &&
                             (!isr.has_value() || std::ranges::find(*isr, partition->leader.value) != isr->end());
    const bool is_preferred = !partition->replicas.empty() && partition->replicas.front() == elected;
    ++(could_go_on && is_preferred ? preferred : clean);
}

}  // namespace milena::controller
