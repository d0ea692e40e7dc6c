// What the active controller moves by itself: away from brokers that are drained, away from a move's target that is
// gone for good, and, when brokers have joined or left or somebody has asked for it, until all have equally much. Has
// the little that isn't in the image: whether it is balancing, and since when brokers are away. Decides; carries
// nothing out.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "controller/balance_plan.h"
#include "controller/broker_loads.h"
#include "controller/replica_moves.h"
#include "metadata/image.h"

namespace milena::controller {

struct MoverSettings {
    bool is_automatic = true;  // balances when a broker has joined
    BalanceLimits limits;      // moving_max holds for drains, too
    Duration away_max{};       // a broker that is away for longer isn't waited for
};

struct MoverMetrics {
    bool is_balancing = false;
    uint64_t moves = 0;  // of replicas that were begun
    uint64_t leaderships = 0;
    size_t unheard = 0;         // brokers that haven't told what they store: until then replicas are only counted
    size_t moving = 0;          // partitions that are being moved now
    size_t draining = 0;        // brokers
    size_t drain_replicas = 0;  // that are left on them
    size_t drain_stuck = 0;     // of these
};

class ReplicaMover {
  public:
    // This has become the active controller: what another one has begun to balance is gone on with where a broker is
    // still empty.
    void begin(const metadata::Image& image);
    // A broker was registered whose id was not known.
    void registered(NodeId broker) { joining_.insert(broker); }
    // Somebody has asked for it.
    void balance() { is_balancing_ = true; }

    // What is to be begun now. What a broker stores that hasn't told is waited for, but not for long.
    std::vector<ReplicaMove> next(const metadata::Image& image, const Weights& weights, const MoverSettings& settings,
                                  Instant now);
    static constexpr Duration unheard_max = std::chrono::minutes(2);

    const MoverMetrics& metrics() const { return metrics_; }

  private:
    void look_at_brokers(const metadata::Image& image, const MoverSettings& settings, Instant now);
    std::vector<ReplicaMove> drain(const metadata::Image& image, const Weighing& weighing,
                                   const MoverSettings& settings);
    std::vector<ReplicaMove> even_out(const metadata::Image& image, const Weights& weights,
                                      const MoverSettings& settings, Instant now);

    std::set<NodeId> joining_;              // and not active yet
    std::map<NodeId, Instant> away_since_;  // fenced ones
    std::set<NodeId> gone_;                 // of these, for good
    bool is_balancing_ = false;
    std::optional<Instant> balancing_since_;  // as next() has seen it
    MoverMetrics metrics_;
};

}  // namespace milena::controller
