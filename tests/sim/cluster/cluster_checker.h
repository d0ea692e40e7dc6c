// ClusterChecker: looks at all nodes from outside and knows what must hold. Invariants, by the names in which they are
// complained of:
//
//     one leader per epoch       of the metadata log, and of each partition
//     monotonic epoch            of each process; likewise its high watermarks and its metadata image
//     committed data equal       what replicas have below their high watermarks is the same, byte for byte
//     metadata images equal      at equal offsets
//     acknowledged lost          unless every member of ISR and ELR lost its disk content (history.h)
//
// Only with the page_cache policy is content lost: by a power loss, of a node or of all of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/cluster/clients.h"
#include "sim/cluster/history.h"
#include "sim/cluster/sim_node.h"

namespace milena::sim::cluster {

class ClusterChecker final : public Watcher {
  public:
    explicit ClusterChecker(World& world)
        : world_(world), history_([this](std::string what) { complain(std::move(what)); }) {}

    History& history() { return history_; }

    // Watcher
    void published(NodeId node, const metadata::Delta& delta) override;
    void became_active(NodeId node, LeaderEpoch epoch) override;
    void complain(std::string what) override;
    Coverage& coverage() override { return coverage_; }

    // A process begins on this node: what the one before knew may be forgotten.
    void started(NodeId node);
    // What wasn't durable on the node's disk may be gone.
    void lost_content(NodeId node);
    // A process has ended without having made everything durable: with ELR it is eligible no longer, whatever it has.
    void ended_uncleanly(NodeId node);
    // For every now and then.
    void look_at(SimNode& node);
    // At the end, when all is quiet: every replica has all there is.
    void compare_replicas(const std::vector<SimNode*>& nodes);

    // The newest image that anybody has published; null before the first.
    const std::shared_ptr<const metadata::Image>& newest() const { return newest_; }
    // How things stand, into the trace: for a failure to be understood.
    void describe(const std::vector<SimNode*>& nodes);
    // All partitions have all their replicas in sync and all brokers are unfenced.
    bool is_whole() const;
    const std::vector<std::string>& violations() const { return violations_; }

  private:
    struct Committed {
        std::map<Offset, uint64_t> batches;  // hashes by base offset
        Offset end{0};
    };
    // What a process has shown of one of its replicas.
    struct Shown {
        LeaderEpoch epoch = no_leader_epoch;
        Offset high_watermark = no_offset;
        Offset log_end{0};
        Offset compared_to{0};
    };
    struct Process {
        LeaderEpoch raft_epoch = no_leader_epoch;
        Offset raft_high_watermark = no_offset;
        Offset image = no_offset;
        std::map<PartitionIndex, Shown> replicas;
    };
    struct Loss {
        int64_t broker_epoch = -1;  // of the process that lost it
        Instant at;
        std::set<NodeId> others;  // that were in ISR or ELR then, and whose processes haven't ended uncleanly since
    };

    void look_at_raft(SimNode& node, Process& process);
    void look_at_replica(NodeId node, PartitionIndex partition, replica::Replica& replica, Shown& shown);
    void compare(NodeId node, PartitionIndex partition, replica::Replica& replica, Shown& shown);
    void compare_image(NodeId node, const metadata::Image& image);
    void note_changes(const metadata::Image& before, const metadata::Image& after);
    void note_changes(const metadata::PartitionImage& before, const metadata::PartitionImage& after, int32_t index);
    void review_losses();
    const metadata::PartitionImage* partition(PartitionIndex index) const;

    World& world_;
    History history_;
    Coverage coverage_;
    std::vector<std::string> violations_;
    std::shared_ptr<const metadata::Image> newest_;
    std::map<Offset, uint64_t> images_;  // hashes by offset
    std::map<LeaderEpoch, NodeId> active_;
    std::map<std::pair<PartitionIndex, LeaderEpoch>, NodeId> leaders_;
    std::map<PartitionIndex, Committed> committed_;
    std::map<NodeId, Process> processes_;
    std::map<std::pair<PartitionIndex, NodeId>, Loss> losses_;
};

}  // namespace milena::sim::cluster
