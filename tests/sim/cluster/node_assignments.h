// NodeAssignments: tells the controller in which directories a simulated node's replicas lie, as the broker's own
// DirectoryAssignments does.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "replica/partition_table.h"
#include "sim/cluster/controller_way.h"

namespace milena::sim::cluster {

class NodeAssignments {
  public:
    NodeAssignments(Machine& machine, ControllerWay& way) : machine_(machine), way_(way) {}

    void ask(const std::vector<replica::Placement>& placements);
    // This node has an epoch, or another one.
    void registered(int64_t broker_epoch);

  private:
    void send();
    void answered(const controller::AssignDirectories& request, const Result<void>& answer);

    Machine& machine_;
    ControllerWay& way_;
    int64_t broker_epoch_ = -1;
    std::map<replica::PartitionKey, Uuid> unheard_;
    bool is_sending_ = false;
};

}  // namespace milena::sim::cluster
