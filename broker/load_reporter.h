// LoadReporter: tells the active controller from time to time how large and how busy the partitions are that this
// broker leads, and how full its disks are; a new controller at once. For its balancer: nothing else needs it, and what
// isn't heard is told anew with the next report. Lives on the first shard; decides nothing.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "controller/controller.h"
#include "replica/load_meter.h"
#include "server/controller_gate.h"
#include "shard/shard.h"

namespace milena {

class LoadReporter {
  public:
    // All outlive the reporter.
    struct Environment {
        shard::Shards& shards;
        server::ControllerGate& gate;
        const controller::Controller& controller;
        std::function<Duration()> interval;  // between two reports; asked on the first shard
    };
    explicit LoadReporter(Environment environment);
    ~LoadReporter();
    LoadReporter(const LoadReporter&) = delete;
    LoadReporter& operator=(const LoadReporter&) = delete;

    // This broker has an epoch.
    void registered();

  private:
    void look();
    void measure();
    void measured(std::vector<replica::TableLoad> by_shard);
    void send(size_t begin);
    controller::DiskLoad disk_load() const;

    const Environment environment_;
    std::vector<std::unique_ptr<replica::LoadMeter>> meters_;  // by shard, whose thread uses it
    std::vector<controller::PartitionLoad> partitions_;        // as measured last
    controller::DiskLoad disk_;                                // likewise
    int passes_count_ = 0;                                     // rates are known from the second one on
    bool is_busy_ = false;                                     // measures or sends
    Instant measures_at_;
    NodeId told_ = no_node;  // the controller that was asked last
    shard::TimerId timer_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace milena
