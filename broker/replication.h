// Replication: this node's part in the copying of partitions, put together: the feeds of each shard, a link to each
// shard of each broker that is followed, and the changes of ISRs on their way to the controller. What a shard's table
// says it follows comes here, to the first shard, and is divided among the links; each lives on one of the shards.
// Decides nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "feeds.h"
#include "leader_link.h"
#include "peer/replication_client.h"
#include "peer/replication_service.h"
#include "replica/partition_table.h"
#include "server/controller_gate.h"
#include "server/metrics.h"
#include "shard/shard.h"

namespace milena {

class Replication {
  public:
    struct Options {
        std::string cluster_id;
        NodeId node;
        std::string listener;               // inter.broker.listener.name
        replica::SaveOffsets save_offsets;  // from any shard; called back on that one
        replica::LeaderStreamLimits limits;
        uint64_t partition_bytes_max = 0;  // of one partition in one frame
        std::function<void(NodeId)> lost;  // nobody listens where this broker should be: first shard
    };
    // On the main thread, before the first image. The shards outlive it.
    Replication(shard::Shards& shards, Options options);
    // When the shards' threads have ended.
    ~Replication();
    Replication(const Replication&) = delete;
    Replication& operator=(const Replication&) = delete;

    // Where followers come to; to be registered on the server, which ends first.
    peer::Service& service() { return *service_; }

    // Tells every shard's table whom to tell; before the first image.
    void watch(server::ControllerGate& gate);
    // This broker has an epoch, or another one: first shard.
    void registered(int64_t broker_epoch);
    // Of the streams that live on this shard; on its thread.
    server::StreamMetrics stream_metrics(ShardId shard);
    // Nothing is copied any more: first shard, then the others.
    void close();

  private:
    struct Leader {
        uint32_t shards = 0;  // 0: it hasn't said yet
        std::map<replica::PartitionKey, LeaderEpoch> wanted;
        std::vector<std::shared_ptr<LeaderLink>> links;  // by its shards
    };
    struct PendingChange {
        replica::IsrChange change;
        shard::Shard* shard;
        std::function<void(ErrorCode)> done;
    };

    shard::Shard& home_of(size_t link) const { return shards_[link % shards_.size()]; }
    void following(const std::vector<replica::FollowChange>& changes);
    void add_link(NodeId id, Leader& leader, uint32_t leader_shard);
    void greeted(NodeId id, uint32_t shards);
    void tell(NodeId id, const replica::LeaderStream::Wanted& wanted);
    void tell_all(const Leader& leader, uint32_t leader_shard);
    void drop_links(Leader& leader);
    void propose(PendingChange change);
    void send_changes();

    shard::Shards& shards_;
    const Options options_;
    std::vector<std::unique_ptr<Feeds>> feeds_;                      // by shard
    std::vector<std::unique_ptr<peer::ReplicationClient>> clients_;  // likewise
    struct LinkAtHome {
        NodeId leader;
        std::weak_ptr<const LeaderLink> link;
    };
    std::vector<std::vector<LinkAtHome>> links_at_home_;  // likewise, each touched there only
    std::unique_ptr<peer::ReplicationService> service_;
    server::ControllerGate* gate_ = nullptr;

    // On the first shard.
    int64_t broker_epoch_ = -1;
    bool is_closed_ = false;
    std::map<NodeId, Leader> leaders_;
    std::deque<PendingChange> changes_;
    bool is_sending_ = false;
};

}  // namespace milena
