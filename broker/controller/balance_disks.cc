#include "controller/balance_disks.h"

#include <algorithm>
#include <string>
#include <vector>

#include "controller/exchange.h"
#include "controller/partition_change.h"

namespace milena::controller {
namespace {

double size_of(const Planned* planned) { return static_cast<double>(planned->weight.bytes); }

std::vector<double> sizes_of(const std::vector<Planned*>& partitions) {
    std::vector<double> sizes;
    std::ranges::transform(partitions, std::back_inserter(sizes), size_of);
    return sizes;
}

// What may go from one to the other, from small to large.
std::vector<Planned*> movable(BalanceDraft& draft, NodeId from, NodeId to) {
    const BrokerLoads& loads = draft.loads();
    std::vector<Planned*> result;
    for (Planned* planned : draft.on(from))
        if (planned->is_untouched() && !contains(planned->replicas, to) && loads.has_room(to, planned->weight.bytes) &&
            loads.keeps_racks(planned->replicas, from, to))
            result.push_back(planned);
    return result;
}

// With one replica less here and one more there neither of the two differs from any broker by more than is tolerated:
// so counts never ask for it to be undone.
bool may_move_alone(const BalanceDraft& draft, NodeId from, NodeId to) {
    const size_t tolerated = draft.tolerated_replicas();
    const size_t from_after = draft.loads().of(from)->replicas_count - 1;
    const size_t to_after = draft.loads().of(to)->replicas_count + 1;
    return to_after <= from_after + tolerated && std::ranges::all_of(draft.loads().by_broker(), [&](const auto& entry) {
               const size_t count = entry.second.replicas_count;
               return entry.first == from || entry.first == to ||
                      (to_after <= count + tolerated && count <= from_after + tolerated);
           });
}

bool bring_disks_closer(BalanceDraft& draft, NodeId from, NodeId to) {
    const BrokerLoad &more = *draft.loads().of(from), &less = *draft.loads().of(to);
    const std::vector<Planned*> give = movable(draft, from, to);
    const std::vector<Planned*> take = movable(draft, to, from);
    const ExchangeRules rules{.gap = more.bytes - less.bytes,
                              .may_give_alone = may_move_alone(draft, from, to),
                              .may_take = draft.may_move(2)};
    const auto exchange = best_exchange(sizes_of(give), sizes_of(take), rules);
    if (!exchange) return false;
    const std::string reason = broker_text(from) + " stores " + amount_text(more.bytes) + ", " + broker_text(to) + " " +
                               amount_text(less.bytes);
    Planned& given = *give[exchange->given];
    if (exchange->taken) {
        Planned& taken = *take[*exchange->taken];
        draft.move(taken, to, from, "in exchange for " + given.name() + ": " + reason);
    }
    draft.move(given, from, to, reason);
    return true;
}

}  // namespace

// Each step makes the sum of the squares of what brokers store smaller, so there is a last one.
void even_out_disks(BalanceDraft& draft) {
    const double tolerated = std::max(draft.loads().mean(&BrokerLoad::bytes) * draft.limits().weight_tolerance,
                                      static_cast<double>(draft.limits().bytes_tolerated));
    bring_closer(draft, &BrokerLoad::bytes, tolerated,
                 [&](NodeId more, NodeId less) { return draft.may_move() && bring_disks_closer(draft, more, less); });
}

}  // namespace milena::controller
