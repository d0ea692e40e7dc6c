// SimCluster: a few machines with a process on each, what starts a process again that has died, and the checker that
// looks at all of them. Everything that happens follows from the seed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "sim/cluster/cluster_checker.h"
#include "sim/cluster/network.h"
#include "sim/cluster/sim_node.h"

namespace milena::sim::cluster {

class SimCluster {
  public:
    SimCluster(uint64_t seed, Policy policy);
    ~SimCluster();
    SimCluster(const SimCluster&) = delete;
    SimCluster& operator=(const SimCluster&) = delete;

    World world;
    ClusterNetwork network{world};
    ClusterChecker checker;

    void start();
    int32_t size() const { return static_cast<int32_t>(machines_.size()); }
    NodeId any() { return NodeId(1 + static_cast<int32_t>(world.random.below(machines_.size()))); }
    Machine& machine(NodeId id) { return *machines_[static_cast<size_t>(id.value - 1)]; }
    SimNode* process(NodeId id) { return processes_[static_cast<size_t>(id.value - 1)].get(); }
    std::vector<SimNode*> processes();
    // Of the latest epoch; null while there is none.
    SimNode* active_controller();
    // Who leads the partition by the newest image; none if nobody does.
    NodeId leader_of(PartitionIndex partition) const;
    const NodeSetup& setup() const { return setup_; }

    // Each comes back after a while by itself.
    void kill(NodeId id) { end(id, false); }
    void lose_power(NodeId id) { end(id, true); }
    void stop_cleanly(NodeId id);
    uint64_t restarts() const { return restarts_; }

    // No machine stands still, no disk fails, nothing is cut.
    void make_peace();
    bool are_all_serving();

  private:
    void start(NodeId id);
    int64_t previous_epoch(NodeId id) const;
    void start_soon(NodeId id);
    void end(NodeId id, bool loses_power);
    void supervise();
    void look();

    const uint64_t nodes_count_;
    const NodeSetup setup_;
    bool is_peaceful_ = false;
    std::vector<std::unique_ptr<Machine>> machines_;
    std::vector<std::unique_ptr<SimNode>> processes_;  // of machines_; null: none lives there
    std::map<NodeId, int64_t> clean_epochs_;           // of the registrations that have ended cleanly
    uint64_t restarts_ = 0;
};

}  // namespace milena::sim::cluster
