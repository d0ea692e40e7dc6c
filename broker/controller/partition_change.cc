#include "controller/partition_change.h"

#include <algorithm>
#include <utility>

#include "controller/placement.h"

namespace milena::controller {
namespace {

using metadata::LeaderRecoveryState;
using metadata::PartitionImage;
using Nodes = std::vector<NodeId>;

bool contains_all(const Nodes& nodes, const Nodes& others) {
    return std::ranges::all_of(others, [&](NodeId other) { return contains(nodes, other); });
}

Nodes without_those(Nodes nodes, const Nodes& others) {
    std::erase_if(nodes, [&](NodeId node) { return contains(others, node); });
    return nodes;
}

// Once all replicas that stay are in sync, those that go are gone.
void complete_reassignment(PartitionTarget& target) {
    if (target.removing_replicas.empty() && target.adding_replicas.empty()) return;
    Nodes replicas = without_those(target.replicas, target.removing_replicas);
    Nodes isr = without_those(target.isr, target.removing_replicas);
    if (replicas.empty() || isr.empty() || !contains_all(isr, replicas)) return;
    target.replicas = std::move(replicas);
    target.isr = std::move(isr);
    target.removing_replicas.clear();
    target.adding_replicas.clear();
}

// Who was in sync when records were last committed, and has lost nothing since.
Nodes eligible(const PartitionImage& before, const PartitionTarget& target, const Nodes& isr) {
    Nodes result;
    for (const NodeId node : target.replicas) {
        const bool had_everything = contains(before.isr, node) || contains(before.elr, node);
        if (had_everything && !contains(isr, node) && !contains(target.unclean, node)) result.push_back(node);
    }
    std::ranges::sort(result);
    return result;
}

// The one whose data is the newest when nobody is in sync any more.
Nodes last_in_sync(const PartitionImage& before) {
    if (before.leader != no_node) return {before.leader};
    return before.isr.size() == 1 ? before.isr : Nodes();
}

void update_elr(const LeadershipRules& rules, const PartitionImage& before, const PartitionTarget& target,
                PartitionImage& after) {
    if (!rules.has_elr) {
        if (after.isr.empty()) after.isr = before.isr;
        return;
    }
    if (after.isr.size() >= rules.needed_in_sync(after.replicas.size())) {
        after.elr.clear();
        after.last_known_elr.clear();
        return;
    }
    after.elr = eligible(before, target, after.isr);
    if (after.isr.empty() && !before.isr.empty()) after.last_known_elr = last_in_sync(before);
}

class Electors {
  public:
    // Those of `partition`, whose leader is still the former one.
    Electors(const metadata::Image& image, const PartitionImage& partition) : image_(image), partition_(partition) {}

    struct Elected {
        NodeId node = no_node;
        bool is_unclean = false;
    };

    Elected elect(const LeadershipRules& rules, Election election) const {
        const Nodes& replicas = partition_.replicas;
        if (election == Election::preferred && !replicas.empty() && may_lead(replicas.front()))
            return {replicas.front()};
        if (may_lead(partition_.leader)) return {partition_.leader};
        for (const NodeId node : replicas)
            if (may_lead(node)) return {node};
        for (const NodeId node : replicas)
            if (was_last(node) && is_alive(node)) return {node};
        if (election == Election::unclean || (election == Election::online && rules.allows_unclean)) {
            for (const NodeId node : replicas)
                if (is_alive(node)) return {node, true};
        }
        return {};
    }

  private:
    bool is_alive(NodeId node) const { return can_serve(image_, partition_, node); }
    bool may_lead(NodeId node) const {
        const bool is_in_sync = contains(partition_.isr, node);
        return (is_in_sync || (partition_.isr.empty() && contains(partition_.elr, node))) && is_alive(node);
    }
    bool was_last(NodeId node) const {
        return partition_.isr.empty() && partition_.elr.empty() && partition_.last_known_elr == Nodes{node};
    }

