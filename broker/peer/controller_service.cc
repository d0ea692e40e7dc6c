#include "peer/controller_service.h"

#include <controller.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include "base/log.h"
#include "peer/controller_messages.h"
#include "peer/incoming_call.h"

namespace milena::peer {
namespace {

using Reactor = grpc::ServerUnaryReactor;
using Context = grpc::CallbackServerContext;

}  // namespace

class ControllerService::Calls final : public controller::v1::Controller::CallbackService {
  public:
    Calls(Post post, ControllerRequests& requests)
        : post_(std::move(post)), requests_(std::make_shared<ControllerRequests*>(&requests)) {}

    void forget() { *requests_ = nullptr; }

    Reactor* RegisterBroker(Context* context, const controller::v1::RegisterBrokerRequest* request,
                            controller::v1::RegisterBrokerResponse* response) override {
        return receive<controller::BrokerEpoch>(*context, *request, response);
    }
    Reactor* RegisterController(Context* context, const controller::v1::RegisterControllerRequest* request,
                                controller::v1::RegisterControllerResponse* response) override {
        return receive<void>(*context, *request, response);
    }
    Reactor* Heartbeat(Context* context, const controller::v1::HeartbeatRequest* request,
                       controller::v1::HeartbeatResponse* response) override {
        return receive<controller::HeartbeatAnswer>(*context, *request, response);
    }
    Reactor* AlterPartition(Context* context, const controller::v1::AlterPartitionRequest* request,
                            controller::v1::AlterPartitionResponse* response) override {
        return receive<controller::AlterPartitionAnswer>(*context, *request, response);
    }
    Reactor* AssignDirectories(Context* context, const controller::v1::AssignDirectoriesRequest* request,
                               controller::v1::AssignDirectoriesResponse* response) override {
        return receive<void>(*context, *request, response);
    }
    Reactor* CordonDirectories(Context* context, const controller::v1::CordonDirectoriesRequest* request,
                               controller::v1::CordonDirectoriesResponse* response) override {
        return receive<void>(*context, *request, response);
    }
    Reactor* AllocateProducerIds(Context* context, const controller::v1::AllocateProducerIdsRequest* request,
                                 controller::v1::AllocateProducerIdsResponse* response) override {
        return receive<controller::ProducerIdBlock>(*context, *request, response);
    }
    Reactor* ReportLoad(Context* context, const controller::v1::ReportLoadRequest* request,
                        controller::v1::ReportLoadResponse* response) override {
        return receive<void>(*context, *request, response);
    }
    Reactor* Forward(Context* context, const controller::v1::ForwardRequest* request,
                     controller::v1::ForwardResponse* response) override {
        return receive<ForwardedResponse>(*context, *request, response);
    }

  private:
    template <class T, class Message, class Response>
    Reactor* receive(Context& context, const Message& message, Response* response) {
        const std::shared_ptr<IncomingCall> call = IncomingCall::begin(context);
        auto request = read(message);
        if (!request.has_value()) {
            log_warn("controller request refused", {{"peer", context.peer()}, {"reason", request.error()}});
            call->refuse(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, request.error()));
            return call.get();
        }
        const auto answering = std::make_shared<Answering>(call);
        const auto shared = std::make_shared<typename decltype(request)::value_type>(std::move(*request));
        post_([requests = requests_, shared, answering, response] {
            if (*requests == nullptr) return;
            (*requests)->receive(std::move(*shared), ControllerRequests::Answer<T>(
                                                         [answering, response](const ControllerResult<T>& result) {
                                                             answering->answer([&] { write(result, *response); });
                                                         }));
        });
        return call.get();
    }

    const Post post_;
    const std::shared_ptr<ControllerRequests*> requests_;  // what it points to is the shard's
};

ControllerService::ControllerService(Post post, ControllerRequests& requests)
    : calls_(std::make_unique<Calls>(std::move(post), requests)) {}

ControllerService::~ControllerService() = default;

void ControllerService::forget() { calls_->forget(); }

grpc::Service& ControllerService::service() { return *calls_; }

}  // namespace milena::peer
