#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "base/log.h"
#include "controller/controller.h"

namespace milena::controller {
namespace {

Duration interval(const settings::BrokerSettings& settings, std::string_view name, Duration unit) {
    const auto text = settings.text(name);
    return unit * (text ? settings::parse_integer(*text).value_or(0) : 0);
}

size_t number(const settings::BrokerSettings& settings, std::string_view name) {
    const auto text = settings.text(name);
    return static_cast<size_t>(std::max<int64_t>(0, text ? settings::parse_integer(*text).value_or(0) : 0));
}

std::string numbers_text(const std::vector<NodeId>& nodes) {
    std::string text;
    for (const NodeId node : nodes) text += (text.empty() ? "" : ",") + std::to_string(node.value);
    return text;
}

constexpr Duration move_interval = std::chrono::milliseconds(250);

}  // namespace

void Controller::tick() {
    if (!is_leader_ || clock_ == nullptr) return;
    const Instant at = now();
    liveness_.set_session(interval(settings_, "broker.session.timeout.ms", std::chrono::milliseconds(1)));
    for (const auto& [broker, broker_epoch] : liveness_.silent(*proposed_, at)) {
        // The broker in this very process lives as long as this does.
        if (broker == node_) continue;
        log_warn("broker fenced: it is silent", {{"broker", broker}, {"broker_epoch", broker_epoch}});
        submit(FenceBroker{broker, broker_epoch}, [](const Result<void>&) {});
    }
    keep_up(at);
}

void Controller::connection_broke(NodeId broker) {
    const metadata::BrokerImage* registered = proposed_->broker(broker);
    if (!is_leader_ || clock_ == nullptr || registered == nullptr) return;
    liveness_.lost(broker);
    if (registered->is_fenced) return;
    log_warn("broker fenced: its connection broke", {{"broker", broker}, {"broker_epoch", registered->epoch}});
    submit(FenceBroker{broker, registered->epoch}, [](const Result<void>&) {});
}

// Each is put off before it is begun, so that one that takes longer than a tick isn't begun twice; where there was more
// to do than was done, it is due again at once.
void Controller::keep_up(Instant at) {
    const auto do_when_due = [&](const auto& request, Instant& due, Duration every) {
        if (at < due) return;
        due = at + every;
        submit(request, [alive = std::weak_ptr(alive_), &due, at](const Result<Upkeep>& done) {
            if (alive.lock() && done.has_value() && done->are_more) due = at;
        });
    };
    const Duration imbalance = interval(settings_, "leader.imbalance.check.interval.seconds", std::chrono::seconds(1));
    // A cluster that has just found a controller is left in peace.
    if (balances_at_ == Instant{}) balances_at_ = at + imbalance;
    if (settings_.text("auto.leader.rebalance.enable") != "false")
        do_when_due(BalanceLeaders{}, balances_at_, imbalance);
    do_when_due(ElectUnclean{}, elects_unclean_at_,
                interval(settings_, "unclean.leader.election.interval.ms", std::chrono::milliseconds(1)));
    do_when_due(GrowInternalTopics{}, grows_topics_at_, imbalance);
    move_replicas(at);
}

MoverSettings Controller::mover_settings() const {
    return {.is_automatic = settings_.text("milena.balancer.mode") == "auto",
            .limits = {.moving_max = number(settings_, "milena.balancer.moves.max"),
                       .disk_max_percent = static_cast<double>(number(settings_, "milena.balancer.disk.max.percent")),
                       .bytes_tolerated = number(settings_, "milena.balancer.disk.tolerance.bytes"),
                       .traffic_tolerated = number(settings_, "milena.balancer.traffic.tolerance.bytes")},
            .away_max = interval(settings_, "milena.balancer.away.ms", std::chrono::milliseconds(1))};
}

Weighing Controller::weighing() const {
    return {.weights = &weights_, .disk_max_percent = mover_settings().limits.disk_max_percent};
}

// One plan at a time: the next one sees what has become of it.
void Controller::move_replicas(Instant at) {
    if (at < moves_at_) return;
    moves_at_ = at + move_interval;
    MoveReplicas request{mover_.next(*proposed_, weights_, mover_settings(), at)};
    if (request.moves.empty()) return;
    for (const ReplicaMove& move : request.moves)
        log_info(move.is_of_leadership() ? "leadership moves" : "replica moves", {{"topic", move.topic},
                                                                                  {"partition", move.partition},
                                                                                  {"from", numbers_text(move.from)},
                                                                                  {"to", numbers_text(move.to)},
                                                                                  {"reason", move.reason}});
    submit(request, [](const Result<Upkeep>&) {});
}

}  // namespace milena::controller
