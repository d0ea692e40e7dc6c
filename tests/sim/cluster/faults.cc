#include "sim/cluster/faults.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "controller/broker_placement.h"

namespace milena::sim::cluster {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr size_t replication_factor = 3;

// What is rebuilt when it is damaged, so that a flipped bit costs nothing but time.
constexpr std::array<const char*, 3> rebuildable{".index", ".timeindex", ".snapshot"};

constexpr Duration pause_min = milliseconds(300);
constexpr Duration burst_pause_max = milliseconds(200);
constexpr uint64_t one_in_a_burst_of = 4;
constexpr uint64_t one_ambush_in = 3;

// At such moments something is half done.
constexpr std::array<const char*, 8> ambushes{"isr growth",          "isr shrink",          "partition election",
                                              "controller election", "controlled shutdown", "reassignment",
                                              "registration",        "truncation"};
constexpr std::array<Faults::Trap, 5> traps{{
    {"slow link", "isr growth asked", "kill"},                   // who is let in is another process by then
    {"isolation", "truncation", "power loss"},                   // what took the place of what was cut off may go
    {"power loss of all but one", "registration", "slow link"},  // who comes back has less than is known of it
    {"power loss of all", "partition election", "power loss"},   // what was cut off at the start may come back
    {"slow disks", "partition election", "kill all"},            // what lies in the page cache isn't durable for long
}};
constexpr uint64_t one_ambush_is_a_trap_in = 2;
constexpr Duration ambush_max = seconds(5);
constexpr Duration trap_max = seconds(12);
constexpr uint64_t one_goes_elsewhere_in = 4;
constexpr Duration ambush_look_interval = milliseconds(1);
constexpr Duration ambush_delay_max = milliseconds(20);
constexpr Duration ambush_delay_max_of_some = seconds(1);

// One directory or both.
constexpr std::array<const char*, 3> error_scopes{"/data-a", "/data-b", "/data"};

}  // namespace

const std::vector<Faults::Kind>& Faults::kinds() {
    static const std::vector<Kind> all{
        {"crash at write", &Faults::crash_at_write},
        {"kill", &Faults::kill_one},
        {"kill leader", &Faults::kill_leader},
        {"kill controller", &Faults::kill_controller},
        {"kill all", &Faults::kill_all},
        {"kill all but one", &Faults::kill_all_but_one},
        {"power loss", &Faults::lose_power},
        {"power loss of all", &Faults::lose_all_power},
        {"power loss of all but one", &Faults::lose_all_power_but_one},
        {"disk full", &Faults::fill_disk},
        {"disk errors", &Faults::fail_disk},
        {"sync errors", &Faults::fail_syncs},
        {"slow disk", &Faults::slow_disk_down},
        {"slow disks", &Faults::slow_all_disks_down},
        {"flipped bit", &Faults::flip_bit},
        {"clean restart", &Faults::restart_cleanly},
        {"pause", &Faults::pause_one},
        {"pause leader", &Faults::pause_leader},
        {"isolation", &Faults::isolate_one},
        {"cut from controller", &Faults::cut_from_controller},
        {"one-way cut", &Faults::cut_one_way},
        {"bridge", &Faults::leave_a_bridge},
        {"network trouble", &Faults::trouble_network},
        {"slow link", &Faults::slow_link_down},
        {"clock step", &Faults::step_clock},
        {"clock drift", &Faults::drift_clock},
        {"reassignment", &Faults::reassign},
        {"drain", &Faults::drain},
        {"voter change", &Faults::change_voters},
    };
    return all;
}

const Faults::Kind& Faults::kind_of(std::string_view name) {
    const auto at = std::ranges::find(kinds(), name, &Kind::name);
    check(at != kinds().end());
    return *at;
}

// Some lives are harder than others.
Faults::Faults(SimCluster& cluster)
    : cluster_(cluster),
      world_(cluster.world),
      pause_max_(seconds(world_.random.one_in(2) ? 2 : 6)),
      trap_(traps[world_.random.below(traps.size())]) {
    for (const Kind& kind : kinds())
        if (world_.random.one_in(2)) chosen_.push_back(kind);
    if (chosen_.empty()) chosen_.push_back(kinds()[1]);
}

void Faults::begin(Instant end) {
    end_ = end;
    plan_next();
}

