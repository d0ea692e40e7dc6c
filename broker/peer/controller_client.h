// The way of a node to the active controller on another node (proto/controller.proto). Knows no controller: the
// caller says which node to ask, and where it is. Used by one thread, to which answers come by `post`.
#pragma once

#include <functional>

#include "peer/controller_requests.h"
#include "peer/outgoing.h"

namespace milena::peer {

class ControllerClient {
  public:
    // Ends what is under way when it goes; nothing is called any more then.
    explicit ControllerClient(Post post) : outgoing_(std::move(post)) {}

    void use_address(NodeId node, const std::string& host, uint16_t port) { outgoing_.use_address(node, host, port); }

    // `done` is called once, never inside the call.
    template <class T>
    using Done = std::function<void(ControllerResult<T>)>;
    void send(NodeId to, const controller::BrokerRegistration& request, Milliseconds timeout,
              Done<controller::BrokerEpoch> done);
    void send(NodeId to, const controller::ControllerRegistration& request, Milliseconds timeout, Done<void> done);
    void send(NodeId to, const controller::BrokerHeartbeat& request, Milliseconds timeout,
              Done<controller::HeartbeatAnswer> done);
    void send(NodeId to, const controller::AlterPartition& request, Milliseconds timeout,
              Done<controller::AlterPartitionAnswer> done);
    void send(NodeId to, const controller::AssignDirectories& request, Milliseconds timeout, Done<void> done);
    void send(NodeId to, const controller::CordonDirectories& request, Milliseconds timeout, Done<void> done);
    void send(NodeId to, const controller::AllocateProducerIds& request, Milliseconds timeout,
              Done<controller::ProducerIdBlock> done);
    void send(NodeId to, const controller::ReportLoad& request, Milliseconds timeout, Done<void> done);
    void send(NodeId to, const ForwardedRequest& request, Milliseconds timeout, Done<ForwardedResponse> done);

  private:
    template <class Message, class Answer, class Request, class T>
    void call(NodeId to, const char* method, const Request& request, Milliseconds timeout, Done<T> done);

    Outgoing outgoing_;
};

}  // namespace milena::peer
