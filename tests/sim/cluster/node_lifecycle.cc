#include "sim/cluster/node_lifecycle.h"

#include <utility>

#include "sim/cluster/sim_node.h"

namespace milena::sim::cluster {
namespace {

constexpr Duration impatient_interval = std::chrono::milliseconds(20);
constexpr Duration registration_retry_interval = std::chrono::milliseconds(200);
constexpr Duration leaving_max = std::chrono::seconds(8);

}  // namespace

void NodeLifecycle::register_node() {
    state_ = State::registering;
    controller::BrokerRegistration registration = events_.describe();
    registration.is_local = environment_.controller.is_active();
    environment_.way.ask<controller::BrokerRegistration, controller::BrokerEpoch>(
        registration, [this](const Result<controller::BrokerEpoch>& epoch) { registered(epoch); });
}

void NodeLifecycle::registered(const Result<controller::BrokerEpoch>& epoch) {
    if (state_ != State::registering) return;
    if (!epoch.has_value()) {
        const ErrorCode error = epoch.error();
        if (error == ErrorCode::inconsistent_cluster_id || error == ErrorCode::unsupported_version ||
            error == ErrorCode::invalid_registration)
            return events_.on_failed(error);
        environment_.machine.after(registration_retry_interval, [this] {
            if (state_ == State::registering) register_node();
        });
        return;
    }
    epoch_ = epoch->value;
    state_ = State::starting;
    events_.on_registered(epoch_);
    image_changed();
    if (state_ == State::starting) beat();
}

void NodeLifecycle::image_changed() {
    if (state_ != State::starting) return;
    const metadata::BrokerImage* self = environment_.controller.image()->broker(environment_.machine.id());
    if (self == nullptr || self->epoch != epoch_ || self->is_fenced) return;
    if (environment_.published() < Offset(epoch_)) return;
    state_ = State::active;
    beat_after(environment_.heartbeat_interval);
}

void NodeLifecycle::beat_after(Duration delay) {
    environment_.machine.after(delay, [this, planned = ++beat_] {
        if (planned == beat_) beat();
    });
}

void NodeLifecycle::fullness_changed() {
    if (state_ == State::active) beat_after(Duration{});
}

void NodeLifecycle::beat() {
    if (std::exchange(is_beating_, true)) return;
    controller::BrokerHeartbeat heartbeat;
    heartbeat.broker = environment_.machine.id();
    heartbeat.broker_epoch = epoch_;
    heartbeat.metadata_offset = environment_.published();
    heartbeat.wants_shutdown = state_ == State::leaving;
    heartbeat.offline_directories = environment_.offline_directories();
    heartbeat.full_directories = environment_.full_directories();
    environment_.way.ask<controller::BrokerHeartbeat, controller::HeartbeatAnswer>(
        heartbeat,
        [this, asked_at = environment_.machine.clock().now()](const Result<controller::HeartbeatAnswer>& answer) {
            if (answer) events_.on_heard(asked_at);
            heard(answer);
        });
}

void NodeLifecycle::heard(const Result<controller::HeartbeatAnswer>& answer) {
    is_beating_ = false;
    if (state_ == State::registering || state_ == State::left) return;
    if (state_ == State::leaving) {
        const bool is_over = environment_.machine.clock().now() >= leaving_until_;
        if (is_over || (answer.has_value() && answer->should_shut_down)) return finish_leaving();
        return beat_after(impatient_interval);
    }
    const bool is_forgotten = !answer.has_value() && (answer.error() == ErrorCode::stale_broker_epoch ||
                                                      answer.error() == ErrorCode::broker_id_not_registered);
    if (is_forgotten) return register_node();
    image_changed();
    beat_after(state_ == State::active ? environment_.heartbeat_interval : impatient_interval);
}

void NodeLifecycle::leave(std::function<void()> done) {
    left_ = std::move(done);
    if (state_ != State::active) return finish_leaving();
    state_ = State::leaving;
    leaving_until_ = environment_.machine.clock().now() + leaving_max;
    beat_after(Duration{});
}

void NodeLifecycle::finish_leaving() {
    state_ = State::left;
    ++beat_;
    if (const auto left = std::exchange(left_, nullptr)) left();
}

}  // namespace milena::sim::cluster
