#include "controller/balance_traffic.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "controller/exchange.h"
#include "controller/partition_change.h"

namespace milena::controller {
namespace {

double rate_of(const Planned* planned) { return static_cast<double>(planned->weight.bytes_in_per_second); }

std::vector<double> rates_of(const std::vector<Planned*>& partitions) {
    std::vector<double> rates;
    std::ranges::transform(partitions, std::back_inserter(rates), rate_of);
    return rates;
}

// The partitions that one broker is preferred for and another one could lead at once, from little traffic to much.
// Looked for once, since a plan may take hundreds of steps.
class Exchangeable {
  public:
    explicit Exchangeable(BalanceDraft& draft) : draft_(draft) {}

    const std::vector<Planned*>& between(NodeId from, NodeId to) {
        const auto [known, is_new] = found_.try_emplace({from, to});
        if (is_new) known->second = find(from, to);
        std::erase_if(known->second, [](const Planned* planned) { return !planned->is_untouched(); });
        return known->second;
    }

  private:
    std::vector<Planned*> find(NodeId from, NodeId to) {
        std::vector<Planned*> result;
        for (Planned* planned : draft_.on(from))
            if (planned->replicas.front() == from && contains(planned->replicas, to) &&
                contains(planned->partition().isr, to) && can_serve(draft_.image(), planned->partition(), to))
                result.push_back(planned);
        std::ranges::stable_sort(result, {}, rate_of);
        return result;
    }

    BalanceDraft& draft_;
    std::map<std::pair<NodeId, NodeId>, std::vector<Planned*>> found_;
};

bool bring_traffic_closer(BalanceDraft& draft, Exchangeable& exchangeable, NodeId from, NodeId to) {
    const BrokerLoad &more = *draft.loads().of(from), &less = *draft.loads().of(to);
    const std::vector<Planned*>& give = exchangeable.between(from, to);
    const std::vector<Planned*>& take = exchangeable.between(to, from);
    const ExchangeRules rules{.gap = more.traffic - less.traffic,
                              .may_give_alone = more.leaders_count > less.leaders_count,
                              .may_take = draft.may_lead(2),
                              .copied_per_gained = std::numeric_limits<double>::infinity()};
    const auto exchange = best_exchange(rates_of(give), rates_of(take), rules);
    if (!exchange) return false;
    const std::string reason = broker_text(from) + " leads " + amount_text(more.traffic) + "/s, " + broker_text(to) +
                               " " + amount_text(less.traffic) + "/s";
    Planned& given = *give[exchange->given];
    if (exchange->taken) {
        Planned& taken = *take[*exchange->taken];
        draft.prefer(taken, from, "in exchange for " + given.name() + ": " + reason);
    }
    draft.prefer(given, to, reason);
    return true;
}

}  // namespace

// Each step makes the sum of the squares of what brokers take in smaller, so there is a last one.
void even_out_traffic(BalanceDraft& draft) {
    if (draft.is_moving()) return;
    const double tolerated = std::max(draft.loads().mean(&BrokerLoad::traffic) * draft.limits().weight_tolerance,
                                      static_cast<double>(draft.limits().traffic_tolerated));
    Exchangeable exchangeable(draft);
    bring_closer(draft, &BrokerLoad::traffic, tolerated, [&](NodeId more, NodeId less) {
        return draft.may_lead() && bring_traffic_closer(draft, exchangeable, more, less);
    });
}

}  // namespace milena::controller
