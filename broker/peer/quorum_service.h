// The other end of QuorumClient: hands the requests of other replicas of the metadata log to the shard of the Raft, and
// its answers back. Decides nothing.
#pragma once

#include <functional>
#include <memory>

#include "base/ids.h"
#include "peer/post.h"
#include "peer/service.h"
#include "raft/messages.h"

namespace milena::peer {

class QuorumService final : public Service {
  public:
    // May be called once, from any thread, also after the other node has given up. Dropped without being called: the
    // other node is told that nobody answers.
    using Answer = std::function<void(raft::Response)>;

    // Called on the shard.
    struct Handlers {
        std::function<void(raft::Request request, Answer answer)> receive;
        // The connection over which this replica waited for an answer to its fetch was broken, before its time was up:
        // evidence that it has gone. May be null.
        std::function<void(NodeId replica)> lost;
    };

    QuorumService(Post post, Handlers handlers);
    // What is posted and hasn't run by then never runs; the server it was registered on has gone before.
    ~QuorumService() override;

    grpc::Service& service() override;
    void server_ends() override;

  private:
    class Calls;
    const std::unique_ptr<Calls> calls_;
};

}  // namespace milena::peer
