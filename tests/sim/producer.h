// An idempotent producer of one partition over a network that delays, loses, repeats and reorders: a few batches in
// flight, each sent again until it is acknowledged, as real clients do.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "sim/checker.h"
#include "sim/sim_broker.h"
#include "sim/world.h"

namespace milena::sim {

// The wire between clients and the broker; probabilities are one in n, 0: never.
struct Network {
    World& world;
    std::function<SimBroker*()> broker;  // the process that lives now, or null
    Duration delay_max = std::chrono::milliseconds(4);
    uint64_t loses_one_in = 0;
    uint64_t repeats_one_in = 0;
    uint64_t connections_lost = 0;  // raised: what is on its way is lost

    // Runs `deliver` after a delay, perhaps twice, perhaps never.
    void send(const std::function<void()>& deliver);
};

class Producer {
  public:
    Producer(Network& network, Checker& checker, uint32_t number, PartitionIndex partition);

    void start() {
        is_stopped_ = false;
        produce_some();
    }
    void stop() { is_stopped_ = true; }
    bool is_idle() const { return in_flight_.empty(); }
    // May begin anew with another producer id where the broker has lost its state: allowed after a forgiven loss only.
    void allow_reset() { may_reset_ = true; }

  private:
    struct Batch {
        int32_t base_sequence = 0;
        std::vector<Value> values;
        Timestamp timestamp;
        bool is_done = false;
        uint64_t attempt = 0;
    };
    using BatchPtr = std::shared_ptr<Batch>;

    void produce_some();
    void send(const BatchPtr& batch);
    void answered(const BatchPtr& batch, const replica::ProduceOutcome& outcome);
    void reset();
    Bytes encode(const Batch& batch) const;

    Network& network_;
    Checker& checker_;
    const PartitionIndex partition_;
    ProducerId id_;
    const uint32_t number_;
    uint32_t next_value_ = 0;
    int32_t next_sequence_ = 0;
    std::deque<BatchPtr> in_flight_;
    int refusals_in_a_row_ = 0;
    bool is_known_ = false;  // something was acknowledged under id_
    bool is_stopped_ = false;
    bool may_reset_ = false;
};

}  // namespace milena::sim
