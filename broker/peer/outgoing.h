// Unary calls to other nodes, as the clients of the single services make them: where each node is, one connection to
// it, and completions on the thread of the one that asked. Used by that thread only; gRPC's threads only parse.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/ids.h"
#include "base/time.h"
#include "peer/calls_under_way.h"
#include "peer/channel.h"
#include "peer/post.h"

namespace google::protobuf {
class MessageLite;
}

namespace milena::peer {

class Outgoing {
  public:
    // `post` works for as long as this is there. What has come but not run when this goes, never runs.
    explicit Outgoing(Post post);
    // Waits until gRPC has given up what is under way, which it does at once.
    ~Outgoing();
    Outgoing(const Outgoing&) = delete;
    Outgoing& operator=(const Outgoing&) = delete;

    void use_address(NodeId node, const std::string& host, uint16_t port);

    using Done = std::function<void(std::optional<CallError>)>;
    // gRPC's code, and what the other node has said.
    struct Refused {
        int code = 0;
        std::string message;
    };
    struct Call {
        NodeId to = no_node;
        const char* method = nullptr;  // "/package.Service/Method"
        std::shared_ptr<const google::protobuf::MessageLite> request;
        std::shared_ptr<google::protobuf::MessageLite> response;  // filled in when `done` is called without an error
        Milliseconds timeout{};
        std::shared_ptr<Refused> refused = nullptr;  // filled in with CallError::refused, if there
        bool is_relayed = false;                     // somebody else's call, which isn't to be passed on again
    };
    // `done` is called once, by post. A node without an address: timed_out, at once.
    void send(const Call& call, Done done);

  private:
    struct Node {
        std::string host;
        uint16_t port = 0;
        std::shared_ptr<grpc::Channel> channel;  // null until it is used
    };
    // What is waited for; found gone by completions that come too late.
    struct State {
        std::map<NodeId, Node> nodes;
        std::unordered_map<uint64_t, Done> waiting;
        uint64_t next = 0;
    };
    struct UnaryCall;
    struct Completion;

    std::shared_ptr<grpc::Channel> channel_to(NodeId node);
    static void complete(const std::weak_ptr<State>& weak, const Completion& completion);

    const std::shared_ptr<const Post> post_;
    std::shared_ptr<State> state_;
    const std::shared_ptr<CallsUnderWay> under_way_;
};

}  // namespace milena::peer
