// The followers' end of replication streams: opens them, each over a connection of its own. Used by one thread, to
// which everything comes by `post`. When to open another one after a break is for the caller to say.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "peer/calls_under_way.h"
#include "peer/frame.h"
#include "peer/post.h"
#include "peer/replication_stream.h"

namespace milena::peer {

class ReplicationClient {
  public:
    // `post` works for as long as this is there.
    explicit ReplicationClient(Post post);
    // Ends all streams; those that are still held can do nothing any more.
    ~ReplicationClient();
    ReplicationClient(const ReplicationClient&) = delete;
    ReplicationClient& operator=(const ReplicationClient&) = delete;

    // Connects when it is started. writable() says for the first time that the hello has left, so that there is a
    // connection; a refused one is told by ended().
    std::unique_ptr<FollowerEnd> open(const std::string& host, uint16_t port, const Hello& hello);

  private:
    const std::shared_ptr<const Post> post_;
    const std::shared_ptr<CallsUnderWay> under_way_;
};

}  // namespace milena::peer
