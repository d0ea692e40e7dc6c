// Controller: what this node makes of the metadata log. On the active controller, which is the leader of that log, it
// is the one writer of cluster metadata: a request is decided against the newest proposed image (pure functions in
// decide.h), its records are appended to the metadata log, and it is answered once they are committed, applied and
// published. Requests don't wait for each other's fsync: many share one. On every other node it follows, and publishes
// what others have decided. Lives on shard 0, which also owns the metadata log's disk; never asks the operating system
// for anything.
//
//     submit ─▶ decide(request, proposed image) ─▶ records ─▶ raft.propose ─▶ committed ─▶ apply ─▶ publish ─▶ done
//                        ▲                           │
//                        └──── proposed image ◀──────┘
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "controller/broker_liveness.h"
#include "controller/decide.h"
#include "controller/election_counts.h"
#include "controller/replica_mover.h"
#include "controller/weights.h"
#include "env/clock.h"
#include "env/random.h"
#include "metadata/delta.h"
#include "metadata/image.h"
#include "metadata/loader.h"
#include "raft/raft.h"
#include "settings/broker_settings.h"

namespace milena::controller {

template <class T>
using Done = std::function<void(T)>;

// Gives a newly committed image to the shards and calls `published` when all of them use it. Called in log order; the
// next image may be published before the former one has been answered for.
using Publish = std::function<void(const metadata::Delta& delta, std::function<void()> published)>;

class Controller : public raft::StateMachine {
  public:
    // The environment outlives the controller. `settings` are those of this node as its files say.
    struct Environment {
        raft::Raft& raft;
        env::Random& random;
        env::Clock* clock = nullptr;  // null: brokers are never fenced for their silence, and nothing is done by itself
        std::string cluster_id = {};  // empty: brokers of any cluster are registered
    };
    Controller(const Environment& environment, NodeId node, settings::BrokerSettings settings, Publish publish);
    ~Controller() override;
    Controller(const Controller&) = delete;
    Controller& operator=(const Controller&) = delete;

    // Loads the log and takes part in the quorum. `on_ready` is called once, when the first image is published, which
    // is as new as the cluster was when this node had caught up. `on_failed` is called with the reason when the log
    // can't be used (any more): the process can't go on. `on_active` is told when this becomes the active controller,
    // and when it is so no longer.
    // `on_kraft_version` is told the level that the log has of it.
    void start(std::function<void()> on_ready, std::function<void(const std::string&)> on_failed,
               std::function<void(bool)> on_active = nullptr, std::function<void(int16_t)> on_kraft_version = nullptr);

    // Requests of clients. What `request` points into may die after the call; `done` is called exactly once, with
    // NOT_CONTROLLER in it if the metadata log has failed.
    void submit(const wire::CreateTopicsRequest& request, Done<wire::CreateTopicsResponse> done);
    void submit(const wire::DeleteTopicsRequest& request, Done<wire::DeleteTopicsResponse> done);
    void submit(const wire::CreatePartitionsRequest& request, Done<wire::CreatePartitionsResponse> done);
    void submit(const wire::AlterConfigsRequest& request, Done<wire::AlterConfigsResponse> done);
    void submit(const wire::IncrementalAlterConfigsRequest& request, Done<wire::IncrementalAlterConfigsResponse> done);
    void submit(const wire::AlterUserScramCredentialsRequest& request,
                Done<wire::AlterUserScramCredentialsResponse> done);
    void submit(const wire::UpdateFeaturesRequest& request, Done<wire::UpdateFeaturesResponse> done);
    void submit(const wire::ElectLeadersRequest& request, Done<wire::ElectLeadersResponse> done);
    void submit(const wire::AlterPartitionReassignmentsRequest& request,
                Done<wire::AlterPartitionReassignmentsResponse> done);
    void submit(const wire::UnregisterBrokerRequest& request, Done<wire::UnregisterBrokerResponse> done);
    void submit(const wire::DescribeQuorumRequest& request, Done<wire::DescribeQuorumResponse> done) const;
    void submit(const wire::AddRaftVoterRequest& request, Done<wire::AddRaftVoterResponse> done);
    void submit(const wire::RemoveRaftVoterRequest& request, Done<wire::RemoveRaftVoterResponse> done);
    void submit(const wire::AlterClientQuotasRequest& request, Done<wire::AlterClientQuotasResponse> done);

    // Requests of brokers and controllers, of those in this process as well.
    void submit(const BrokerRegistration& registration, Done<Result<BrokerEpoch>> done);
    void submit(const ControllerRegistration& registration, Done<Result<void>> done);
    void submit(const BrokerHeartbeat& heartbeat, Done<Result<HeartbeatAnswer>> done);
    void submit(const AlterPartition& request, Done<Result<AlterPartitionAnswer>> done);
    void submit(const AssignDirectories& request, Done<Result<void>> done);
    void submit(const CordonDirectories& request, Done<Result<void>> done);
    void submit(const AllocateProducerIds& request, Done<Result<ProducerIdBlock>> done);
    void submit(const ReportLoad& report, Done<Result<void>> done);

