// How a replica of the metadata log reaches the others. An interface, so that the simulator can lose, delay and reorder
// what is sent; the real one is peer/. Used by the thread of the Raft's shard only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "raft/messages.h"

namespace milena::raft {

// An unreachable node has refused or broken the connection: evidence that it is down, which a timeout is not.
enum class SendError : uint8_t { unreachable, timed_out };

// controller.quorum.bootstrap.servers have no ids until they answer: the first one is -2, the next -3, and so on.
inline NodeId bootstrap_node(size_t index) { return NodeId(-2 - static_cast<int32_t>(index)); }

struct Transport {
    virtual ~Transport() = default;

    // `done` is called exactly once, from the loop of the Raft's shard, never inside the call.
    using Done = std::function<void(Result<Response, SendError>)>;
    virtual void send(NodeId to, const Request& request, Milliseconds timeout, Done done) = 0;

    // Where a node is to be found from now on.
    virtual void use_address(NodeId node, const std::string& host, uint16_t port) = 0;
};

}  // namespace milena::raft
