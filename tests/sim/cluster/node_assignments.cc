#include "sim/cluster/node_assignments.h"

#include "sim/cluster/sim_node.h"

namespace milena::sim::cluster {
namespace {

constexpr Duration retry_interval = std::chrono::milliseconds(500);

}  // namespace

void NodeAssignments::ask(const std::vector<replica::Placement>& placements) {
    for (const auto& [key, directory] : placements) unheard_[key] = directory;
    send();
}

void NodeAssignments::registered(int64_t broker_epoch) {
    broker_epoch_ = broker_epoch;
    send();
}

void NodeAssignments::send() {
    if (is_sending_ || unheard_.empty() || broker_epoch_ < 0) return;
    is_sending_ = true;
    controller::AssignDirectories request;
    request.broker = machine_.id();
    request.broker_epoch = broker_epoch_;
    for (const auto& [key, directory] : unheard_)
        request.assignments.push_back({key.topic_id, key.partition, directory});
    way_.ask<controller::AssignDirectories, void>(
        request, [this, request](const Result<void>& answer) { answered(request, answer); });
}

void NodeAssignments::answered(const controller::AssignDirectories& request, const Result<void>& answer) {
    is_sending_ = false;
    if (!answer) return machine_.after(retry_interval, [this] { send(); });
    for (const auto& [topic_id, partition, directory] : request.assignments) {
        const auto at = unheard_.find({topic_id, partition});
        if (at != unheard_.end() && at->second == directory) unheard_.erase(at);
    }
    send();
}

}  // namespace milena::sim::cluster
