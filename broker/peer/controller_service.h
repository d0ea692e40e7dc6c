// The other end of ControllerClient: hands what other brokers ask to the shard of the controller, and its answers back.
// Decides nothing.
#pragma once

#include <functional>
#include <memory>

#include "peer/controller_requests.h"
#include "peer/post.h"
#include "peer/service.h"

namespace milena::peer {

// What answers; called on the controller's shard.
class ControllerRequests {
  public:
    virtual ~ControllerRequests() = default;

    // May be called once, from any thread, also when the asker has given up. Dropped without being called: the asker is
    // told that nobody answers.
    template <class T>
    using Answer = std::function<void(ControllerResult<T>)>;

    virtual void receive(controller::BrokerRegistration request, Answer<controller::BrokerEpoch> answer) = 0;
    virtual void receive(controller::ControllerRegistration request, Answer<void> answer) = 0;
    virtual void receive(controller::BrokerHeartbeat request, Answer<controller::HeartbeatAnswer> answer) = 0;
    virtual void receive(controller::AlterPartition request, Answer<controller::AlterPartitionAnswer> answer) = 0;
    virtual void receive(controller::AssignDirectories request, Answer<void> answer) = 0;
    virtual void receive(controller::CordonDirectories request, Answer<void> answer) = 0;
    virtual void receive(controller::AllocateProducerIds request, Answer<controller::ProducerIdBlock> answer) = 0;
    virtual void receive(controller::ReportLoad request, Answer<void> answer) = 0;
    virtual void receive(ForwardedRequest request, Answer<ForwardedResponse> answer) = 0;
};

class ControllerService final : public Service {
  public:
    // `requests` is used on the shard only, until forget().
    ControllerService(Post post, ControllerRequests& requests);
    ~ControllerService() override;

    // On the shard: what is still to come is dropped, and its askers are told so.
    void forget();

    grpc::Service& service() override;

  private:
    class Calls;
    const std::unique_ptr<Calls> calls_;
};

}  // namespace milena::peer
