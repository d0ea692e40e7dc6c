// Lifecycle: this node as a broker of its cluster, from its registration to its farewell. It registers with the active
// controller, says by heartbeats that it lives and how far it has come, registers anew when the controller has
// forgotten it, and once more, as the same process, when it is to be found elsewhere; and before it stops it lets the
// controller move its leaderships away. Lives on the first shard; decides nothing.
//
//     registering ──▶ starting (fenced) ──▶ active ──▶ leaving ──▶ left
//          ▲               │ registered elsewhere or forgotten │
//          └───────────────┴───────────────────────────────────┘
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

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
        std::function<bool()> hears_leader;  // this node leads the metadata log, or whoever does answers it
    };
    // `describe` says what is to be registered, `cordoned` which directories are cordoned now, `full` which have no
    // room now; both sorted. `on_registered` is told of each epoch, `on_heard` when what was answered now was said.
    // `on_active` is called once: clients may come now. `on_failed` when this node can't be a broker of this cluster
    // (any longer), with the reason.
    struct Events {
        std::function<controller::BrokerRegistration()> describe;
        std::function<std::vector<Uuid>()> cordoned;
        std::function<std::vector<Uuid>()> full;
        std::function<void(int64_t broker_epoch)> on_registered;
        std::function<void(Instant asked_at)> on_heard;
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
    // The controller has to hear of it within log.dir.failure.timeout.ms: others are waiting for what lies there.
    void directory_failed(const Uuid& directory);
    // Directories are full, or have room again: others may lead what lies there, or wait for it.
    void fullness_changed();
    // Gives the leaderships away, unless the settings say otherwise, for as long as that may take at most, and not
    // where nobody can decide about them any more; then calls `done`, once.
    void leave(std::function<void()> done);

    int64_t broker_epoch() const { return epoch_; }

  private:
    enum class State : uint8_t { registering, starting, active, leaving, left };

    void register_node();
    void registered(const Result<controller::BrokerEpoch>& epoch);
    controller::BrokerRegistration described() const;
    void tend_endpoints();
    void endpoints_told(const Result<controller::BrokerEpoch>& epoch);
    void beat();
    void heard(const Result<controller::HeartbeatAnswer>& answer);
    void beat_after(Duration delay);
    Duration pause() const;
    void become_active();
    void watch_leaving();
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
    const Duration failure_timeout_;
    const Duration election_max_;
    const bool hands_over_;
    const Events events_;
    State state_ = State::registering;
    int64_t epoch_ = -1;
    bool is_beating_ = false;   // a heartbeat is under way
    bool is_moving_ = false;    // other endpoints are being registered, or will be again
    bool has_served_ = false;   // on_active was called
    std::vector<Uuid> failed_;  // directories, in the order of their failures
    size_t told_count_ = 0;     // of these, the controller knows so many
    std::vector<Uuid> told_full_;
    shard::TimerId timer_;
    Instant leaving_until_;
    Instant leader_heard_at_;  // of the metadata log
    shard::TimerId watching_;
    std::function<void()> left_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace milena
