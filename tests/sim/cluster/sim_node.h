// SimNode: one life of a broker process on a simulated machine: the broker's own metadata log, controller, partition
// tables and streams, wired as Broker wires them, without threads, sockets and gRPC. Made anew after every crash.
//
//     clients ─▶ produce, fetch ─▶ shards ─▶ NodeReplication ◀═ streams ═▶ other nodes
//     publish ◀─ Controller ◀─ Raft ◀═ messages ═▶ other nodes       NodeLifecycle ─▶ active controller
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/controller.h"
#include "controller/registered_images.h"
#include "group/coordinator_host.h"
#include "raft/raft.h"
#include "replica/partition_table.h"
#include "sim/cluster/controller_way.h"
#include "sim/cluster/coverage.h"
#include "sim/cluster/network.h"
#include "sim/cluster/node_assignments.h"
#include "sim/cluster/node_checkpoints.h"
#include "sim/cluster/node_lifecycle.h"
#include "sim/cluster/node_replication.h"
#include "wire/compression.h"

namespace milena::sim::cluster {

// The metadata log lies in the first one.
inline constexpr std::array<const char*, 2> data_directories{"/data-a", "/data-b"};
inline constexpr uint32_t shard_count = 2;

// When an append is safe on a replica: once it is in the page cache, or once it is durable.
enum class Policy : uint8_t { page_cache, fsync };

class SimNode;

// The same for all nodes of a cluster.
struct NodeSetup {
    Policy policy = Policy::page_cache;
    int32_t voters_count = 3;  // nodes 1 to that; the others observe
    std::shared_ptr<const settings::BrokerConfig> config;
    settings::BrokerSettings settings;
};
NodeSetup small_setup(Policy policy, int32_t voters_count);

// Who watches all nodes from outside.
struct Watcher {
    virtual ~Watcher() = default;
    virtual void published(NodeId node, const metadata::Delta& delta) = 0;
    // All shards of the node use the image that it has published.
    virtual void applied(SimNode& node) = 0;
    // The leader of a partition asks for it.
    virtual void asked(const replica::IsrChange& change) = 0;
    // The controller has answered what the node has asked for.
    virtual void altered(const controller::AlterPartition& asked, const controller::AlterPartitionAnswer& answer) = 0;
    virtual void became_active(NodeId node, LeaderEpoch epoch) = 0;
    virtual void complain(std::string what) = 0;
    virtual Coverage& coverage() = 0;
};

class SimNode {
  public:
    // `clean_epoch`: of the registration of the process before, if that has ended cleanly.
    SimNode(ClusterNetwork& network, Machine& machine, const NodeSetup& setup, Watcher& watcher, int64_t clean_epoch);
    // As when the process is killed: nothing is written any more. `tells`: the others learn of it at once.
    void kill(bool tells);
    ~SimNode();

    NodeId id() const { return machine_.id(); }
    const Uuid& incarnation() const { return incarnation_; }
    // It has looked at its directories.
    bool has_begun() const { return !tables_.empty(); }
    // The process can't go on: it met a fault that only a restart gets over.
    bool must_restart() const { return has_failed_ || machine_.disk().has_crashed(); }
    bool has_lost_a_directory() const;
    // It is a broker of the cluster, and clients may come.
    bool is_serving() const { return lifecycle_ && lifecycle_->is_active() && !must_restart(); }

    // --- from other nodes
    void receive(const raft::Request& request, raft::Raft::Answer answer);
    template <class Request, class Answer>
    void decide(const Request& request, std::function<void(Result<Answer>)> answer) {
        if (must_restart()) return;
        if (!controller_->is_active()) return answer(unexpected(ErrorCode::not_controller));
        controller_->submit(request, controller::Done<Result<Answer>>(std::move(answer)));
    }
    void accept(const Hello& hello, std::shared_ptr<Stream> stream);
    void connection_broke(NodeId node);

    // --- from clients: what can't be answered now isn't
    using Produced = std::function<void(const replica::ProduceOutcome&)>;
    void produce(const replica::PartitionKey& key, Bytes batch, Produced done);
    void fetch(const replica::PartitionKey& key, const replica::FetchRequest& request,
               std::function<void(replica::FetchOutcome)> done);
    void delete_records(const replica::PartitionKey& key, Offset before, std::function<void(Result<Offset>)> done);
    // ask(coordinator) of the groups of that partition; or refused(why).
    void ask_coordinator(const replica::PartitionKey& key, std::function<void(group::Coordinator&)> ask,
                         std::function<void(ErrorCode)> refused);
    // Null before the cluster is known here.
    std::shared_ptr<const metadata::Image> image() const;

