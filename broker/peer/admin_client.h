// What nodes ask each other of ClusterAdmin: a question of the cluster is passed on to the active controller, and that
// asks leaders how far a broker is behind. Used by one thread, to which answers come by `post`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "peer/admin_requests.h"
#include "peer/outgoing.h"

namespace milena::peer {

class AdminClient {
  public:
    // Ends what is under way when it goes; nothing is called any more then.
    explicit AdminClient(const Post& post) : controllers_(post), brokers_(post) {}

    void use_controller_address(NodeId node, const std::string& host, uint16_t port) {
        controllers_.use_address(node, host, port);
    }
    void use_broker_address(NodeId node, const std::string& host, uint16_t port) {
        brokers_.use_address(node, host, port);
    }

    // A call as it came. `done` is called once: refused, with what is to be answered, or the response is filled in.
    using Relayed = std::function<void(const std::shared_ptr<Outgoing::Refused>&)>;
    struct Call {
        const char* method = nullptr;
        std::shared_ptr<const google::protobuf::MessageLite> request;
        std::shared_ptr<google::protobuf::MessageLite> response;
    };
    void relay(NodeId controller, const Call& call, Relayed done);

    void ask(NodeId broker, const AskLedPartitions& question, std::function<void(AdminResult<LedPartitions>)> done);

    // Soon: whoever looks at metrics waits.
    void ask(NodeId broker, const AskPartitionLags& question, std::function<void(AdminResult<PartitionLags>)> done);

    // Whether a broker is there: an error says why it didn't answer. Soon: nobody waits for a host that is silent.
    void ask_identity(NodeId broker, std::function<void(std::optional<CallError>)> done);

  private:
    template <class Response, class Done>
    void ask_broker(const char* method, NodeId broker, std::shared_ptr<const google::protobuf::MessageLite> question,
                    Milliseconds timeout, Done done);

    Outgoing controllers_;
    Outgoing brokers_;
};

}  // namespace milena::peer
