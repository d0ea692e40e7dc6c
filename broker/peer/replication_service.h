// The leaders' end of replication streams: takes each to the shard that its follower asks for. What the shard and the
// follower then tell each other is theirs. gRPC's threads take messages apart, and nothing else.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "peer/frame.h"
#include "peer/post.h"
#include "peer/replication_stream.h"
#include "peer/service.h"

namespace milena::peer {

class ReplicationService final : public Service {
  public:
    // Called on the shard that the follower asks for, so on several at a time. Keeps the stream and starts it, or drops
    // it, which ends it. May be called first before the server has ended, and not any more after that.
    using Accept = std::function<void(const Hello& hello, std::unique_ptr<LeaderEnd> stream)>;

    // By ShardId.
    ReplicationService(std::vector<Post> shards, Accept accept);
    // The server it was registered on has gone before. Streams that shards still have are ended.
    ~ReplicationService() override;

    grpc::Service& service() override;

  private:
    class Calls;
    const std::unique_ptr<Calls> calls_;
};

}  // namespace milena::peer
