#include <algorithm>
#include <utility>

#include "replica/partition_table.h"

namespace milena::replica {

void PartitionTable::renew_brokers() {
    context_.active_brokers.clear();
    for (const auto& [id, broker] : *image_->brokers)
        if (broker.is_active()) context_.active_brokers.emplace(id, broker.epoch);
}

void PartitionTable::take_role(Replica& replica, const metadata::PartitionImage& partition) {
    const NodeId leader_before = replica.is_follower() ? replica.leader() : no_node;
    const LeaderEpoch epoch_before = replica.leader_epoch();
    if (partition.leader == environment_.node)
        replica.become_leader({.epoch = partition.leader_epoch,
                               .partition_epoch = partition.partition_epoch,
                               .isr = partition.isr,
                               .replicas = partition.replicas,
                               .adding_count = partition.adding_replicas.size()});
    else if (partition.leader == no_node)
        replica.resign(partition.leader_epoch);
    else
        replica.become_follower(partition.leader_epoch, partition.leader);
    const NodeId leader = replica.is_follower() ? replica.leader() : no_node;
    if (leader == leader_before && (leader == no_node || replica.leader_epoch() == epoch_before)) return;
    follow_changes_.push_back({replica.key(), leader, replica.leader_epoch(), leader_before});
}

void PartitionTable::no_longer_followed(const Replica& replica) {
    if (replica.is_follower())
        follow_changes_.push_back({replica.key(), no_node, replica.leader_epoch(), replica.leader()});
}

void PartitionTable::tell_following() {
    if (following_ && !follow_changes_.empty()) following_(std::exchange(follow_changes_, {}));
    follow_changes_.clear();
}

bool PartitionTable::look_after_replicas(size_t count_max) {
    looked_after_last_ = each_after(looked_after_last_, count_max, [](Replica& replica) { replica.look_after(); });
    return !looked_after_last_;
}

void ReplicationMetrics::add(const Replica& replica, Instant now) {
    if (!replica.is_leader()) return;
    ++leaders;
    under_replicated += replica.is_under_replicated();
    under_min_isr += replica.is_under_min_isr();
    at_min_isr += replica.is_at_min_isr();
    const Offset log_end = replica.log().log_end_offset();
    for (const Isr::Follower& follower : replica.followers()) {
        if (follower.safe_end == no_offset || follower.safe_end == log_end) continue;
        lag_records_max = std::max(lag_records_max, log_end - follower.safe_end);
        const uint64_t bytes = replica.log().bytes_from(follower.safe_end);
        lag_bytes_max = std::max(lag_bytes_max, bytes);
        lag_bytes += bytes;
        if (follower.caught_up_at) lag_max = std::max(lag_max, now - *follower.caught_up_at);
    }
}

ReplicationMetrics PartitionTable::replication_counts() const {
    ReplicationMetrics metrics;
    metrics.isr_shrinks = context_.isr_shrinks;
    metrics.isr_expands = context_.isr_expands;
    metrics.isr_changes_failed = context_.isr_changes_failed;
    return metrics;
}

ReplicationMetrics PartitionTable::replication_metrics() {
    ReplicationMetrics metrics = replication_counts();
    each([&, now = environment_.clock.now()](const Replica& replica) { metrics.add(replica, now); });
    return metrics;
}

}  // namespace milena::replica