// Some come close together: what one leaves half done, the next one meets.
void Faults::plan_next() {
    const Duration pause = world_.random.one_in(one_in_a_burst_of) ? world_.random.up_to(burst_pause_max)
                                                                   : pause_min + world_.random.up_to(pause_max_);
    world_.after(pause, [this] {
        if (world_.clock.now() + seconds(1) >= end_) return;
        if (world_.random.one_in(one_ambush_in))
            ambush();
        else
            inject(any_kind());
        plan_next();
    });
}

void Faults::inject(const Kind& kind) {
    world_.trace(kind.name);
    cluster_.checker.coverage().mark(std::string("fault: ") + kind.name);
    ++count_;
    (this->*kind.inject)();
}

// A fault as soon as something has happened that is worth it.
void Faults::ambush() {
    const auto wait = [this](const char* mark, Duration longest, const Kind& kind) {
        wait_for(mark, cluster_.checker.coverage().count(mark), std::min(world_.clock.now() + longest, end_), kind);
    };
    if (!world_.random.one_in(one_ambush_is_a_trap_in))
        return wait(ambushes[world_.random.below(ambushes.size())], ambush_max, any_kind());
    inject(kind_of(trap_.first));
    wait(trap_.mark, trap_max, kind_of(trap_.then));
}

void Faults::wait_for(const char* mark, uint64_t before, Instant until, const Kind& kind) {
    if (world_.clock.now() >= until) return;
    const Coverage& coverage = cluster_.checker.coverage();
    if (coverage.count(mark) > before) {
        const Duration longest = world_.random.one_in(2) ? ambush_delay_max : ambush_delay_max_of_some;
        return world_.after(world_.random.up_to(longest), [this, node = coverage.last_at(mark), &kind] {
            if (world_.clock.now() >= end_) return;
            cluster_.checker.coverage().mark("ambush");
            scene_ = node;
            inject(kind);
            scene_ = no_node;
        });
    }
    world_.after(ambush_look_interval, [this, mark, before, until, &kind] { wait_for(mark, before, until, kind); });
}

NodeId Faults::victim() {
    return scene_ != no_node && !world_.random.one_in(one_goes_elsewhere_in) ? scene_ : cluster_.any();
}

NodeId Faults::leader_or_any() {
    const NodeId leader = cluster_.leader_of(PartitionIndex(static_cast<int32_t>(world_.random.below(place_count))));
    return leader == no_node ? cluster_.any() : leader;
}

// --- processes and power ---------------------------------------------------------------------------------------------

void Faults::crash_at_write() { cluster_.machine(victim()).disk().crash_at_write(1 + world_.random.below(60)); }

void Faults::kill_one() { cluster_.kill(victim()); }

void Faults::kill_leader() { cluster_.kill(leader_or_any()); }

void Faults::kill_controller() {
    const SimNode* active = cluster_.active_controller();
    cluster_.kill(active == nullptr ? cluster_.any() : active->id());
}

void Faults::kill_all() {
    for (int32_t i = 1; i <= cluster_.size(); ++i) cluster_.kill(NodeId(i));
}

// What it has is all there is, for a while.
void Faults::kill_all_but_one() {
    const NodeId spared = victim();
    for (int32_t i = 1; i <= cluster_.size(); ++i)
        if (NodeId(i) != spared) cluster_.kill(NodeId(i));
}

void Faults::lose_power() { cluster_.lose_power(victim()); }

void Faults::lose_all_power() {
    for (int32_t i = 1; i <= cluster_.size(); ++i) cluster_.lose_power(NodeId(i));
}

void Faults::lose_all_power_but_one() {
    const NodeId spared = victim();
    for (int32_t i = 1; i <= cluster_.size(); ++i)
        if (NodeId(i) != spared) cluster_.lose_power(NodeId(i));
}

void Faults::restart_cleanly() { cluster_.stop_cleanly(victim()); }

// --- disks -----------------------------------------------------------------------------------------------------------

void Faults::heal_disk_after(NodeId id, Duration longest) {
    world_.after(milliseconds(100) + world_.random.up_to(longest), [this, id] { cluster_.machine(id).disk().heal(); });
}

void Faults::fill_disk() {
    const NodeId id = victim();
    SimDisk& disk = cluster_.machine(id).disk();
    disk.limit_capacity(disk.used_bytes() + world_.random.below(4096));
    heal_disk_after(id, seconds(4));
}