    // Gives its leaderships away, makes everything durable, and marks its directories as clean.
    void stop_cleanly(std::function<void(bool is_clean)> done);

    // --- for those who look from outside
    controller::Controller& controller() { return *controller_; }
    const raft::Raft* raft() const { return raft_.get(); }
    // As a voter of the metadata log.
    raft::Voter as_voter() const {
        return {.id = id(), .directory_id = directory_ids_.front(), .endpoints = endpoints()};
    }
    std::vector<std::unique_ptr<replica::PartitionTable>>& tables() { return tables_; }
    replica::Replica* find(const replica::PartitionKey& key);
    SimDisk& disk() { return machine_.disk(); }
    int64_t broker_epoch() const { return lifecycle_ ? lifecycle_->broker_epoch() : -1; }

  private:
    class Transport;

    bool open();
    bool format();
    bool open_tables();
    bool open_raft();
    void host_groups(uint32_t shard);
    std::vector<raft::VoterEndpoint> endpoints() const;
    controller::BrokerRegistration registration() const;
    void publish(const metadata::Delta& delta, std::function<void()> published);
    void begin_lifecycle();
    std::vector<Uuid> directories_that(bool (storage::LogDirectory::*is_so)() const) const;
    void tick_raft();
    void tick();
    void look_after();
    replica::DirectoryOffsets offsets_in(size_t directory) const;
    void close_logs(const std::function<void(bool)>& done);

    ClusterNetwork& network_;
    Machine& machine_;
    World& world_;
    Watcher& watcher_;
    const NodeSetup setup_;
    const Uuid incarnation_;
    controller::RegisteredImages images_;  // what the shards are given
    bool is_dead_ = false;
    std::vector<std::unique_ptr<storage::LogDirectory>> directories_;
    std::vector<Uuid> directory_ids_;  // of directories_
    storage::TailCache cache_;
    wire::Codecs codecs_;
    std::unique_ptr<Transport> transport_;
    std::unique_ptr<raft::Raft> raft_;
    std::unique_ptr<controller::Controller> controller_;
    std::unique_ptr<ControllerWay> way_;
    std::vector<std::unique_ptr<replica::PartitionTable>> tables_;  // by shard
    std::vector<std::unique_ptr<Mailbox>> mailboxes_;               // likewise
    std::vector<std::unique_ptr<group::CoordinatorHost>> hosts_;    // likewise
    std::unique_ptr<NodeCheckpoints> checkpoints_;
    std::unique_ptr<NodeAssignments> assignments_;
    std::unique_ptr<NodeReplication> replication_;
    std::unique_ptr<NodeLifecycle> lifecycle_;
    Offset published_ = no_offset;
    bool has_failed_ = false;
    bool is_stopping_ = false;
    int64_t previous_epoch_;  // of the registration that ended cleanly; -1: none did
    int ticks_ = 0;
    uint64_t blocking_syncs_ = 0;  // of the disk, when the directories were open
};

template <class Request, class Answer>
void ControllerWay::ask_until(std::shared_ptr<const Request> request, Instant deadline,
                              std::function<void(Result<Answer>)> done) {
    auto answered = [this, request, deadline, done](Result<Answer> answer) {
        const bool is_final = answer.has_value() || answer.error() != ErrorCode::not_controller;
        if (is_final || machine_.clock().now() >= deadline) return done(std::move(answer));
        machine_.after(retry_interval,
                       [this, request, deadline, done] { ask_until<Request, Answer>(request, deadline, done); });
    };
    const NodeId active = controller_.active();
    if (controller_.is_active()) return controller_.submit(*request, controller::Done<Result<Answer>>(answered));
    if (active == no_node || active == machine_.id()) return answered(unexpected(ErrorCode::not_controller));
    network_.call<Result<Answer>>(
        machine_, active, call_timeout,
        [request](SimNode& node, ClusterNetwork::Reply<Result<Answer>> reply) {
            node.decide<Request, Answer>(*request, std::move(reply));
        },
        [answered](Result<Result<Answer>, raft::SendError> outcome) {
            // Of what a broker asks for itself it doesn't matter whether it is done twice.
            if (!outcome.has_value()) return answered(unexpected(ErrorCode::not_controller));
            answered(std::move(outcome).value());
        });
}

}  // namespace milena::sim::cluster
