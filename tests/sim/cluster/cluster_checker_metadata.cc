// ClusterChecker: what it makes of the metadata.
#include <algorithm>
#include <utility>

#include "controller/broker_placement.h"
#include "metadata/image_records.h"
#include "sim/cluster/checker_words.h"
#include "sim/cluster/cluster_checker.h"

namespace milena::sim::cluster {
namespace {

uint64_t hash_of(const metadata::Image& image) {
    const int16_t version = metadata::metadata_version(*image.features);
    uint64_t hash = fnv_basis;
    metadata::write_image(
        image, [&](const metadata::Record& record) { fold(hash, metadata::encode_record(record, version).span()); });
    return hash;
}

}  // namespace

void ClusterChecker::became_active(NodeId node, LeaderEpoch epoch) {
    world_.trace("active controller", node.value, epoch.value);
    coverage_.mark_at("controller election", node);
    const auto [at, is_new] = active_.try_emplace(epoch, node);
    if (!is_new && at->second != node)
        complain("single leader: " + text(at->second) + " and " + text(node) + " lead the metadata log in " +
                 std::to_string(epoch.value));
}

void ClusterChecker::published(NodeId node, const metadata::Delta& delta) {
    const std::shared_ptr<const metadata::Image>& image = delta.after;
    Process& process = processes_[node];
    world_.trace("published", node.value, image->offset.value, image->epoch.value);
    if (image->offset < process.image) complain("monotonic epoch: the metadata image of " + text(node) + " went back");
    process.image = std::max(process.image, image->offset);
    compare_image(node, *image);
    if (newest_ && image->offset <= newest_->offset) return;
    const auto before = std::exchange(newest_, image);
    if (before) note_changes(*before, *image);
    note_drain();
    review_losses();
    for (int32_t i = 0; i < place_count; ++i) check_in_sync(PartitionIndex(i));
}

// Its shards use the newest image: what was opened with it must not promise more than there is.
void ClusterChecker::applied(SimNode& node) {
    for (int32_t i = 0; newest_ && i < place_count; ++i) {
        const auto key = key_at(*newest_, PartitionIndex(i));
        const replica::Replica* replica = key ? node.find(*key) : nullptr;
        if (replica != nullptr && replica->high_watermark() > replica->log().log_end_offset())
            complain("monotonic high watermark: it is beyond the log end in " + text(PartitionIndex(i)) + " at " +
                     text(node.id()));
    }
}

void ClusterChecker::compare_image(NodeId node, const metadata::Image& image) {
    const auto [at, is_new] = images_.try_emplace(image.offset, hash_of(image));
    if (!is_new && at->second != hash_of(image))
        complain("metadata images equal: not at offset " + std::to_string(image.offset.value) + ", " + text(node));
}

void ClusterChecker::note_changes(const metadata::Image& before, const metadata::Image& after) {
    for (const auto& [id, broker] : *after.brokers) {
        const metadata::BrokerImage* former = before.broker(id);
        // In its last record the broker is registered: nothing has happened since.
        if (former != nullptr && former->epoch != broker.epoch && after.offset == Offset(broker.epoch))
            registered_anew(broker);
        if (former == nullptr || former->is_fenced || !broker.is_fenced || former->epoch != broker.epoch) continue;
        coverage_.mark_at("broker fenced", id);
        if (network_.machine(id).is_paused()) coverage_.mark("silent broker fenced");
        world_.trace("fenced", id.value, broker.epoch);
    }
    for (int32_t i = 0; i < place_count; ++i) {
        const metadata::PartitionImage* partition = partition_at(after, PartitionIndex(i));
        const metadata::PartitionImage* former = partition_at(before, PartitionIndex(i));
        if (partition == nullptr || former == nullptr) continue;
        note_changes(*former, *partition, i);
        check_replicas(*partition, i);
    }
}

// The last one in sync stays so where there is no ELR, whatever becomes of its broker.
void ClusterChecker::check_replicas(const metadata::PartitionImage& partition, int32_t index) {
    const std::string where = "in sync: partition " + std::to_string(index) + ": ";
    if (partition.leader != no_node && !contains(partition.isr, partition.leader))
        complain(where + "the leader, " + text(partition.leader) + ", is not");
    const metadata::BrokerImage* leader = newest_->broker(partition.leader);
    if (partition.leader != no_node && (leader == nullptr || leader->is_fenced))
        complain(where + "the leader, " + text(partition.leader) + ", is fenced");
    for (const NodeId node : partition.isr) {
        const metadata::BrokerImage* broker = newest_->broker(node);
        if (!partition.has_replica(node)) complain(where + text(node) + " is no replica");
        if (contains(partition.elr, node)) complain(where + text(node) + " is eligible besides");
        if (partition.isr.size() > 1 && (broker == nullptr || broker->is_fenced))
            complain(where + text(node) + " is fenced");
    }
}

void ClusterChecker::registered_anew(const metadata::BrokerImage& broker) {
    const NodeId node = broker.id;
    coverage_.mark_at("registration", node);
    world_.trace("registered anew", node.value, broker.epoch);
    const auto ended = unclean_.find(node);
    // It has ended again before this was seen.
    if (ended != unclean_.end() && ended->second.incarnations.contains(broker.incarnation_id)) return;
    const bool is_unclean = ended != unclean_.end() && ended->second.is_certain;
    unclean_.erase(node);
    for (int32_t i = 0; i < place_count; ++i) {
        const metadata::PartitionImage* image = partition(PartitionIndex(i));
        if (image == nullptr) continue;
        const bool is_in_sync = image->isr.size() > 1 && contains(image->isr, node);
        const bool is_eligible = is_unclean && contains(image->elr, node);
        if (is_in_sync || is_eligible)
            complain("unclean is out: " + text(node) + " has started anew and is still " +
                     (is_in_sync ? "in sync" : "eligible") + " in partition " + std::to_string(i));
    }
}

void ClusterChecker::note_changes(const metadata::PartitionImage& before, const metadata::PartitionImage& after,
                                  int32_t index) {
    if (before == after) return;
    world_.trace("partition " + std::to_string(index) + " isr " + text(after.isr) + " elr " + text(after.elr) +
                     ": leader, epoch, partition epoch",
                 after.leader.value, after.leader_epoch.value, after.partition_epoch);
    if (after.leader_epoch < before.leader_epoch) complain("monotonic epoch: of partition " + std::to_string(index));
    if (after.leader != before.leader && after.leader != no_node) coverage_.mark_at("partition election", after.leader);
    if (after.leader == no_node && before.leader != no_node) coverage_.mark("partition offline");
    const auto mark_others = [this](const char* what, const std::vector<NodeId>& nodes,
                                    const std::vector<NodeId>& than) {
        const auto other = std::ranges::find_if(nodes, [&](NodeId node) { return !contains(than, node); });
        if (other != nodes.end()) coverage_.mark_at(what, *other);
    };
    mark_others("isr shrink", before.isr, after.isr);
    mark_others("isr growth", after.isr, before.isr);
    mark_others("elr growth", after.elr, before.elr);
    Agreed& agreed = agreed_[{PartitionIndex(index), after.partition_epoch}];
    agreed = {after.isr, after.replicas, {}};
    for (const NodeId node : after.isr)
        if (const metadata::BrokerImage* broker = newest_->broker(node)) agreed.broker_epochs[node] = broker->epoch;
    forget_others(PartitionIndex(index), after);
    if (after.partition_epoch == before.partition_epoch + 1) check_election(before, after, index);
    note_move(before, after, index);
}

// Of two states between which there was none.
void ClusterChecker::check_election(const metadata::PartitionImage& before, const metadata::PartitionImage& after,
                                    int32_t index) {
    const std::string where = " of partition " + std::to_string(index);
    const bool has_lost_one =
        !std::ranges::all_of(before.replicas, [&after](NodeId node) { return after.has_replica(node); });
    if (has_lost_one && after.leader_epoch == before.leader_epoch)
        complain("monotonic epoch: it is still " + std::to_string(after.leader_epoch.value) + where +
                 ", a replica of which has gone");
    const bool is_elected = after.leader != before.leader && after.leader != no_node;
    if (is_elected && !contains(before.isr, after.leader) && !contains(before.elr, after.leader) && !after.elr.empty())
        complain("clean election:" + where + ": " + text(after.leader) + " leads, and eligible are " + text(after.elr));
}

void ClusterChecker::asked(const replica::IsrChange& change) {
    const auto place = newest_ ? place_of(*newest_, change.key) : std::nullopt;
    if (!place) return;
    const std::vector<NodeId>& isr = partition(*place)->isr;
    const auto joins = std::ranges::find_if(change.isr, [&isr](NodeId node) { return !contains(isr, node); });
    if (joins != change.isr.end()) coverage_.mark_at("isr growth asked", *joins);
}

// What was agreed to must have been asked about the state that it has changed.
void ClusterChecker::altered(const controller::AlterPartition& asked, const controller::AlterPartitionAnswer& answer) {
    for (size_t i = 0; i < asked.changes.size() && i < answer.outcomes.size(); ++i) {
        const auto place = newest_ ? place_of(*newest_, asked.changes[i].key) : std::nullopt;
        if (place && answer.outcomes[i] == ErrorCode::none) check_alteration(*place, asked.changes[i]);
    }
}

void ClusterChecker::check_alteration(PartitionIndex place, const replica::IsrChange& change) {
    const auto before = agreed_.find({place, change.partition_epoch});
    const auto after = agreed_.find({place, change.partition_epoch + 1});
    if (before == agreed_.end() || after == agreed_.end()) return;
    const auto& [isr, replicas, broker_epochs] = after->second;
    const bool is_it =
        std::ranges::all_of(isr, [&](NodeId node) { return contains(change.isr, node); }) &&
        std::ranges::all_of(change.isr, [&](NodeId node) { return contains(isr, node) || !contains(replicas, node); });
    if (!is_it && before->second.isr != change.isr)
        complain("conditional change: " + text(place) + " was to have in sync " + text(change.isr) +
                 " after partition epoch " + std::to_string(change.partition_epoch) + ", and has had " + text(isr));
    for (size_t i = 0; is_it && i < change.isr.size() && i < change.broker_epochs.size(); ++i) {
        const auto registered = broker_epochs.find(change.isr[i]);
        const bool has_joined = !contains(before->second.isr, change.isr[i]) && registered != broker_epochs.end();
        if (has_joined && change.broker_epochs[i] >= 0 && change.broker_epochs[i] != registered->second)
            complain("conditional change: " + text(change.isr[i]) + " has joined " + text(place) +
                     " for what another process of it had");
    }
}

void ClusterChecker::note_drain() {
    const std::set<NodeId> draining = controller::draining_brokers(*newest_);
    std::erase_if(drained_, [&draining](NodeId node) { return !draining.contains(node); });
    for (const NodeId node : draining) {
        bool is_empty = true;
        for (int32_t i = 0; i < place_count; ++i) {
            const metadata::PartitionImage* image = partition(PartitionIndex(i));
            is_empty = is_empty && image != nullptr && !image->has_replica(node);
        }
        if (!is_empty || !drained_.insert(node).second) continue;
        world_.trace("drained", node.value);
        coverage_.mark_at("drain", node);
    }
}

void ClusterChecker::note_move(const metadata::PartitionImage& before, const metadata::PartitionImage& after,
                               int32_t index) {
    const bool is_moving = !after.adding_replicas.empty() || !after.removing_replicas.empty();
    const auto has = [&after](NodeId node) { return after.has_replica(node); };
    const bool is_done =
        std::ranges::any_of(before.adding_replicas, has) || !std::ranges::all_of(before.removing_replicas, has);
    if (is_moving || !is_done) return;
    coverage_.mark_at("reassignment", after.leader);
    // Between states that weren't seen one may have left the in-sync replicas since.
    const bool is_next = after.partition_epoch == before.partition_epoch + 1;
    if (is_next && !std::ranges::all_of(after.replicas, [&after](NodeId node) { return contains(after.isr, node); }))
        complain("moved in sync: partition " + std::to_string(index) + " has moved to " + text(after.replicas) +
                 ", and in sync are " + text(after.isr));
}

bool ClusterChecker::is_whole() const {
    if (!newest_) return false;
    for (const auto& [id, broker] : *newest_->brokers)
        if (!broker.is_active()) return false;
    const std::set<NodeId> draining = controller::draining_brokers(*newest_);
    if (!std::ranges::all_of(draining, [this](NodeId node) { return drained_.contains(node); })) return false;
    for (int32_t i = 0; i < place_count; ++i) {
        const metadata::PartitionImage* image = partition(PartitionIndex(i));
        if (image == nullptr || image->leader == no_node || image->isr.size() != image->replicas.size()) return false;
        if (!image->adding_replicas.empty() || !image->removing_replicas.empty()) return false;
    }
    return true;
}

void ClusterChecker::describe(const std::vector<SimNode*>& nodes) {
    for (int32_t i = 0; i < place_count; ++i) {
        const metadata::PartitionImage* image = partition(PartitionIndex(i));
        if (image == nullptr) continue;
        world_.trace("partition " + std::to_string(i) + " isr " + text(image->isr) + " elr " + text(image->elr) +
                         " replicas " + text(image->replicas) + ": leader, epoch, partition epoch",
                     image->leader.value, image->leader_epoch.value, image->partition_epoch);
        for (SimNode* node : nodes) {
            const replica::Replica* replica = node->find(*key_at(*newest_, PartitionIndex(i)));
            if (replica == nullptr) continue;
            const char* role = replica->is_leader() ? " leads" : replica->is_follower() ? " follows" : " does nothing";
            world_.trace("  " + text(node->id()) + role + " in epoch " + std::to_string(replica->leader_epoch().value) +
                             ": safe end, high watermark, log end",
                         replica->safe_end().value, replica->high_watermark().value,
                         replica->log().log_end_offset().value);
            for (const replica::Isr::Follower& follower : replica->followers())
                world_.trace("    has " + text(follower.node) + ": safe end, in sync, watched", follower.safe_end.value,
                             follower.is_in_sync ? 1 : 0, follower.watcher != nullptr ? 1 : 0);
        }
    }
}

}  // namespace milena::sim::cluster