    const metadata::Image& image_;
    const PartitionImage& partition_;
};

// A new leader, and what its election makes of the others. After an unclean one, those that were eligible are no
// longer: what they have is not what the partition goes on with.
void elect(const metadata::Image& image, const LeadershipRules& rules, Election election, PartitionImage& after) {
    const Electors::Elected elected = Electors(image, after).elect(rules, election);
    after.leader = elected.node;
    if (elected.node == no_node) return;
    after.last_known_elr.clear();
    if (contains(after.isr, elected.node)) return;
    after.isr = {elected.node};
    std::erase(after.elr, elected.node);
    if (!elected.is_unclean) return;
    after.elr.clear();
    after.leader_recovery_state = LeaderRecoveryState::recovering;
}

std::vector<Uuid> directories_of(const metadata::Image& image, const PartitionImage& before, const Nodes& replicas) {
    std::vector<Uuid> directories;
    for (const NodeId node : replicas)
        directories.push_back(before.has_replica(node) ? before.directory_of(node) : directory_on(image, node));
    return directories;
}

std::optional<wire::PartitionChangeRecord> difference(const metadata::Image& image, const PartitionImage& before,
                                                      const PartitionImage& after, bool is_led_anew) {
    wire::PartitionChangeRecord change;
    bool is_changed = is_led_anew;
    if (is_led_anew) change.leader = after.leader.value;
    const auto set = [&](auto& field, const Nodes& from, const Nodes& to) {
        if (from == to) return;
        field.emplace(plain_numbers(to));
        is_changed = true;
    };
    set(change.isr, before.isr, after.isr);
    set(change.replicas, before.replicas, after.replicas);
    set(change.removing_replicas, before.removing_replicas, after.removing_replicas);
    set(change.adding_replicas, before.adding_replicas, after.adding_replicas);
    set(change.eligible_leader_replicas, before.elr, after.elr);
    set(change.last_known_elr, before.last_known_elr, after.last_known_elr);
    if (change.replicas) change.directories.emplace(directories_of(image, before, after.replicas));
    if (before.leader_recovery_state != after.leader_recovery_state) {
        change.leader_recovery_state = static_cast<int8_t>(after.leader_recovery_state);
        is_changed = true;
    }
    return is_changed ? std::optional(std::move(change)) : std::nullopt;
}

}  // namespace

bool contains(const Nodes& nodes, NodeId node) { return std::ranges::find(nodes, node) != nodes.end(); }

std::vector<int32_t> plain_numbers(const Nodes& nodes) {
    std::vector<int32_t> numbers;
    for (const NodeId node : nodes) numbers.push_back(node.value);
    return numbers;
}

bool is_moving(const PartitionImage& partition) {
    return !partition.adding_replicas.empty() || !partition.removing_replicas.empty();
}

bool is_online(const Uuid& directory, const std::vector<Uuid>& directories) {
    if (directory == metadata::lost_directory) return false;
    // Brokers of old versions don't say which directories they have.
    return directory.is_reserved() || directories.empty() ||
           std::ranges::find(directories, directory) != directories.end();
}

bool is_among_full(const metadata::BrokerImage& broker, const std::vector<Uuid>& full, const Uuid& directory) {
    const auto is_full = [&full](const Uuid& one) { return std::ranges::find(full, one) != full.end(); };
    if (!directory.is_reserved()) return is_full(directory);
    return directory != metadata::lost_directory && !broker.directories.empty() &&
           std::ranges::all_of(broker.directories, is_full);
}

bool can_serve(const metadata::Image& image, const PartitionImage& partition, NodeId node) {
    const metadata::BrokerImage* broker = image.broker(node);
    return broker != nullptr && broker->is_active() && is_online(partition.directory_of(node), broker->directories);
}

PartitionTarget PartitionTarget::without(const PartitionImage& partition, NodeId node) {
    PartitionTarget target = same_as(partition);
    std::erase(target.isr, node);
    return target;
}

std::optional<wire::PartitionChangeRecord> change_partition(const metadata::Image& image, const LeadershipRules& rules,
                                                            const PartitionImage& before, PartitionTarget target) {
    const bool has_enough = target.isr.size() >= rules.needed_in_sync(before.replicas.size());
    if (target.keeps_enough_in_sync && !has_enough) return std::nullopt;
    complete_reassignment(target);
    PartitionImage after = before;
    after.replicas = target.replicas;
    after.directories = directories_of(image, before, target.replicas);
    after.isr = target.isr;
    after.removing_replicas = target.removing_replicas;
    after.adding_replicas = target.adding_replicas;
    if (target.is_recovered) after.leader_recovery_state = LeaderRecoveryState::recovered;
    update_elr(rules, before, target, after);
    elect(image, rules, target.election, after);
    // A replica that has gone must not go on as if it were one: a new epoch tells it.
    const bool is_led_anew =
        after.leader != before.leader || target.is_led_anew || !contains_all(after.replicas, before.replicas);
    return difference(image, before, after, is_led_anew);
}

}  // namespace milena::controller
