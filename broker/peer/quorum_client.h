// The way of one replica of the metadata log to the others: raft::Transport over gRPC (proto/quorum.proto). Used by the
// thread of the Raft's shard only, where completions come by `post`.
#pragma once

#include "peer/outgoing.h"
#include "raft/transport.h"

namespace milena::peer {

class QuorumClient final : public raft::Transport {
  public:
    // Ends what is under way when it goes; nothing is called any more then.
    explicit QuorumClient(Post post) : outgoing_(std::move(post)) {}

    void send(NodeId to, const raft::Request& request, Milliseconds timeout, Done done) override;
    void use_address(NodeId node, const std::string& host, uint16_t port) override {
        outgoing_.use_address(node, host, port);
    }

  private:
    Outgoing outgoing_;
};

}  // namespace milena::peer
