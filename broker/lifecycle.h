// Lifecycle: this node as a broker of its cluster, from its registration to its farewell. It registers with the active
// controller, says by heartbeats that it lives and how far it has come, registers anew when the controller has
// forgotten it, and before it stops it lets the controller move its leaderships away. Lives on the first shard; decides
// nothing.
//
//     registering ──▶ starting (fenced) ──▶ active ──▶ leaving ──▶ left
//          ▲               │ registered elsewhere or forgotten │
//          └───────────────┴───────────────────────────────────┘
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "controller/controller.h"
#include "server/controller_gate.h"
#include "settings/broker_config.h"
#include "shard/loop.h"

namespace milena {

class Lifecycle {
  public:
    // All outlive the lifecycle.
    struct Environment {
        shard::Loop& loop;  // of the first shard
        server::ControllerGate& gate;
        const controller::Controller& controller;
    };
    // `describe` says what is to be registered. `on_registered` is told of each epoch. `on_active` is called once:
    // clients may come now. `on_failed` when this node can't be a broker of this cluster, with the reason.
    struct Events {
        std::function<controller::BrokerRegistration()> describe;
        std::function<void(int64_t broker_epoch)> on_registered;
        std::function<void()> on_active;
        std::function<void(const std::string&)> on_failed;
    };
    Lifecycle(const Environment& environment, const settings::BrokerConfig& config, Events events);
    ~Lifecycle();
    Lifecycle(const Lifecycle&) = delete;
    Lifecycle& operator=(const Lifecycle&) = delete;

    void start();
    // Every shard uses a newer image.
    void image_changed();
    // Gives the leaderships away, for as long as that may take at most; then calls `done`, once.
    void leave(std::function<void()> done);

    int64_t broker_epoch() const { return epoch_; }

  private:
    enum class State : uint8_t { registering, starting, active, leaving, left };

    void register_node();
    void registered(const Result<controller::BrokerEpoch>& epoch);
    void beat();
    void heard(const Result<controller::HeartbeatAnswer>& answer);
    void beat_after(Duration delay);
    void become_active();
    void finish_leaving();
    bool is_alone() const;

    // Calls `f` unless this has gone meanwhile.
    template <class F>
    auto if_alive(F f) {
        return [weak = std::weak_ptr(alive_), f = std::move(f)](auto&&... arguments) {
            if (weak.lock()) f(std::forward<decltype(arguments)>(arguments)...);
        };
    }

    const Environment environment_;
    const Duration heartbeat_interval_;
    const Events events_;
    State state_ = State::registering;
    int64_t epoch_ = -1;
    bool is_beating_ = false;  // a heartbeat is under way
    bool has_served_ = false;  // on_active was called
    shard::TimerId timer_;
    Instant leaving_until_;
    std::function<void()> left_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace milena
