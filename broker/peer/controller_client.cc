#include "peer/controller_client.h"

#include <controller.pb.h>

#include "base/log.h"
#include "peer/controller_messages.h"

namespace milena::peer {
namespace {

Refusal refusal_of(CallError error) {
    switch (error) {
        case CallError::unreachable: return {ErrorCode::network_exception};
        case CallError::timed_out: return {ErrorCode::request_timed_out};
        case CallError::refused: break;
    }
    return {ErrorCode::unknown_server_error};
}

}  // namespace

template <class Message, class Answer, class Request, class T>
void ControllerClient::call(NodeId to, const char* method, const Request& request, Milliseconds timeout, Done<T> done) {
    const auto message = std::make_shared<Message>();
    write(request, *message);
    const auto answer = std::make_shared<Answer>();
    const Outgoing::Call outgoing{
        .to = to, .method = method, .request = message, .response = answer, .timeout = timeout};
    outgoing_.send(outgoing, [to, method, answer, done = std::move(done)](std::optional<CallError> error) {
        if (error == CallError::refused) log_warn("controller request refused", {{"node", to}, {"method", method}});
        if (error) return done(unexpected(refusal_of(*error)));
        done(read(*answer));
    });
}

void ControllerClient::send(NodeId to, const controller::BrokerRegistration& request, Milliseconds timeout,
                            Done<controller::BrokerEpoch> done) {
    call<controller::v1::RegisterBrokerRequest, controller::v1::RegisterBrokerResponse>(
        to, "/milena.controller.v1.Controller/RegisterBroker", request, timeout, std::move(done));
}

void ControllerClient::send(NodeId to, const controller::ControllerRegistration& request, Milliseconds timeout,
                            Done<void> done) {
    call<controller::v1::RegisterControllerRequest, controller::v1::RegisterControllerResponse>(
        to, "/milena.controller.v1.Controller/RegisterController", request, timeout, std::move(done));
}

void ControllerClient::send(NodeId to, const controller::BrokerHeartbeat& request, Milliseconds timeout,
                            Done<controller::HeartbeatAnswer> done) {
    call<controller::v1::HeartbeatRequest, controller::v1::HeartbeatResponse>(
        to, "/milena.controller.v1.Controller/Heartbeat", request, timeout, std::move(done));
}

void ControllerClient::send(NodeId to, const controller::AlterPartition& request, Milliseconds timeout,
                            Done<controller::AlterPartitionAnswer> done) {
    // As many outcomes as changes, or the answer makes no sense.
    auto counted = [changes = request.changes.size(),
                    done = std::move(done)](ControllerResult<controller::AlterPartitionAnswer> result) {
        if (result.has_value() && result->outcomes.size() != changes) return done(unexpected(Refusal{}));
        done(std::move(result));
    };
    call<controller::v1::AlterPartitionRequest, controller::v1::AlterPartitionResponse>(
        to, "/milena.controller.v1.Controller/AlterPartition", request, timeout,
        Done<controller::AlterPartitionAnswer>(std::move(counted)));
}

void ControllerClient::send(NodeId to, const controller::AssignDirectories& request, Milliseconds timeout,
                            Done<void> done) {
    call<controller::v1::AssignDirectoriesRequest, controller::v1::AssignDirectoriesResponse>(
        to, "/milena.controller.v1.Controller/AssignDirectories", request, timeout, std::move(done));
}

void ControllerClient::send(NodeId to, const controller::CordonDirectories& request, Milliseconds timeout,
                            Done<void> done) {
    call<controller::v1::CordonDirectoriesRequest, controller::v1::CordonDirectoriesResponse>(
        to, "/milena.controller.v1.Controller/CordonDirectories", request, timeout, std::move(done));
}

void ControllerClient::send(NodeId to, const controller::AllocateProducerIds& request, Milliseconds timeout,
                            Done<controller::ProducerIdBlock> done) {
    call<controller::v1::AllocateProducerIdsRequest, controller::v1::AllocateProducerIdsResponse>(
        to, "/milena.controller.v1.Controller/AllocateProducerIds", request, timeout, std::move(done));
}

void ControllerClient::send(NodeId to, const controller::ReportLoad& request, Milliseconds timeout, Done<void> done) {
    call<controller::v1::ReportLoadRequest, controller::v1::ReportLoadResponse>(
        to, "/milena.controller.v1.Controller/ReportLoad", request, timeout, std::move(done));
}

void ControllerClient::send(NodeId to, const ForwardedRequest& request, Milliseconds timeout,
                            Done<ForwardedResponse> done) {
    call<controller::v1::ForwardRequest, controller::v1::ForwardResponse>(
        to, "/milena.controller.v1.Controller/Forward", request, timeout, std::move(done));
}

}  // namespace milena::peer
