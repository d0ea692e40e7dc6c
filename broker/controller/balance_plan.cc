#include "controller/balance_plan.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "controller/balance_disks.h"
#include "controller/balance_draft.h"
#include "controller/balance_traffic.h"
#include "controller/partition_change.h"

namespace milena::controller {
namespace {

using Nodes = std::vector<NodeId>;

std::string text(size_t number) { return std::to_string(number); }

// One replica elsewhere; a follower, if that helps.
std::optional<Nodes> in_more_racks(const BrokerLoads& loads, const Planned& planned, size_t racks_before) {
    const Nodes& replicas = planned.replicas;
    for (size_t i = replicas.size(); i-- > 0;) {
        Nodes others = replicas;
        others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
        const auto best = loads.best_beside(others, planned.weight.bytes);
        if (!best) return std::nullopt;
        Nodes result = replicas;
        result[i] = *best;
        if (loads.racks_count(result) > racks_before) return result;
    }
    return std::nullopt;
}

// Partitions with two replicas in one rack, while another rack has none.
void spread_over_racks(BalanceDraft& draft) {
    const BrokerLoads& loads = draft.loads();
    const size_t racks_count = loads.racks_count();
    if (racks_count < 2) return;
    for (Planned& planned : draft.partitions()) {
        if (!draft.may_move()) return;
        const size_t before = loads.racks_count(planned.replicas);
        if (before >= std::min(planned.replicas.size(), racks_count)) continue;
        auto better = in_more_racks(loads, planned, before);
        if (!better) continue;
        std::string reason =
            "its replicas are in " + text(before) + " rack(s), and could be in " + text(loads.racks_count(*better));
        draft.move(planned, std::move(*better), std::move(reason));
    }
}

using Receivers = std::vector<std::pair<size_t, NodeId>>;  // with how many replicas they have

// Those that have fewer by more than is tolerated, the fewest first.
Receivers receivers_of(const BalanceDraft& draft, size_t replicas_count) {
    Receivers receivers;
    for (const auto& [id, load] : draft.loads().by_broker())
        if (load.replicas_count + draft.tolerated_replicas() < replicas_count)
            receivers.emplace_back(load.replicas_count, id);
    std::ranges::sort(receivers);
    return receivers;
}

// How much less even the disks of two brokers become by a replica that goes from one to the other; below 0: more even.
double unevenness(const BrokerLoads& loads, const PartitionWeight& weight, NodeId from, NodeId to) {
    const auto bytes = static_cast<double>(weight.bytes);
    return bytes * (bytes - (loads.of(from)->bytes - loads.of(to)->bytes));
}

struct Step {
    Planned* planned = nullptr;
    NodeId to = no_node;
};

// To one of these, which have equally few: of all that may go there the one that makes disks most even. Of weights that
// aren't known any is.
std::optional<Step> step_to(BalanceDraft& draft, NodeId from, std::span<const std::pair<size_t, NodeId>> receivers) {
    const BrokerLoads& loads = draft.loads();
    std::optional<Step> best;
    double best_unevenness = 0;
    for (Planned* planned : draft.on(from)) {
        if (!planned->is_untouched()) continue;
        for (const auto& [count, to] : receivers) {
            if (contains(planned->replicas, to)) continue;
            const double after = draft.is_weighed() ? unevenness(loads, planned->weight, from, to) : 0;
            if (best && after >= best_unevenness) continue;
            if (!loads.has_room(to, planned->weight.bytes) || !loads.keeps_racks(planned->replicas, from, to)) continue;
            best = Step{planned, to};
            best_unevenness = after;
            if (!draft.is_weighed()) return best;
        }
    }
    return best;
}

bool move_one_from(BalanceDraft& draft, NodeId from, size_t replicas_count) {
    const Receivers receivers = receivers_of(draft, replicas_count);
    for (auto begin = receivers.begin(); begin != receivers.end();) {
        const auto end = std::find_if(begin, receivers.end(), [&](const auto& r) { return r.first != begin->first; });
        if (const auto step = step_to(draft, from, {begin, end})) {
            draft.move(*step->planned, from, step->to,
                       broker_text(from) + " has " + text(replicas_count) + " replicas, " + broker_text(step->to) +
                           " has " + text(begin->first));
            return true;
        }
        begin = end;
    }
    return false;
}

// One replica from a broker that has many to one that has few. False: they are even enough.
bool even_out_replicas(BalanceDraft& draft) {
    std::vector<std::pair<size_t, NodeId>> donors;
    for (const auto& [id, load] : draft.loads().by_broker()) donors.emplace_back(load.replicas_count, id);
    std::ranges::sort(donors, std::greater());
    return std::ranges::any_of(donors,
                               [&](const auto& donor) { return move_one_from(draft, donor.second, donor.first); });
}

std::optional<NodeId> less_preferred(const BalanceDraft& draft, const Planned& planned, size_t leaders_count) {
    std::optional<NodeId> best;
    for (const NodeId node : planned.replicas) {
        const BrokerLoad* load = draft.loads().of(node);
        if (load == nullptr || load->leaders_count + 2 > leaders_count) continue;
        if (!contains(planned.partition().isr, node) || !can_serve(draft.image(), planned.partition(), node)) continue;
        if (!best || load->leaders_count < draft.loads().of(*best)->leaders_count) best = node;
    }
    return best;
}

// Preferred leaderships to replicas in sync whose brokers are preferred by two fewer or more. What is passed by is seen
// again by the next plan.
void even_out_leaders(BalanceDraft& draft) {
    for (Planned& planned : draft.partitions()) {
        if (!draft.may_lead()) return;
        const NodeId leader = planned.replicas.front();
        const BrokerLoad* its = draft.loads().of(leader);
        if (!planned.is_untouched() || its == nullptr) continue;
        const auto other = less_preferred(draft, planned, its->leaders_count);
        if (!other) continue;
        draft.prefer(planned, *other,
                     broker_text(leader) + " is preferred by " + text(its->leaders_count) + " partitions, " +
                         broker_text(*other) + " by " + text(draft.loads().of(*other)->leaders_count));
    }
}

}  // namespace

std::vector<ReplicaMove> plan_balance(const metadata::Image& image, const Weights& weights,
                                      const BalanceLimits& limits) {
    BalanceDraft draft(image, weights, limits);
    if (draft.loads().by_broker().empty()) return {};
    spread_over_racks(draft);
    while (draft.may_move() && even_out_replicas(draft)) continue;
    if (draft.is_weighed()) even_out_disks(draft);
    even_out_leaders(draft);
    if (draft.is_weighed()) even_out_traffic(draft);
    return draft.moves();
}

}  // namespace milena::controller
