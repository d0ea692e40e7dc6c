// Feeds: what one shard gives to the brokers that follow its partitions: for each of them one stream, and the pump that
// moves frames into it while both the follower's window and the connection have room. Its shard's thread only; decides
// nothing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "peer/frame.h"
#include "peer/replication_stream.h"
#include "replica/follower_stream.h"
#include "shard/shard.h"

namespace milena {

class Feeds {
  public:
    Feeds(shard::Shard& shard, std::string cluster_id, uint32_t shard_count);
    ~Feeds();
    Feeds(const Feeds&) = delete;
    Feeds& operator=(const Feeds&) = delete;

    // A follower has come. What it had before is over: it has lost that connection.
    void accept(const peer::Hello& hello, std::unique_ptr<peer::LeaderEnd> stream);
    void close();
    std::map<NodeId, replica::FollowerStreamMetrics> metrics() const;

  private:
    struct Feed {
        std::unique_ptr<peer::LeaderEnd> stream;
        std::unique_ptr<replica::FollowerStream> follower;
        size_t frame_bytes_max = 0;
        Instant written_at;  // the last frame
        bool was_greeted = false;
        bool is_pump_posted = false;
    };

    void pump(const std::shared_ptr<Feed>& feed);
    void write(Feed& feed, const replica::LeaderFrame& frame);
    void pump_soon(const std::weak_ptr<Feed>& weak);
    void end(NodeId node, const std::shared_ptr<Feed>& feed, peer::StreamEnd why);
    void tick();

    shard::Shard& shard_;
    const std::string cluster_id_;
    const uint32_t shard_count_;
    std::map<NodeId, std::shared_ptr<Feed>> feeds_;
    shard::TimerId ticking_;
};

}  // namespace milena
