// LeaderLink: the connection of this broker to one shard of another one that leads partitions which this broker
// follows. Connects, and connects again after a break; moves frames between the stream and the shards that own the
// partitions. Lives on one shard, used by its thread only; decides nothing.
//
//     stream ─▶ LeaderStream ─▶ begin, receive ⇒ owner shard: begin_following(), follow() ⇒ report ─▶ LeaderStream ─▶
//     stream
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "peer/replication_client.h"
#include "peer/replication_stream.h"
#include "replica/leader_stream.h"
#include "shard/shard.h"

namespace milena {

class LeaderLink final : public replica::FollowerPartitions, public std::enable_shared_from_this<LeaderLink> {
  public:
    struct Address {
        std::string host;
        uint16_t port = 0;
    };
    // All outlive the link, but for what has gone with the process's shards.
    struct Environment {
        shard::Shards& shards;
        shard::Shard& home;
        peer::ReplicationClient& client;   // of the home shard
        std::function<Address()> address;  // of the leader now; without a port: not known
        // The leader has said how many shards it has.
        std::function<void(uint32_t)> greeted;
        // Nobody listens where the leader should be.
        std::function<void()> refused;
    };
    LeaderLink(Environment environment, peer::Hello hello, const replica::LeaderStreamLimits& limits);
    ~LeaderLink() override;
    LeaderLink(const LeaderLink&) = delete;
    LeaderLink& operator=(const LeaderLink&) = delete;

    void connect();
    void follow(std::span<const replica::LeaderStream::Wanted> wanted);
    // This broker was registered anew: what it says of itself in a new connection.
    void use_broker_epoch(int64_t broker_epoch);

    replica::LeaderStreamMetrics metrics() const { return leader_.metrics(); }

    // replica::FollowerPartitions
    void begin(std::vector<replica::FollowStart> starts) override;
    void receive(std::vector<replica::FollowedFrame> frames) override;

  private:
    template <class Part>
    std::vector<std::vector<Part>> by_owner(std::vector<Part> parts, const replica::PartitionKey& (*key)(const Part&));
    replica::SendReports reports();
    void received(replica::LeaderFrame frame);
    void ended(peer::StreamEnd why);
    void reconnect_after(Duration delay);
    void watch();
    void pump();
    void pump_soon();
    void arm();

    const Environment environment_;
    peer::Hello hello_;
    const replica::LeaderStreamLimits limits_;
    replica::LeaderStream leader_;
    std::unique_ptr<peer::FollowerEnd> stream_;  // null while there is no connection
    bool is_open_ = false;
    bool is_pump_posted_ = false;
    Duration backoff_{};
    Instant heard_at_;  // something from this stream, or its beginning
    shard::TimerId watching_;
    shard::TimerId reconnecting_;
    shard::TimerId ticking_;
};

}  // namespace milena
