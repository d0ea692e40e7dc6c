#include "sim/cluster/sim_cluster.h"

#include <algorithm>

namespace milena::sim::cluster {
namespace {

using std::chrono::milliseconds;

constexpr uint64_t nodes_min = 3;
constexpr uint64_t nodes_max = 5;
constexpr Duration supervision_interval = milliseconds(50);
constexpr Duration look_interval = milliseconds(100);
constexpr uint64_t one_restart_in = 40;  // looks at a process that has lost a directory

int32_t draw_voters(World& world, uint64_t nodes) { return nodes < nodes_max || world.random.one_in(2) ? 3 : 5; }

}  // namespace

SimCluster::SimCluster(uint64_t seed, Policy policy)
    : world(seed),
      checker(world, network, policy),
      nodes_count_(nodes_min + world.random.below(nodes_max - nodes_min + 1)),
      setup_(small_setup(policy, draw_voters(world, nodes_count_))),
      processes_(nodes_count_) {
    for (size_t i = 1; i <= nodes_count_; ++i) {
        machines_.push_back(std::make_unique<Machine>(world, NodeId(static_cast<int32_t>(i))));
        network.add(*machines_.back());
    }
}

SimCluster::~SimCluster() = default;

void SimCluster::start() {
    for (const auto& machine : machines_) start(machine->id());
    supervise();
    look();
}

void SimCluster::start(NodeId id) {
    auto& process = processes_[static_cast<size_t>(id.value - 1)];
    if (process) return;
    checker.started(id);
    process = std::make_unique<SimNode>(network, machine(id), setup_, checker, previous_epoch(id));
    if (process->must_restart()) return end(id, false);
    world.trace("node started", id.value);
    ++restarts_;
}

// What a process that has ended cleanly leaves beside the marker of that.
int64_t SimCluster::previous_epoch(NodeId id) const {
    const auto at = clean_epochs_.find(id);
    return at == clean_epochs_.end() ? -1 : at->second;
}

void SimCluster::start_soon(NodeId id) {
    const bool is_quick = is_peaceful_ || world.random.one_in(2);
    const Duration longest = is_quick ? milliseconds(400) : milliseconds(4000);
    world.after(milliseconds(50) + world.random.up_to(longest), [this, id] { start(id); });
}

// Who is silent is found out by timeouts.
void SimCluster::end(NodeId id, bool loses_power) {
    auto& process = processes_[static_cast<size_t>(id.value - 1)];
    const bool tells = !loses_power || world.random.one_in(2);
    world.trace(loses_power ? "node without power" : "node killed", id.value);
    if (process) {
        process->kill(tells);
        checker.ended_uncleanly(id, process->incarnation(), process->has_begun());
        process.reset();
        start_soon(id);
    }
    if (!loses_power) return machine(id).disk().restart();
    machine(id).disk().lose_power();
    if (setup_.policy == Policy::page_cache) checker.lost_content(id);
}

void SimCluster::stop_cleanly(NodeId id) {
    SimNode* node = process(id);
    if (node == nullptr) return;
    const bool loses_power = world.random.one_in(2);
    node->stop_cleanly([this, id, loses_power, life = machine(id).life()](bool is_clean) {
        // Later: this is called from within the process. After the marker nothing needs power any more.
        world.after(Duration{}, [this, id, is_clean, loses_power, life] {
            if (machine(id).life() != life) return;
            world.trace("stopped", id.value, is_clean ? 1 : 0);
            auto& process = processes_[static_cast<size_t>(id.value - 1)];
            if (is_clean)
                clean_epochs_[id] = process->broker_epoch();
            else
                checker.ended_uncleanly(id, process->incarnation(), process->has_begun());
            process.reset();
            if (is_clean && loses_power)
                machine(id).disk().lose_power();
            else
                machine(id).disk().restart();
            start_soon(id);
        });
    });
}

// Kubernetes' part: a process that can't go on is started again.
void SimCluster::supervise() {
    for (const auto& machine : machines_) {
        SimNode* node = process(machine->id());
        if (node == nullptr || machine->is_paused()) continue;
        const bool has_enough = node->has_lost_a_directory() && world.random.one_in(one_restart_in);
        if (!node->must_restart() && !has_enough) continue;
        world.trace("node died", node->id().value);
        kill(node->id());
    }
    world.after(supervision_interval, [this] { supervise(); });
}

void SimCluster::look() {
    checker.look_at(processes(), active_controller());
    world.after(look_interval, [this] { look(); });
}

std::vector<SimNode*> SimCluster::processes() {
    std::vector<SimNode*> all;
    for (const auto& process : processes_)
        if (process) all.push_back(process.get());
    return all;
}

SimNode* SimCluster::active_controller() {
    SimNode* found = nullptr;
    for (SimNode* node : processes()) {
        if (node->must_restart() || !node->controller().is_active()) continue;
        if (found == nullptr || node->raft()->epoch() > found->raft()->epoch()) found = node;
    }
    return found;
}

NodeId SimCluster::leader_of(PartitionIndex partition) const {
    const metadata::PartitionImage* image = checker.newest() ? partition_at(*checker.newest(), partition) : nullptr;
    return image == nullptr ? no_node : image->leader;
}

void SimCluster::make_peace() {
    is_peaceful_ = true;
    network.mend();
    network.speed_up();
    network.loses_one_in = network.repeats_one_in = 0;
    network.delay_max = ClusterNetwork::usual_delay_max;
    for (const auto& machine : machines_) {
        machine->disk().heal();
        machine->disk().crash_at_write(0);
        machine->slow_disk_down(1);
        machine->clock().drift(0);
        if (machine->is_paused()) machine->resume();
    }
}

bool SimCluster::are_all_serving() {
    return std::ranges::all_of(processes_, [](const auto& process) {
        return process != nullptr && process->is_serving() && !process->has_lost_a_directory();
    });
}

}  // namespace milena::sim::cluster