void Faults::fail_disk() {
    const NodeId id = victim();
    cluster_.machine(id).disk().fail_below(error_scopes[world_.random.below(error_scopes.size())]);
    heal_disk_after(id, seconds(2));
}

// What a device refuses once may be gone for ever, though the page cache still has it.
void Faults::fail_syncs() {
    const NodeId id = victim();
    cluster_.machine(id).disk().fail_syncs(true);
    heal_disk_after(id, seconds(2));
    if (!world_.random.one_in(2)) return;
    world_.after(world_.random.up_to(seconds(1)), [this, id] {
        if (world_.clock.now() < end_) cluster_.lose_power(id);
    });
}

void Faults::slow_disk_down() {
    const NodeId id = victim();
    cluster_.machine(id).slow_disk_down(1 + static_cast<int64_t>(world_.random.below(100)));
    world_.after(world_.random.up_to(seconds(6)), [this, id] { cluster_.machine(id).slow_disk_down(1); });
}

void Faults::slow_all_disks_down() {
    const auto slow = [this](int64_t times) {
        for (int32_t i = 1; i <= cluster_.size(); ++i) cluster_.machine(NodeId(i)).slow_disk_down(times);
    };
    slow(1 + static_cast<int64_t>(world_.random.below(30)));
    world_.after(world_.random.up_to(seconds(6)), [slow] { slow(1); });
}

void Faults::flip_bit() {
    const NodeId id = victim();
    cluster_.kill(id);
    cluster_.machine(id).disk().flip_bit(rebuildable[world_.random.below(rebuildable.size())]);
}

// --- time ------------------------------------------------------------------------------------------------------------

// Now and then longer than any timeout.
void Faults::pause(NodeId id) {
    Machine& machine = cluster_.machine(id);
    if (machine.is_paused()) return;
    machine.pause();
    const Duration longest = world_.random.one_in(3) ? seconds(14) : seconds(4);
    world_.after(milliseconds(100) + world_.random.up_to(longest), [&machine, life = machine.life()] {
        if (machine.life() == life && machine.is_paused()) machine.resume();
    });
}

void Faults::pause_one() { pause(victim()); }

void Faults::pause_leader() { pause(leader_or_any()); }

// Less than an hour altogether: a batch that seems to come from further in the future is refused, as in Kafka.
void Faults::step_clock() {
    cluster_.machine(victim()).clock().step_wall(world_.random.up_to(std::chrono::minutes(50)) -
                                                 std::chrono::minutes(25));
}

void Faults::drift_clock() {
    constexpr int64_t millionths_max = 30'000;
    cluster_.machine(victim()).clock().drift(static_cast<int64_t>(world_.random.below(2 * millionths_max)) -
                                             millionths_max);
}

// --- the network -----------------------------------------------------------------------------------------------------

void Faults::mend_after(Duration longest) {
    world_.after(milliseconds(200) + world_.random.up_to(longest), [this, cut = ++cut_] {
        if (cut == cut_) cluster_.network.mend();
    });
}

void Faults::isolate_one() {
    const NodeId id = world_.random.one_in(2) ? victim() : leader_or_any();
    for (int32_t i = 1; i <= cluster_.size(); ++i) {
        if (NodeId(i) == id) continue;
        cluster_.network.cut(id, NodeId(i));
        cluster_.network.cut(NodeId(i), id);
    }
    mend_after(seconds(10));
}

// A leader's followers still hear it, and a follower its leader.
void Faults::cut_from_controller() {
    const SimNode* active = cluster_.active_controller();
    const NodeId id = world_.random.one_in(2) ? victim() : leader_or_any();
    if (active == nullptr || active->id() == id) return;
    cluster_.network.cut(id, active->id());
    cluster_.network.cut(active->id(), id);
    mend_after(seconds(8));
}

void Faults::cut_one_way() {
    const NodeId from = victim();
    for (int32_t i = 1; i <= cluster_.size(); ++i)
        if (NodeId(i) != from && world_.random.one_in(2)) cluster_.network.cut(from, NodeId(i));
    mend_after(seconds(8));
}

// Two halves that only one node still connects.
void Faults::leave_a_bridge() {
    const NodeId bridge = cluster_.any();
    for (int32_t a = 1; a <= cluster_.size(); ++a) {
        for (int32_t b = 1; b <= cluster_.size(); ++b) {
            const bool is_across = a % 2 != b % 2 && NodeId(a) != bridge && NodeId(b) != bridge;
            if (is_across) cluster_.network.cut(NodeId(a), NodeId(b));
        }
    }
    mend_after(seconds(10));
}

