#include "sim/cluster/cluster_checker.h"

#include <algorithm>
#include <span>

#include "sim/cluster/checker_words.h"
#include "storage/log_directory.h"
#include "storage/segment.h"
#include "wire/record_batch.h"

namespace milena::sim::cluster {
namespace {

constexpr size_t violations_max = 20;
constexpr size_t needed_in_sync = 2;                    // as the topics are made
constexpr uint64_t acknowledgements_between_looks = 8;  // at devices
constexpr int misses_max = 50;                          // of a simulated page cache
constexpr size_t bytes_at_once = 64 * 1024;
// A change that was on its way when content was lost counts as having been there.
constexpr Duration loss_settles_after = std::chrono::seconds(2);
// The session, and what a controller with a slow disk takes to say so.
constexpr Duration silence_max = std::chrono::seconds(8);

}  // namespace

void ClusterChecker::complain(std::string what) {
    world_.trace("violation: " + what);
    if (violations_.size() < violations_max) violations_.push_back(std::move(what));
}

const metadata::PartitionImage* ClusterChecker::partition(PartitionIndex index) const {
    return newest_ ? partition_at(*newest_, index) : nullptr;
}

// --- losses that the policy allows -----------------------------------------------------------------------------------

void ClusterChecker::lost_content(NodeId node) {
    if (!unclean_.contains(node)) return;  // it has ended cleanly: all of it is durable
    const metadata::BrokerImage* broker = newest_ ? newest_->broker(node) : nullptr;
    for (int32_t i = 0; i < place_count; ++i) {
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
    end.incarnations.insert(incarnation);
    end.is_certain |= has_begun;
    for (auto& [where, loss] : losses_) loss.others.erase(node);
}

// Who was let go of, while enough others seemed to be in sync, is none that could be preferred.
void ClusterChecker::forget_others(PartitionIndex place, const metadata::PartitionImage& now) {
    for (auto& [where, loss] : losses_)
        if (where.first == place)
            std::erase_if(loss.others,
                          [&now](NodeId node) { return !contains(now.isr, node) && !contains(now.elr, node); });
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

void ClusterChecker::look_at(const std::vector<SimNode*>& nodes, const SimNode* active) {
    for (SimNode* node : nodes) look_at(*node);
    for (const SimNode* node : nodes) look_at_silence(*node, active);
    look_at_quorum(nodes);
    check_durable(PartitionIndex(looks_++ % place_count));
}

void ClusterChecker::acknowledged(NodeId leader, PartitionIndex place, Offset end) {
    SimNode* process = newest_ ? network_.process(leader) : nullptr;
    const replica::Replica* replica = process == nullptr ? nullptr : process->find(*key_at(*newest_, place));
    if (replica != nullptr && replica->is_leader() && replica->isr_size() < needed_in_sync)
        complain("in sync: " + text(leader) + " acknowledges in " + text(place) + " with " +
                 std::to_string(replica->isr_size()) + " in sync");
    Offset& known = acknowledged_.try_emplace(place, end).first->second;
    known = std::max(known, end);
    check_in_sync(place);
    if (++acknowledgements_ % acknowledgements_between_looks == 0) check_durable(place);
}

// A process that isn't registered yet may have less: it is the former one that is in sync.
SimNode* ClusterChecker::in_sync(NodeId node) const {
    const metadata::BrokerImage* broker = newest_->broker(node);
    SimNode* process = network_.process(node);
    const bool is_known = process != nullptr && broker != nullptr && process->incarnation() == broker->incarnation_id;
    return is_known ? process : nullptr;
}

void ClusterChecker::check_in_sync(PartitionIndex place) {
    const auto end = acknowledged_.find(place);
    const metadata::PartitionImage* image = partition(place);
    if (end == acknowledged_.end() || image == nullptr || history_.is_forgiven(place)) return;
    for (const NodeId node : image->isr) {
        SimNode* process = in_sync(node);
        const replica::Replica* replica = process == nullptr ? nullptr : process->find(*key_at(*newest_, place));
        if (replica == nullptr || replica->log().log_end_offset() >= end->second) continue;
        complain("in sync: " + text(node) + " is in " + text(place) + ", and has it up to offset " +
                 std::to_string(replica->log().log_end_offset().value) + " of " + std::to_string(end->second.value) +
                 " that are acknowledged");
    }
}

void ClusterChecker::check_durable(PartitionIndex place) {
    const auto end = acknowledged_.find(place);
    const metadata::PartitionImage* image = partition(place);
    if (policy_ != Policy::fsync || end == acknowledged_.end() || image == nullptr) return;
    const std::string name = storage::partition_directory_name(topic_of(place), partition_of(place));
    for (const NodeId node : image->isr) {
        SimNode* process = in_sync(node);
        const bool is_there = process != nullptr && process->find(*key_at(*newest_, place)) != nullptr;
        if (!is_there || process->has_lost_a_directory()) continue;
        Offset durable = no_offset;
        for (const char* directory : data_directories)
            durable = std::max(durable, durable_end(*process, directory + ("/" + name), end->second));
        const bool can_be_read = durable != no_offset;
        if (can_be_read && durable < end->second)
            complain("in sync: " + text(node) + " is in " + text(place) + ", and its device has it up to offset " +
                     std::to_string(durable.value) + " of " + std::to_string(end->second.value) +
                     " that are acknowledged");
    }
}

// Of the segment that holds what comes before `wanted`; that itself where no segment does.
Offset ClusterChecker::durable_end(SimNode& node, const std::string& directory, Offset wanted) {
    SimDisk& disk = node.disk();
    const auto entries = disk.list(directory);
    if (!entries.has_value()) return no_offset;
    std::optional<Offset> base;
    for (const env::DirectoryEntry& entry : *entries) {
        const auto name = storage::parse_log_file_name(entry.name);
        const bool holds = name && name->kind == storage::FileKind::records &&
                           name->stage == storage::FileStage::current && name->offset < wanted;
        if (holds && (!base || name->offset > *base)) base = name->offset;
    }
    if (!base) return wanted;
    const std::vector<std::byte> content =
        disk.durable_content(storage::log_file_path(directory, *base, storage::FileKind::records));
    Offset end = *base;
    wire::BatchCursor cursor(content);
    for (auto batch = cursor.next(); batch.has_value() && *batch; batch = cursor.next())
        end = (*batch)->header.next_offset();
    return end;
}

void ClusterChecker::look_at_silence(const SimNode& node, const SimNode* active) {
    const metadata::BrokerImage* broker = newest_ ? newest_->broker(node.id()) : nullptr;
    const bool can_be_found = active != nullptr && broker != nullptr && network_.machine(node.id()).is_paused() &&
                              !network_.machine(active->id()).is_paused();
    if (!can_be_found) {
        silent_.erase(node.id());
        return;
    }
    const LeaderEpoch epoch = active->raft()->epoch();
    Silence& silence = silent_.try_emplace(node.id(), world_.clock.now(), active->id(), epoch).first->second;
    if (silence.controller != active->id() || silence.epoch != epoch)
        silence = {world_.clock.now(), active->id(), epoch};
    if (!broker->is_fenced && world_.clock.now() - silence.since > silence_max)
        complain("silent is fenced: " + text(node.id()) + " isn't");
}

// Whoever is down or stands still may have what is committed; of those that are seen, a minority at most may lack it.
void ClusterChecker::look_at_quorum(const std::vector<SimNode*>& nodes) {
    const raft::Raft* newest = nullptr;
    for (const SimNode* node : nodes) {
        if (node->must_restart() || node->raft() == nullptr) continue;
        if (newest == nullptr || node->raft()->high_watermark() > newest->high_watermark()) newest = node->raft();
    }
    if (newest == nullptr) return;
    note_voters(newest->voters());
    const auto has_majority = [&](const raft::VoterSet& voters) {
        const auto lacks_it = [&](const SimNode* node) {
            return !node->must_restart() && node->raft() != nullptr && voters.find(node->id()) != nullptr &&
                   node->raft()->next_offset() < newest->high_watermark();
        };
        return voters.size() - static_cast<size_t>(std::ranges::count_if(nodes, lacks_it)) >= voters.majority();
    };
    // What is committed may have been so before the voters changed.
    if (!has_majority(*voters_) && !(former_voters_ && has_majority(*former_voters_)))
        complain("majority reached high watermark: not offset " + std::to_string(newest->high_watermark().value) +
                 " of the metadata log");
}

void ClusterChecker::note_voters(const raft::VoterSet& voters) {
    if (voters_ == voters) return;
    if (voters_ && voters_->size() != voters.size()) coverage_.mark("voter change");
    former_voters_ = std::exchange(voters_, voters);
}

void ClusterChecker::look_at(SimNode& node) {
    if (node.must_restart() || node.raft() == nullptr) return;
    Process& process = processes_[node.id()];
    look_at_raft(node, process);
    for (int32_t i = 0; newest_ && i < place_count; ++i) {
        const PartitionIndex index(i);
        const auto key = key_at(*newest_, index);
        replica::Replica* replica = key ? node.find(*key) : nullptr;
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
    if (shown.replica.lock() != replica.handle().lock()) shown = {.replica = replica.handle()};
    if (replica.leader_epoch() < shown.epoch) complain("monotonic epoch: it went back in " + where);
    shown.epoch = replica.leader_epoch();
    if (replica.is_leader()) {
        const auto [at, is_new] = leaders_.try_emplace({partition, shown.epoch}, node);
        if (!is_new && at->second != node)
            complain("single leader: " + text(at->second) + " and " + text(node) + " lead " + text(partition));
    }
    const Offset log_end = replica.log().log_end_offset();
    if (log_end < shown.log_end) coverage_.mark_at("truncation", node);
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
    if (!newest_) return complain("progress: there is no metadata");
    for (int32_t i = 0; i < place_count; ++i) {
        const PartitionIndex index(i);
        const auto key = key_at(*newest_, index);
        if (!key) return complain("progress: a topic was never created");
        std::optional<Offset> end;
        // What was forgiven may have been different; now it is the same again everywhere.
        if (history_.is_forgiven(index)) committed_.erase(index);
        for (SimNode* node : nodes) {
            replica::Replica* replica = partition(index)->has_replica(node->id()) ? node->find(*key) : nullptr;
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
