#include "controller_endpoint.h"

#include <memory>
#include <type_traits>
#include <utility>

namespace milena {

peer::Refusal ControllerEndpoint::not_controller() const {
    const controller::Controller* controller = parts_.controller();
    return {ErrorCode::not_controller, controller == nullptr ? no_node : controller->active()};
}

template <class Request, class T>
void ControllerEndpoint::decide(Request request, Answer<T> answer) {
    controller::Controller* controller = parts_.controller();
    if (controller == nullptr || !controller->is_active()) return answer(unexpected(not_controller()));
    // What the controller keeps of the request beyond the call is its own.
    controller->submit(request, controller::Done<Result<T>>([this, answer](Result<T> outcome) {
                           if constexpr (std::is_void_v<T>) {
                               if (outcome) return answer({});
                           } else {
                               if (outcome) return answer(std::move(outcome).value());
                           }
                           if (outcome.error() == ErrorCode::not_controller)
                               return answer(unexpected(not_controller()));
                           answer(unexpected(peer::Refusal{outcome.error(), no_node}));
                       }));
}

void ControllerEndpoint::receive(controller::BrokerRegistration request, Answer<controller::BrokerEpoch> answer) {
    decide<controller::BrokerRegistration, controller::BrokerEpoch>(std::move(request), std::move(answer));
}
void ControllerEndpoint::receive(controller::ControllerRegistration request, Answer<void> answer) {
    decide<controller::ControllerRegistration, void>(std::move(request), std::move(answer));
}
void ControllerEndpoint::receive(controller::BrokerHeartbeat request, Answer<controller::HeartbeatAnswer> answer) {
    decide<controller::BrokerHeartbeat, controller::HeartbeatAnswer>(std::move(request), std::move(answer));
}
void ControllerEndpoint::receive(controller::AlterPartition request, Answer<controller::AlterPartitionAnswer> answer) {
    decide<controller::AlterPartition, controller::AlterPartitionAnswer>(std::move(request), std::move(answer));
}
void ControllerEndpoint::receive(controller::AllocateProducerIds request, Answer<controller::ProducerIdBlock> answer) {
    decide<controller::AllocateProducerIds, controller::ProducerIdBlock>(request, std::move(answer));
}
void ControllerEndpoint::receive(controller::AssignDirectories request, Answer<void> answer) {
    decide<controller::AssignDirectories, void>(request, std::move(answer));
}
void ControllerEndpoint::receive(controller::CordonDirectories request, Answer<void> answer) {
    decide<controller::CordonDirectories, void>(std::move(request), std::move(answer));
}
void ControllerEndpoint::receive(controller::ReportLoad request, Answer<void> answer) {
    decide<controller::ReportLoad, void>(std::move(request), std::move(answer));
}

void ControllerEndpoint::receive(peer::ForwardedRequest request, Answer<peer::ForwardedResponse> answer) {
    controller::Controller* controller = parts_.controller();
    server::Server* server = parts_.server();
    if (controller == nullptr || server == nullptr || !controller->is_active())
        return answer(unexpected(not_controller()));
    const server::ClientInfo client{.address = request.client, .listener = request.listener, .is_relayed = true};
    server->relay(request.frame, client, [this, answer](Result<Bytes> frame) {
        const controller::Controller* decided_by = parts_.controller();
        if (!frame || decided_by == nullptr)
            return answer(unexpected(peer::Refusal{ErrorCode::network_exception, no_node}));
        answer(peer::ForwardedResponse{std::move(frame).value(), decided_by->image()->offset});
    });
}

}  // namespace milena
