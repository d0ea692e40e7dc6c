// A consumer of one partition that reads from the beginning and goes on at the tail, checking every batch it gets.
#pragma once

#include <vector>

#include "sim/checker.h"
#include "sim/producer.h"
#include "sim/sim_broker.h"

namespace milena::sim {

class Consumer {
  public:
    Consumer(Network& network, Checker& checker, PartitionIndex partition)
        : network_(network), checker_(checker), partition_(partition) {}

    void start() { poll(); }
    // Reads all from the log start again; is_at_end() says when it has.
    void start_over();
    bool is_at_end() const { return is_at_end_; }
    Offset log_start() const { return log_start_; }
    const std::map<Offset, Value>& values() const { return values_; }
    // Positions beyond the log end are no offence from now on.
    void allow_losses() { may_lose_ = true; }
    // A batch that is visibly damaged is no offence: nothing more is read.
    void expect_damage() { expects_damage_ = true; }

  private:
    void poll();
    void got(const replica::FetchOutcome& outcome);
    void out_of_range();
    void take(const Bytes& part);
    void damaged(const char* how);

    Network& network_;
    Checker& checker_;
    const PartitionIndex partition_;
    Offset position_{0};
    Offset log_start_{0};
    std::map<Offset, Value> values_;  // since start_over()
    bool keeps_values_ = false;
    bool is_at_end_ = false;
    bool may_lose_ = false;
    bool expects_damage_ = false;
    bool has_met_damage_ = false;
    bool is_waiting_ = false;
    uint64_t asked_ = 0;
};

}  // namespace milena::sim
