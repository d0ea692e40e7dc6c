// NodeReplication: a simulated node's part in the copying of partitions, as the broker's Replication, Feeds and
// LeaderLink put it together: for each follower a stream from each shard, for each leader a link to each of its shards,
// and the changes of in-sync replicas on their way to the controller. Shards get what is theirs through their
// mailboxes.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "replica/leader_stream.h"
#include "replica/partition_table.h"
#include "sim/cluster/controller_way.h"
#include "sim/cluster/stream.h"

namespace milena::sim::cluster {

struct Watcher;

// What the leader's end of a stream and the follower's have in common: frames go out as long as there are some and the
// stream takes them.
struct ReplicationParts {
    ClusterNetwork& network;
    Machine& machine;
    std::vector<std::unique_ptr<replica::PartitionTable>>& tables;  // by shard
    std::vector<std::unique_ptr<Mailbox>>& mailboxes;               // likewise
    Watcher& watcher;
};

// A stream of one follower from one of our shards.
class Feed : public std::enable_shared_from_this<Feed> {
  public:
    Feed(const ReplicationParts& parts, const Hello& hello, std::shared_ptr<Stream> stream);
    ~Feed();
    void start();
    void tick() { follower_.tick(); }
    bool has_ended() const { return has_ended_; }

  private:
    void pump();
    void pump_soon();

    const ReplicationParts& parts_;
    std::shared_ptr<Stream> stream_;
    replica::FollowerStream follower_;
    bool is_pump_posted_ = false;
    bool has_ended_ = false;
};

// Our end of the stream to one shard of one leader.
class Link final : public replica::FollowerPartitions, public std::enable_shared_from_this<Link> {
  public:
    Link(const ReplicationParts& parts, NodeId leader, Hello hello);
    ~Link() override;

    void connect();
    void follow(std::span<const replica::LeaderStream::Wanted> wanted);
    void use_broker_epoch(int64_t broker_epoch);

    // replica::FollowerPartitions
    void begin(std::vector<replica::FollowStart> starts) override;
    void receive(std::vector<replica::FollowedFrame> frames) override;

  private:
    void opened();
    void received(replica::LeaderFrame frame);
    void ended();
    void disconnect();
    void pump();
    void pump_soon();
    void arm();
    replica::SendReports reports();
    template <class Part>
    std::map<uint32_t, std::vector<Part>> by_owner(std::vector<Part> parts);

    const ReplicationParts& parts_;
    const NodeId leader_id_;
    Hello hello_;
    replica::LeaderStream leader_;
    Mailbox home_;
    std::shared_ptr<Stream> stream_;  // null while there is no connection
    bool is_open_ = false;
    bool is_pump_posted_ = false;
    Duration backoff_{};
    uint64_t timer_ = 0;  // the one that counts
};

class NodeReplication {
  public:
    NodeReplication(ReplicationParts parts, ControllerWay& way, replica::SaveOffsets save_offsets);
    ~NodeReplication();
    NodeReplication(const NodeReplication&) = delete;
    NodeReplication& operator=(const NodeReplication&) = delete;

    void accept(const Hello& hello, std::shared_ptr<Stream> stream);
    // This broker has an epoch, or another one.
    void registered(int64_t broker_epoch);
    void tick();
    void close();

  private:
    struct PendingChange {
        replica::IsrChange change;
        uint32_t shard;
        std::function<void(ErrorCode)> done;
    };
    struct Leader {
        std::map<replica::PartitionKey, LeaderEpoch> wanted;
        std::vector<std::shared_ptr<Link>> links;  // by its shards
    };

    void watch(uint32_t shard, const replica::SaveOffsets& save_offsets);
    void following(const std::vector<replica::FollowChange>& changes);
    void tell(NodeId id, const replica::LeaderStream::Wanted& wanted);
    void add_links(NodeId id, Leader& leader);
    void send_changes();

    const ReplicationParts parts_;
    ControllerWay& way_;
    Mailbox home_;
    int64_t broker_epoch_ = -1;
    bool is_closed_ = false;
    std::map<std::pair<NodeId, uint32_t>, std::shared_ptr<Feed>> feeds_;  // by follower and shard
    std::map<NodeId, Leader> leaders_;
    std::deque<PendingChange> changes_;
    bool is_sending_ = false;
};

}  // namespace milena::sim::cluster
