// DirectoryAssignments: tells the controller in which directories this broker's replicas lie, where it doesn't know or
// knows otherwise (KIP-858), many at a time, and again until it has heard. Without it nobody would know what a failed
// directory takes away. Lives on the first shard; decides nothing.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "replica/partition_table.h"
#include "server/controller_gate.h"
#include "shard/loop.h"

namespace milena {

class DirectoryAssignments {
  public:
    // Both outlive it.
    DirectoryAssignments(shard::Loop& loop, server::ControllerGate& gate) : loop_(loop), gate_(gate) {}
    ~DirectoryAssignments() { loop_.cancel(retry_); }
    DirectoryAssignments(const DirectoryAssignments&) = delete;
    DirectoryAssignments& operator=(const DirectoryAssignments&) = delete;

    void ask(const std::vector<replica::Placement>& placements);
    // This broker has an epoch: what has waited for it goes.
    void registered() { send(); }

  private:
    void send();
    void answered(const controller::AssignDirectories& request, const Result<void>& answer);

    shard::Loop& loop_;
    server::ControllerGate& gate_;
    std::map<replica::PartitionKey, Uuid> unheard_;
    bool is_sending_ = false;
    shard::TimerId retry_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace milena