    // Whether requests are decided here. Elsewhere they are refused with NOT_CONTROLLER.
    bool is_active() const { return is_leader_; }
    // The active controller as far as is known here.
    NodeId active() const { return raft_.leader(); }
    // What the controller itself wants. A decision of one of these is done without being asked for by tick().
    void submit(const FenceBroker& request, Done<Result<void>> done);
    void submit(const BalanceLeaders& request, Done<Result<Upkeep>> done);
    void submit(const ElectUnclean& request, Done<Result<Upkeep>> done);
    void submit(const GrowInternalTopics& request, Done<Result<Upkeep>> done);
    void submit(const MoveReplicas& request, Done<Result<Upkeep>> done);

    // What an operator wants.
    void submit(const PlaceOnBroker& request, Done<Result<void>> done);
    void balance() { mover_.balance(); }
    MoverSettings mover_settings() const;
    const MoverMetrics& mover_metrics() const { return mover_.metrics(); }
    // What brokers have told this controller since it is the active one.
    const Weights& weights() const { return weights_; }
    Weighing weighing() const;
    const ElectionCounts& elections() const { return elections_; }

    // Fences brokers that are silent, and does what is due by itself. To be called about twice a second.
    void tick();
    // A connection to or from the broker was refused or reset: its process is gone, or as good as gone.
    void connection_broke(NodeId broker);

    // The newest committed image. Never null.
    const std::shared_ptr<const metadata::Image>& image() const { return loader_.image(); }
    // Of this node, with what is dynamic.
    const settings::BrokerSettings& settings() const { return settings_; }

    // raft::StateMachine, to be called by Raft only.
    void load_begin() override;
    Result<void, std::string> load(const std::vector<Bytes>& values) override;
    void load_end(const raft::SnapshotId& id, Timestamp timestamp) override;
    Result<void, std::string> apply(const raft::Batch& batch) override;
    void write_snapshot(const std::function<void(Bytes value)>& emit) override;
    void caught_up() override;
    void became_leader(LeaderEpoch epoch) override;
    void lost_leadership() override;
    void leader_changed(NodeId leader, LeaderEpoch epoch) override;
    void voters_changed(const raft::VoterSet& voters, int16_t kraft_version) override;
    void unreachable(NodeId node) override { connection_broke(node); }
    void failed(const std::string& reason) override;

  private:
    using Waiter = std::function<void(const Result<void>& published)>;

    // One batch of the log from its proposal until every shard uses the image after it.
    struct Round {
        Offset last_offset;
        metadata::Delta delta;
        bool is_committed = false;
        std::vector<Waiter> waiters;
    };

    template <class Request, class Response>
    void handle(const Request& request, const Done<Response>& done);
    template <class Response>
    void answer_later(const Result<void>& proposed, Response response, const Done<Response>& done);
    template <class Request, class Response>
    void handle_in_pieces(const Request& request, const Done<Response>& done);
    Context context() const;
    Result<void> propose(std::span<const metadata::Record> records);
    Result<void> propose_in_pieces(std::span<const metadata::Record> records);
    Instant now() const;
    void keep_up(Instant now);
    void move_replicas(Instant now);
    void when_published(Waiter waiter);
    void publish(metadata::Delta delta);
    void publish(const std::shared_ptr<Round>& round);
    bool check_version(const metadata::Image& with);
    void become_ready();
    void published(const std::shared_ptr<Round>& round);
    void use_settings(const metadata::Delta& delta);
    Result<metadata::Records, std::string> bootstrap_records() const;

    raft::Raft& raft_;
    env::Random& random_;
    env::Clock* const clock_;
    const std::string cluster_id_;
    const NodeId node_;
    const settings::BrokerSettings static_settings_;
    const Publish publish_;
    std::function<void()> on_ready_;
    std::function<void(const std::string&)> on_failed_;
    std::function<void(bool)> on_active_;
    std::function<void(int16_t)> on_kraft_version_;

    metadata::Loader loader_;                          // what is committed, and the way there
    std::shared_ptr<const metadata::Image> proposed_;  // with all that is proposed; what decisions see
    settings::BrokerSettings settings_;                // with what is dynamic in proposed_
    std::deque<std::shared_ptr<Round>> rounds_;        // in the order of the log
    bool is_leader_ = false;
    bool is_publishing_ = false;                        // the first image has been given to the shards
    bool is_ready_ = false;                             // on_ready_ was called
    std::shared_ptr<const metadata::Image> published_;  // the newest one that was given to the shards
    BrokerLiveness liveness_{std::chrono::seconds(9)};
    Instant balances_at_;  // leaders; all three: when it is due
    Instant elects_unclean_at_;
    Instant grows_topics_at_;
    Weights weights_;
    ReplicaMover mover_;
    ElectionCounts elections_;
    Instant moves_at_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // what comes back from the shards may outlive this
};

}  // namespace milena::controller
