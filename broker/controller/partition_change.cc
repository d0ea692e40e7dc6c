#include "controller/partition_change.h"

#include <algorithm>
#include <utility>

#include "controller/placement.h"

namespace milena::controller {
namespace {

using metadata::PartitionImage;

bool contains(const std::vector<NodeId>& nodes, NodeId node) { return std::ranges::find(nodes, node) != nodes.end(); }

bool contains_all(const std::vector<NodeId>& nodes, const std::vector<NodeId>& others) {
    return std::ranges::all_of(others, [&](NodeId other) { return contains(nodes, other); });
}

std::vector<NodeId> without(std::vector<NodeId> nodes, const std::vector<NodeId>& others) {
    std::erase_if(nodes, [&](NodeId node) { return contains(others, node); });
    return nodes;
}

// Once all replicas that stay are in sync, those that go are gone.
void complete_reassignment(PartitionTarget& target) {
    if (target.removing_replicas.empty() && target.adding_replicas.empty()) return;
    std::vector<NodeId> replicas = without(target.replicas, target.removing_replicas);
    std::vector<NodeId> isr = without(target.isr, target.removing_replicas);
    if (replicas.empty() || isr.empty() || !contains_all(isr, replicas)) return;
    target = {.replicas = std::move(replicas), .isr = std::move(isr), .removing_replicas = {}, .adding_replicas = {}};
}

class Electors {
  public:
    Electors(const metadata::Image& image, const PartitionImage& before, const PartitionTarget& target)
        : image_(image), before_(before), target_(target) {}

    struct Elected {
        NodeId node = no_node;
        bool is_unclean = false;
    };

    Elected elect(Election election) const {
        if (election == Election::preferred && !target_.replicas.empty() && may_lead(target_.replicas.front()))
            return {target_.replicas.front()};
        if (may_lead(before_.leader)) return {before_.leader};
        for (const NodeId node : target_.replicas)
            if (may_lead(node)) return {node};
        for (const NodeId node : target_.replicas)
            if (election == Election::unclean && is_alive(node)) return {node, true};
        return {};
    }

  private:
    bool is_alive(NodeId node) const {
        const metadata::BrokerImage* broker = image_.broker(node);
        return broker != nullptr && broker->is_active();
    }
    bool may_lead(NodeId node) const {
        return is_alive(node) && (contains(target_.isr, node) || (target_.isr.empty() && contains(before_.elr, node)));
    }

    const metadata::Image& image_;
    const PartitionImage& before_;
    const PartitionTarget& target_;
};

// A new leader, and what its election makes of those in sync.
void elect(const metadata::Image& image, const PartitionImage& before, PartitionTarget& target, Election election,
           wire::PartitionChangeRecord& change) {
    const Electors::Elected elected = Electors(image, before, target).elect(election);
    if (elected.node == before.leader) return;
    change.leader = elected.node.value;
    if (contains(before.elr, elected.node)) {
        target.isr = {elected.node};
        change.eligible_leader_replicas = plain_numbers(without(before.elr, {elected.node}));
    } else if (elected.is_unclean) {
        target.isr = {elected.node};
        if (before.leader_recovery_state != metadata::LeaderRecoveryState::recovering)
            change.leader_recovery_state = static_cast<int8_t>(metadata::LeaderRecoveryState::recovering);
    }
}

std::vector<Uuid> directories_of(const metadata::Image& image, const PartitionImage& before,
                                 const std::vector<NodeId>& replicas) {
    std::vector<Uuid> directories;
    for (const NodeId node : replicas)
        directories.push_back(before.has_replica(node) ? before.directory_of(node) : directory_on(image, node));
    return directories;
}

}  // namespace

std::vector<int32_t> plain_numbers(const std::vector<NodeId>& nodes) {
    std::vector<int32_t> numbers;
    for (const NodeId node : nodes) numbers.push_back(node.value);
    return numbers;
}

std::optional<wire::PartitionChangeRecord> change_partition(const metadata::Image& image, const PartitionImage& before,
                                                            PartitionTarget target, Election election) {
    complete_reassignment(target);
    wire::PartitionChangeRecord change;
    const wire::PartitionChangeRecord nothing = change;
    elect(image, before, target, election, change);
    // A replica that has gone must not go on as if it were one: a new epoch tells it.
    if (change.leader == nothing.leader && !contains_all(target.replicas, before.replicas))
        change.leader = before.leader.value;
    bool is_changed = change.leader != nothing.leader;
    const auto set = [&](auto& field, const std::vector<NodeId>& from, const std::vector<NodeId>& to) {
        if (from == to) return;
        field.emplace(plain_numbers(to));
        is_changed = true;
    };
    if (!target.isr.empty()) set(change.isr, before.isr, target.isr);
    set(change.replicas, before.replicas, target.replicas);
    set(change.removing_replicas, before.removing_replicas, target.removing_replicas);
    set(change.adding_replicas, before.adding_replicas, target.adding_replicas);
    if (change.replicas) change.directories.emplace(directories_of(image, before, target.replicas));
    return is_changed ? std::optional(std::move(change)) : std::nullopt;
}

}  // namespace milena::controller
