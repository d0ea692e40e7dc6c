#include "sim/cluster/cluster_checker.h"

#include <algorithm>
#include <span>

#include "metadata/image_records.h"
#include "wire/record_batch.h"

namespace milena::sim::cluster {
namespace {

constexpr size_t violations_max = 20;
constexpr uint64_t fnv_prime = 0x100000001b3;
constexpr uint64_t fnv_basis = 0xcbf29ce484222325;
constexpr int misses_max = 50;  // of a simulated page cache
constexpr size_t bytes_at_once = 64 * 1024;
// A change that was on its way when content was lost counts as having been there.
constexpr Duration loss_settles_after = std::chrono::seconds(2);

void fold(uint64_t& hash, std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes) hash = (hash ^ static_cast<uint8_t>(byte)) * fnv_prime;
}

uint64_t hash_of(const metadata::Image& image) {
    const int16_t version = metadata::metadata_version(*image.features);
    uint64_t hash = fnv_basis;
    metadata::write_image(
        image, [&](const metadata::Record& record) { fold(hash, metadata::encode_record(record, version).span()); });
    return hash;
}

bool contains(const std::vector<NodeId>& nodes, NodeId node) { return std::ranges::find(nodes, node) != nodes.end(); }

std::string text(NodeId node) { return "node " + std::to_string(node.value); }
std::string text(const std::vector<NodeId>& nodes) {
    std::string all;
    for (const NodeId node : nodes) all += (all.empty() ? "" : ",") + std::to_string(node.value);
    return all.empty() ? "none" : all;
}
std::string text(PartitionIndex partition) { return "partition " + std::to_string(partition.value); }

}  // namespace

void ClusterChecker::complain(std::string what) {
    world_.trace("violation: " + what);
    if (violations_.size() < violations_max) violations_.push_back(std::move(what));
}

const metadata::PartitionImage* ClusterChecker::partition(PartitionIndex index) const {
    const metadata::TopicImage* topic = newest_ ? newest_->topic(topic_name) : nullptr;
    return topic == nullptr ? nullptr : topic->partition(index);
}

// --- the metadata ----------------------------------------------------------------------------------------------------

void ClusterChecker::became_active(NodeId node, LeaderEpoch epoch) {
    world_.trace("active controller", node.value, epoch.value);
    coverage_.mark("controller election");
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
    review_losses();
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
        coverage_.mark("broker fenced");
        world_.trace("fenced", id.value, broker.epoch);
    }
    const metadata::TopicImage* topic = after.topic(topic_name);
    const metadata::TopicImage* former = before.topic(topic_name);
    if (topic == nullptr || former == nullptr) return;
    for (size_t i = 0; i < topic->partitions.size() && i < former->partitions.size(); ++i) {
        note_changes(*former->partitions[i], *topic->partitions[i], static_cast<int32_t>(i));
        check_replicas(*topic->partitions[i], static_cast<int32_t>(i));
    }
}

// The last one in sync stays so where there is no ELR, whatever becomes of its broker.
void ClusterChecker::check_replicas(const metadata::PartitionImage& partition, int32_t index) {
    const std::string where = "in sync: partition " + std::to_string(index) + ": ";
    if (partition.leader != no_node && !contains(partition.isr, partition.leader))
        complain(where + "the leader, " + text(partition.leader) + ", is not");
    for (const NodeId node : partition.isr) {
        const metadata::BrokerImage* broker = newest_->broker(node);
        if (!partition.has_replica(node)) complain(where + text(node) + " is no replica");
        if (contains(partition.elr, node)) complain(where + text(node) + " is eligible besides");
        if (partition.isr.size() > 1 && (broker == nullptr || broker->is_fenced))
            complain(where + text(node) + " is fenced");
    }
}

