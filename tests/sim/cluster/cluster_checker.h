// ClusterChecker: looks at all nodes from outside and knows what must hold. Invariants, by the names in which they are
// complained of:
//
//     single leader                    in each epoch, of the metadata log and of each partition
//     monotonic epoch                  of each process; likewise its metadata image
//     monotonic high watermark         likewise
//     majority reached high watermark  of the metadata log, whatever of it is called committed
//     consistent committed data        what replicas have below their high watermarks is the same, byte for byte
//     metadata images equal            at equal offsets
//     in sync                          are the leader and others that live, and none of them is also in the ELR; all of
//                                      them have what is acknowledged, on the device if that is the policy; and they
//                                      are min.insync.replicas then
//     conditional change               of in-sync replicas: of the state that was asked about, or none; who joins is
//                                      the process that the leader has heard from
//     fenced reader                    who reads and knows only an earlier epoch is told so (KIP-320)
//     clean election                   among ISR and ELR, while one of them is left
//     silent is fenced                 soon after its session, if there is a controller
//     unclean is out                   of ISR and ELR, until it has caught up (KIP-966)
//     moved in sync                    a reassignment is over when all that stay are in sync, and not before
//     acknowledged lost                unless every member of ISR and ELR lost its disk content (history.h)
//
// The first of them are named as in the simulation of Kafka's own Raft.
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
    ClusterChecker(World& world, ClusterNetwork& network, Policy policy)
        : world_(world),
          network_(network),
          policy_(policy),
          history_([this](std::string what) { complain(std::move(what)); }) {}

    History& history() { return history_; }

    // Watcher
    void published(NodeId node, const metadata::Delta& delta) override;
    void applied(SimNode& node) override;
    void asked(const replica::IsrChange& change) override;
    void altered(const controller::AlterPartition& asked, const controller::AlterPartitionAnswer& answer) override;
    void became_active(NodeId node, LeaderEpoch epoch) override;
    void complain(std::string what) override;
    Coverage& coverage() override { return coverage_; }

    // A process begins on this node: what the one before knew may be forgotten.
    void started(NodeId node);
    // What wasn't durable on the disk of the node, whose process has ended, may be gone.
    void lost_content(NodeId node);
    // A process has ended without having made everything durable: with ELR it is eligible no longer, whatever it has.
    // One that hasn't `begun` may have left in place what says that the one before has ended cleanly.
    void ended_uncleanly(NodeId node, const Uuid& incarnation, bool has_begun);
    // The leader has told somebody that everything below `end` is acknowledged.
    void acknowledged(NodeId leader, PartitionIndex place, Offset end);
    // For every now and then; all that live, and of them the active controller or null.
    void look_at(const std::vector<SimNode*>& nodes, const SimNode* active);
    // At the end, when all is quiet: every replica has all there is.
    void compare_replicas(const std::vector<SimNode*>& nodes);

    // The newest image that anybody has published; null before the first.
    const std::shared_ptr<const metadata::Image>& newest() const { return newest_; }
    // How things stand, into the trace: for a failure to be understood.
    void describe(const std::vector<SimNode*>& nodes);
    // All partitions have all their replicas in sync and all brokers are unfenced; nothing moves, and nothing has to.
    bool is_whole() const;
    const std::vector<std::string>& violations() const { return violations_; }

  private:
    struct CommittedBatch {
        Offset end;
        uint64_t hash;
    };
    using Committed = std::map<Offset, CommittedBatch>;
    // A partition as the controller has had it, with the registrations of those in sync.
    struct Agreed {
        std::vector<NodeId> isr;
        std::vector<NodeId> replicas;
        std::map<NodeId, int64_t> broker_epochs;
    };
    // Since when nothing was heard of a machine that stands still, under one active controller.
    struct Silence {
        Instant since;
        NodeId controller = no_node;
        LeaderEpoch epoch = no_leader_epoch;
    };
    // What a process has shown of one of its replicas.
    struct Shown {
        std::weak_ptr<replica::Replica*> replica;  // another one begins anew
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
    struct UncleanEnd {
        std::set<Uuid> incarnations;  // of all of them: what one has sent may be seen after the next has ended
        bool is_certain = false;
    };
    struct Loss {
        int64_t broker_epoch = -1;  // of the process that lost it
        Instant at;
        std::set<NodeId> others;  // that have been in ISR or ELR ever since, and have never ended uncleanly
    };

    void look_at(SimNode& node);
    void look_at_silence(const SimNode& node, const SimNode* active);
    void look_at_quorum(const std::vector<SimNode*>& nodes);
    void look_at_raft(SimNode& node, Process& process);
    void look_at_replica(NodeId node, PartitionIndex partition, replica::Replica& replica, Shown& shown);
    static bool is_committed(Committed& committed, const wire::BatchHeader& header, uint64_t hash);
    void compare(NodeId node, PartitionIndex partition, replica::Replica& replica, Shown& shown);
    void compare_image(NodeId node, const metadata::Image& image);
    void note_changes(const metadata::Image& before, const metadata::Image& after);
    void note_changes(const metadata::PartitionImage& before, const metadata::PartitionImage& after, int32_t index);
    void note_drain();
    void note_voters(const raft::VoterSet& voters);
    void check_election(const metadata::PartitionImage& before, const metadata::PartitionImage& after, int32_t index);
    void check_alteration(PartitionIndex place, const replica::IsrChange& change);
    void check_in_sync(PartitionIndex place);
    void check_durable(PartitionIndex place);
    // Whose process in sync it is that the controller knows; null where it has none.
    SimNode* in_sync(NodeId node) const;
    static Offset durable_end(SimNode& node, const std::string& directory, Offset wanted);
    void forget_others(PartitionIndex place, const metadata::PartitionImage& now);
    void note_move(const metadata::PartitionImage& before, const metadata::PartitionImage& after, int32_t index);
    void check_replicas(const metadata::PartitionImage& partition, int32_t index);
    void registered_anew(const metadata::BrokerImage& broker);
    void review_losses();
    const metadata::PartitionImage* partition(PartitionIndex index) const;

    World& world_;
    ClusterNetwork& network_;
    const Policy policy_;
    History history_;
    Coverage coverage_;
    std::vector<std::string> violations_;
    std::shared_ptr<const metadata::Image> newest_;
    std::map<Offset, uint64_t> images_;  // hashes by offset
    std::map<LeaderEpoch, NodeId> active_;
    std::optional<raft::VoterSet> voters_;         // the newest ones that were seen
    std::optional<raft::VoterSet> former_voters_;  // those before
    std::map<NodeId, Silence> silent_;
    std::set<NodeId> drained_;
    std::map<std::pair<PartitionIndex, int32_t>, Agreed> agreed_;  // by partition epoch
    std::map<PartitionIndex, Offset> acknowledged_;                // everything below
    int32_t looks_ = 0;
    uint64_t acknowledgements_ = 0;
    std::map<std::pair<PartitionIndex, LeaderEpoch>, NodeId> leaders_;
    std::map<PartitionIndex, Committed> committed_;
    std::map<NodeId, Process> processes_;
    std::map<NodeId, UncleanEnd> unclean_;  // whose processes have ended so, and aren't registered anew
    std::map<std::pair<PartitionIndex, NodeId>, Loss> losses_;
};

}  // namespace milena::sim::cluster
