// NodeLifecycle: a simulated node as a broker of its cluster, as the broker's own Lifecycle: it registers, says by
// heartbeats that it lives, registers anew when it was forgotten, and gives its leaderships away before it stops.
#pragma once

#include <cstdint>
#include <functional>

#include "sim/cluster/controller_way.h"

namespace milena::sim::cluster {

class NodeLifecycle {
  public:
    struct Environment {
        Machine& machine;
        ControllerWay& way;
        const controller::Controller& controller;
        std::function<Offset()> published;
        std::function<std::vector<Uuid>()> offline_directories;
        std::function<std::vector<Uuid>()> full_directories;
        Duration heartbeat_interval;
    };
    struct Events {
        std::function<controller::BrokerRegistration()> describe;
        std::function<void(int64_t broker_epoch)> on_registered;
        std::function<void(Instant asked_at)> on_heard;
        std::function<void(ErrorCode)> on_failed;
    };
    NodeLifecycle(Environment environment, Events events)
        : environment_(std::move(environment)), events_(std::move(events)) {}

    void start() { register_node(); }
    void image_changed();
    void fullness_changed();
    void leave(std::function<void()> done);
    bool is_active() const { return state_ == State::active; }
    int64_t broker_epoch() const { return epoch_; }

  private:
    enum class State : uint8_t { registering, starting, active, leaving, left };

    void register_node();
    void registered(const Result<controller::BrokerEpoch>& epoch);
    void beat();
    void heard(const Result<controller::HeartbeatAnswer>& answer);
    void beat_after(Duration delay);
    void finish_leaving();

    const Environment environment_;
    const Events events_;
    State state_ = State::registering;
    int64_t epoch_ = -1;
    bool is_beating_ = false;
    uint64_t beat_ = 0;  // the one that is planned
    Instant leaving_until_;
    std::function<void()> left_;
};

}  // namespace milena::sim::cluster