void Faults::trouble_network() {
    ClusterNetwork& network = cluster_.network;
    network.loses_one_in = 4 + world_.random.below(8);
    network.repeats_one_in = 2 + world_.random.below(8);
    network.delay_max = world_.random.up_to(milliseconds(200)) + milliseconds(1);
    world_.after(world_.random.up_to(seconds(6)), [&network] {
        network.loses_one_in = network.repeats_one_in = 0;
        network.delay_max = ClusterNetwork::usual_delay_max;
    });
}

void Faults::slow_link_down() {
    ClusterNetwork& network = cluster_.network;
    const NodeId id = scene_ != no_node || world_.random.one_in(2) ? victim() : leader_or_any();
    const Duration longest = world_.random.one_in(3) ? milliseconds(1200) : milliseconds(400);
    network.slow_down(id, world_.random.up_to(longest));
    world_.after(world_.random.up_to(seconds(8)), [&network] { network.speed_up(); });
}

// --- what an operator does -------------------------------------------------------------------------------------------

void Faults::reassign() {
    SimNode* active = cluster_.active_controller();
    if (active == nullptr || active->image() == nullptr) return;
    std::vector<int32_t> nodes;
    for (int32_t i = 1; i <= cluster_.size(); ++i) nodes.push_back(i);
    for (size_t i = nodes.size() - 1; i > 0; --i) std::swap(nodes[i], nodes[world_.random.below(i + 1)]);
    nodes.resize(replication_factor);
    wire::AlterPartitionReassignmentsRequest request;
    auto& topic = request.topics.emplace_back();
    const PartitionIndex place(static_cast<int32_t>(world_.random.below(place_count)));
    topic.name = topic_of(place);
    auto& partition = topic.partitions.emplace_back();
    partition.partition_index = partition_of(place).value;
    const bool is_cancelled = world_.random.one_in(5);
    if (!is_cancelled) partition.replicas = nodes;
    active->controller().submit(request, [this](const wire::AlterPartitionReassignmentsResponse& response) {
        const bool has_answer = !response.responses.empty() && !response.responses.front().partitions.empty();
        world_.trace("reassignment answered", static_cast<int64_t>(response.error_code),
                     has_answer ? static_cast<int64_t>(response.responses.front().partitions.front().error_code) : 0);
    });
}

// One broker at a time, and only where the others are enough; or it is to stay after all.
void Faults::drain() {
    SimNode* active = cluster_.active_controller();
    if (active == nullptr || cluster_.size() <= static_cast<int32_t>(replication_factor)) return;
    const std::set<NodeId> draining = controller::draining_brokers(*active->controller().image());
    using controller::BrokerPlacement;
    const controller::PlaceOnBroker request{draining.empty() ? victim() : *draining.begin(),
                                            draining.empty() ? BrokerPlacement::draining : BrokerPlacement::open};
    active->controller().submit(request, [this, broker = request.broker](const Result<void>& done) {
        world_.trace("placement answered", broker.value, static_cast<int64_t>(done ? ErrorCode::none : done.error()));
    });
}

// A voter more or one less, and never fewer than two.
void Faults::change_voters() {
    constexpr size_t voters_min = 2;
    constexpr int32_t patience_ms = 2000;
    SimNode* active = cluster_.active_controller();
    const SimNode* node = cluster_.process(victim());
    if (active == nullptr || node == nullptr || node->raft() == nullptr) return;
    const raft::Voter voter = node->as_voter();
    const auto note = [this, id = voter.id](const auto& response) {
        world_.trace("voter change answered", id.value, static_cast<int64_t>(response.error_code));
    };
    if (active->raft()->voters().find(voter.id) == nullptr) {
        wire::AddRaftVoterRequest request;
        request.timeout_ms = patience_ms;
        request.voter_id = voter.id.value;
        request.voter_directory_id = voter.directory_id;
        for (const raft::VoterEndpoint& at : voter.endpoints) request.listeners.push_back({at.name, at.host, at.port});
        return active->controller().submit(request, note);
    }
    if (active->raft()->voters().size() <= voters_min) return;
    wire::RemoveRaftVoterRequest request;
    request.voter_id = voter.id.value;
    request.voter_directory_id = voter.directory_id;
    active->controller().submit(request, note);
}

}  // namespace milena::sim::cluster