void ClusterChecker::registered_anew(const metadata::BrokerImage& broker) {
    coverage_.mark("registration");
    const NodeId node = broker.id;
    world_.trace("registered anew", node.value, broker.epoch);
    const auto ended = unclean_.find(node);
    // It has ended again before this was seen.
    if (ended != unclean_.end() && ended->second.incarnation == broker.incarnation_id) return;
    const bool is_unclean = ended != unclean_.end() && ended->second.is_certain;
    unclean_.erase(node);
    for (int32_t i = 0; i < partition_count; ++i) {
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
    if (after.leader != before.leader && after.leader != no_node) coverage_.mark("partition election");
    if (after.leader == no_node && before.leader != no_node) coverage_.mark("partition offline");
    const auto has_other = [](const std::vector<NodeId>& nodes, const std::vector<NodeId>& others) {
        return std::ranges::any_of(nodes, [&](NodeId node) { return !contains(others, node); });
    };
    if (has_other(before.isr, after.isr)) coverage_.mark("isr shrink");
    if (has_other(after.isr, before.isr)) coverage_.mark("isr growth");
    if (has_other(after.elr, before.elr)) coverage_.mark("elr growth");
    note_move(before, after, index);
}

void ClusterChecker::note_move(const metadata::PartitionImage& before, const metadata::PartitionImage& after,
                               int32_t index) {
    const bool is_moving = !after.adding_replicas.empty() || !after.removing_replicas.empty();
    const auto has = [&after](NodeId node) { return after.has_replica(node); };
    const bool is_done =
        std::ranges::any_of(before.adding_replicas, has) || !std::ranges::all_of(before.removing_replicas, has);
    if (is_moving || !is_done) return;
    coverage_.mark("reassignment");
    if (!std::ranges::all_of(after.replicas, [&after](NodeId node) { return contains(after.isr, node); }))
        complain("moved in sync: partition " + std::to_string(index) + " has moved to " + text(after.replicas) +
                 ", and in sync are " + text(after.isr));
}

bool ClusterChecker::is_whole() const {
    if (!newest_) return false;
    for (const auto& [id, broker] : *newest_->brokers)
        if (!broker.is_active()) return false;
    for (int32_t i = 0; i < partition_count; ++i) {
        const metadata::PartitionImage* image = partition(PartitionIndex(i));
        if (image == nullptr || image->leader == no_node || image->isr.size() != image->replicas.size()) return false;
    }
    return true;
}

void ClusterChecker::describe(const std::vector<SimNode*>& nodes) {
    for (int32_t i = 0; i < partition_count; ++i) {
        const metadata::PartitionImage* image = partition(PartitionIndex(i));
        if (image == nullptr) continue;
        world_.trace("partition " + std::to_string(i) + " isr " + text(image->isr) + " elr " + text(image->elr) +
                         " replicas " + text(image->replicas) + ": leader, epoch, partition epoch",
                     image->leader.value, image->leader_epoch.value, image->partition_epoch);
        for (SimNode* node : nodes) {
            const replica::Replica* replica = node->find({newest_->topic(topic_name)->id, PartitionIndex(i)});
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

// --- losses that the policy allows -----------------------------------------------------------------------------------

void ClusterChecker::lost_content(NodeId node) {
    if (!unclean_.contains(node)) return;  // it has ended cleanly: all of it is durable
    const metadata::BrokerImage* broker = newest_ ? newest_->broker(node) : nullptr;
    for (int32_t i = 0; i < partition_count; ++i) {
        const metadata::PartitionImage* image = partition(PartitionIndex(i));
        if (image == nullptr || broker == nullptr || !image->has_replica(node)) continue;
        Loss& loss = losses_[{PartitionIndex(i), node}];
        loss = {broker->epoch, world_.clock.now(), {image->isr.begin(), image->isr.end()}};
        loss.others.insert(image->elr.begin(), image->elr.end());
        for (const auto& [unclean, end] : unclean_) loss.others.erase(unclean);
    }
    review_losses();
}

void ClusterChecker::ended_uncleanly(NodeId node, const Uuid& incarnation, bool has_begun) {
    coverage_.mark("unclean end");
    UncleanEnd& end = unclean_[node];
    end.incarnation = incarnation;
    end.is_certain |= has_begun;
    for (auto& [where, loss] : losses_) loss.others.erase(node);
}

// Who follows in sync and was registered anew after its loss has caught up since. Who is left over in ISR and ELR must
// not be one that has lost its content, unless all others of then have ended uncleanly too: then KIP-966 has nobody to
// prefer.
void ClusterChecker::review_losses() {
    std::set<PartitionIndex> doubtful;
    std::erase_if(losses_, [&](const auto& entry) {
        const auto& [index, node] = entry.first;
        const metadata::PartitionImage* image = partition(index);
        const metadata::BrokerImage* broker = newest_->broker(node);
        const bool is_again_in_sync = image != nullptr && contains(image->isr, node) && broker != nullptr &&
                                      image->leader != node && broker->epoch > entry.second.broker_epoch;
        const bool is_recent = world_.clock.now() - entry.second.at <= loss_settles_after;
        if (!is_again_in_sync && (is_recent || entry.second.others.empty())) doubtful.insert(index);
        return is_again_in_sync;
    });
    for (const PartitionIndex index : doubtful) {
        const metadata::PartitionImage* image = partition(index);
        const auto has_lost = [&](NodeId node) { return losses_.contains({index, node}); };
        if (!std::ranges::all_of(image->isr, has_lost) || !std::ranges::all_of(image->elr, has_lost)) continue;
        world_.trace("losses forgiven", index.value);
        coverage_.mark("losses forgiven");
        history_.forgive(index);
        for (const NodeId node : image->replicas) losses_.erase({index, node});
    }
}

// --- processes -------------------------------------------------------------------------------------------------------

void ClusterChecker::started(NodeId node) { processes_[node] = {}; }

void ClusterChecker::look_at(const std::vector<SimNode*>& nodes) {
    for (SimNode* node : nodes) look_at(*node);
    look_at_quorum(nodes);
}

// Whoever is down or stands still may have what is committed; of those that are seen, a minority at most may lack it.
void ClusterChecker::look_at_quorum(const std::vector<SimNode*>& nodes) {
    const raft::Raft* newest = nullptr;
    std::vector<const SimNode*> voters;
    for (const SimNode* node : nodes) {
        if (node->must_restart() || node->raft() == nullptr) continue;
        if (newest == nullptr || node->raft()->high_watermark() > newest->high_watermark()) newest = node->raft();
        voters.push_back(node);
    }
    if (newest == nullptr) return;
    const auto lacks_it = [newest](const SimNode* node) {
        return newest->voters().find(node->id()) != nullptr && node->raft()->next_offset() < newest->high_watermark();
    };
    const auto behind = static_cast<size_t>(std::ranges::count_if(voters, lacks_it));
    if (newest->voters().size() - behind < newest->voters().majority())
        complain("majority reached high watermark: not offset " + std::to_string(newest->high_watermark().value) +
                 " of the metadata log");
}

void ClusterChecker::look_at(SimNode& node) {
    if (node.must_restart() || node.raft() == nullptr) return;
    Process& process = processes_[node.id()];
    look_at_raft(node, process);
    const metadata::TopicImage* topic = newest_ ? newest_->topic(topic_name) : nullptr;
    if (topic == nullptr) return;
    for (int32_t i = 0; i < partition_count; ++i) {
        const PartitionIndex index(i);
        replica::Replica* replica = node.find({topic->id, index});
        if (replica == nullptr) {
            process.replicas.erase(index);
            continue;
        }
        look_at_replica(node.id(), index, *replica, process.replicas[index]);
    }
}

void ClusterChecker::look_at_raft(SimNode& node, Process& process) {
    const raft::Raft& raft = *node.raft();
    if (raft.epoch() < process.raft_epoch)
        complain("monotonic epoch: the metadata log's went back at " + text(node.id()));
    if (raft.high_watermark() < process.raft_high_watermark)
        complain("monotonic high watermark: the metadata log's went back at " + text(node.id()));
    process.raft_epoch = raft.epoch();
    process.raft_high_watermark = raft.high_watermark();
    if (raft.role() != raft::Role::leader) return;
    const auto [at, is_new] = active_.try_emplace(raft.epoch(), node.id());
    if (!is_new && at->second != node.id())
        complain("single leader: " + text(at->second) + " and " + text(node.id()) + " lead the metadata log");
}

void ClusterChecker::look_at_replica(NodeId node, PartitionIndex partition, replica::Replica& replica, Shown& shown) {
    const std::string where = text(partition) + " at " + text(node);
    if (replica.leader_epoch() < shown.epoch) complain("monotonic epoch: it went back in " + where);
    shown.epoch = replica.leader_epoch();
    if (replica.is_leader()) {
        const auto [at, is_new] = leaders_.try_emplace({partition, shown.epoch}, node);
        if (!is_new && at->second != node)
            complain("single leader: " + text(at->second) + " and " + text(node) + " lead " + text(partition));
    }
    const Offset log_end = replica.log().log_end_offset();
    if (log_end < shown.log_end) coverage_.mark("truncation");
    shown.log_end = log_end;
    if (history_.is_forgiven(partition)) return;
    if (replica.high_watermark() < shown.high_watermark) complain("monotonic high watermark: it went back in " + where);
    if (replica.high_watermark() > log_end) complain("monotonic high watermark: it is beyond the log end in " + where);
    shown.high_watermark = replica.high_watermark();
    compare(node, partition, replica, shown);
}

// Whether the batch is what everybody has there. What nobody has shown before is committed from now on: at the end, or,
// as a loss of power may give a log back what was deleted of it, before all the others.
bool ClusterChecker::is_committed(Committed& committed, const wire::BatchHeader& header, uint64_t hash) {
    const auto [at, is_new] = committed.try_emplace(header.base_offset, CommittedBatch{header.next_offset(), hash});
    if (!is_new) return at->second.hash == hash;
    const auto after = std::next(at);
    return (at == committed.begin() || std::prev(at)->second.end <= header.base_offset) &&
           (after == committed.end() || after->first >= header.next_offset());
}

// From where the last look ended up to the high watermark.
void ClusterChecker::compare(NodeId node, PartitionIndex partition, replica::Replica& replica, Shown& shown) {
    const auto complain_of = [&](const char* what, Offset offset) {
        complain("consistent committed data: " + std::string(what) + " offset " + std::to_string(offset.value) +
                 " in " + text(partition) + " at " + text(node));
    };
    shown.compared_to = std::max(shown.compared_to, replica.log().log_start_offset());
    for (int misses = 0; misses < misses_max && shown.compared_to < replica.high_watermark();) {
        const auto read = replica.log().read_now({.from = shown.compared_to,
                                                  .limit = replica.high_watermark(),
                                                  .bytes_max = bytes_at_once,
                                                  .at_least_one = true});
        misses = read ? 0 : misses + 1;
        if (!read) continue;
        if (!read->has_value() || (*read)->parts.empty()) return;
        for (const Bytes& part : (*read)->parts) {
            wire::BatchCursor cursor(part.span());
            for (auto batch = cursor.next(); batch.has_value() && *batch; batch = cursor.next()) {
                const wire::BatchHeader& header = (*batch)->header;
                if (header.base_offset > shown.compared_to) return complain_of("nothing is before", header.base_offset);
                shown.compared_to = header.next_offset();
                uint64_t hash = fnv_basis;
                fold(hash, (*batch)->bytes);
                if (!is_committed(committed_[partition], header, hash))
                    return complain_of("another batch is at", header.base_offset);
            }
        }
    }
}

void ClusterChecker::compare_replicas(const std::vector<SimNode*>& nodes) {
    const metadata::TopicImage* topic = newest_ ? newest_->topic(topic_name) : nullptr;
    if (topic == nullptr) return complain("progress: the topic was never created");
    for (int32_t i = 0; i < partition_count; ++i) {
        const PartitionIndex index(i);
        std::optional<Offset> end;
        // What was forgiven may have been different; now it is the same again everywhere.
        if (history_.is_forgiven(index)) committed_.erase(index);
        for (SimNode* node : nodes) {
            replica::Replica* replica =
                topic->partition(index)->has_replica(node->id()) ? node->find({topic->id, index}) : nullptr;
            if (replica == nullptr) continue;
            const Offset log_end = replica->log().log_end_offset();
            if (end && *end != log_end)
                complain("consistent committed data: the logs of " + text(index) + " end apart");
            end = log_end;
            Shown all;
            compare(node->id(), index, *replica, all);
            if (all.compared_to != log_end)
                complain("consistent committed data: " + text(index) + " can be read at " + text(node->id()) +
                         " up to offset " + std::to_string(all.compared_to.value) + " of " +
                         std::to_string(log_end.value) + ", of which " +
                         std::to_string(replica->high_watermark().value) + " are committed");
        }
    }
}

}  // namespace milena::sim::cluster
