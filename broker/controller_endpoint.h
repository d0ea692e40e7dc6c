// What other brokers ask of the controller in this process: their own requests go to it, and those of their clients
// through the server of the first shard, as if the clients had connected here. Whoever isn't the active controller says
// so, and nothing is done. First shard only.
#pragma once

#include <functional>

#include "controller/controller.h"
#include "peer/controller_service.h"
#include "server/server.h"

namespace milena {

class ControllerEndpoint final : public peer::ControllerRequests {
  public:
    // What there is of this process by now; null until it is there. Both are asked at every request.
    struct Parts {
        std::function<controller::Controller*()> controller;
        std::function<server::Server*()> server;
    };
    explicit ControllerEndpoint(Parts parts) : parts_(std::move(parts)) {}

    void receive(controller::BrokerRegistration request, Answer<controller::BrokerEpoch> answer) override;
    void receive(controller::ControllerRegistration request, Answer<void> answer) override;
    void receive(controller::BrokerHeartbeat request, Answer<controller::HeartbeatAnswer> answer) override;
    void receive(controller::AlterPartition request, Answer<controller::AlterPartitionAnswer> answer) override;
    void receive(controller::AssignDirectories request, Answer<void> answer) override;
    void receive(controller::CordonDirectories request, Answer<void> answer) override;
    void receive(controller::AllocateProducerIds request, Answer<controller::ProducerIdBlock> answer) override;
    void receive(controller::ReportLoad request, Answer<void> answer) override;
    void receive(peer::ForwardedRequest request, Answer<peer::ForwardedResponse> answer) override;

  private:
    template <class Request, class T>
    void decide(Request request, Answer<T> answer);
    peer::Refusal not_controller() const;

    const Parts parts_;
};

}  // namespace milena
