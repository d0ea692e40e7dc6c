#include "controller/replica_mover.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "controller/broker_placement.h"
#include "controller/drain_plan.h"

namespace milena::controller {
namespace {

void append(std::vector<ReplicaMove>& to, std::vector<ReplicaMove> moves) {
    std::ranges::move(moves, std::back_inserter(to));
}

// One that comes back after it was unregistered has what it had.
bool is_empty(const metadata::Image& image, NodeId broker) {
    const BrokerLoads loads(image, {});
    const BrokerLoad* its = loads.of(broker);
    return its != nullptr && its->replicas_count == 0;
}

}  // namespace

void ReplicaMover::begin(const metadata::Image& image) {
    *this = {};
    const BrokerLoads loads(image, {});
    size_t replicas_count = 0;
    bool is_one_empty = false;
    for (const auto& [id, load] : loads.by_broker()) {
        replicas_count += load.replicas_count;
        is_one_empty = is_one_empty || load.replicas_count == 0;
    }
    is_balancing_ = is_one_empty && replicas_count > 2 * loads.by_broker().size();
}

std::vector<ReplicaMove> ReplicaMover::next(const metadata::Image& image, const Weights& weights,
                                            const MoverSettings& settings, Instant now) {
    const Weighing weighing{.weights = &weights, .disk_max_percent = settings.limits.disk_max_percent};
    look_at_brokers(image, settings, now);
    std::vector<ReplicaMove> moves = drain(image, weighing, settings);
    if (settings.is_automatic) append(moves, plan_other_targets(image, gone_, weighing));
    if (moves.empty() && is_balancing_) append(moves, even_out(image, weights, settings, now));
    metrics_.is_balancing = is_balancing_;
    metrics_.unheard = weights.unheard(image).size();
    metrics_.moving = moving_count(image);
    for (const ReplicaMove& move : moves) ++(move.is_of_leadership() ? metrics_.leaderships : metrics_.moves);
    return moves;
}

void ReplicaMover::look_at_brokers(const metadata::Image& image, const MoverSettings& settings, Instant now) {
    std::erase_if(away_since_, [&](const auto& entry) {
        const metadata::BrokerImage* broker = image.broker(entry.first);
        return broker != nullptr && !broker->is_fenced;
    });
    gone_.clear();
    for (const auto& [id, broker] : *image.brokers) {
        if (!broker.is_fenced) {
            if (joining_.erase(id) > 0 && settings.is_automatic && is_empty(image, id)) is_balancing_ = true;
            continue;
        }
        const Instant since = away_since_.try_emplace(id, now).first->second;
        if (now - since >= settings.away_max) gone_.insert(id);
    }
}

std::vector<ReplicaMove> ReplicaMover::drain(const metadata::Image& image, const Weighing& weighing,
                                             const MoverSettings& settings) {
    const std::set<NodeId> leaving = draining_brokers(image);
    const size_t left_before = std::exchange(metrics_.drain_replicas, 0);
    metrics_.draining = leaving.size();
    metrics_.drain_stuck = 0;
    if (leaving.empty()) return {};
    DrainPlan plan = plan_drain(image, leaving, settings.limits.moving_max, weighing);
    metrics_.drain_replicas = plan.replicas_left;
    metrics_.drain_stuck = plan.stuck.size();
    // What was given away went to whoever could take it.
    if (left_before > 0 && plan.is_drained() && settings.is_automatic) is_balancing_ = true;
    append(plan.leaderships, std::move(plan.moves));
    return std::move(plan.leaderships);
}

std::vector<ReplicaMove> ReplicaMover::even_out(const metadata::Image& image, const Weights& weights,
                                                const MoverSettings& settings, Instant now) {
    if (!balancing_since_) balancing_since_ = now;
    std::vector<ReplicaMove> moves = plan_balance(image, weights, settings.limits);
    if (!moves.empty() || moving_count(image) > 0) return moves;
    const std::vector<NodeId> unheard = weights.unheard(image);
    // A cluster that only just begins has nothing to tell of, and is to be left as its first topics are placed.
    const bool is_empty_cluster = image.topics->by_id.empty();
    if (!unheard.empty() && !is_empty_cluster && now - *balancing_since_ < unheard_max) return moves;
    is_balancing_ = false;
    balancing_since_.reset();
    if (unheard.empty() || is_empty_cluster)
        log_info("brokers are balanced", {{"brokers", BrokerLoads(image, {}).by_broker().size()}});
    else
        log_warn("brokers are balanced by counts alone: not all have told what they store",
                 {{"missing", unheard.size()}, {"first", unheard.front()}});
    return moves;
}

}  // namespace milena::controller
