#include "peer/admin_client.h"

#include <utility>

#include <admin.pb.h>
#include <grpcpp/support/status.h>

#include "peer/admin_messages.h"

namespace milena::peer {
namespace {

constexpr Milliseconds relay_timeout(10'000);
constexpr Milliseconds question_timeout(2'000);
constexpr Milliseconds identity_timeout(100);

}  // namespace

void AdminClient::relay(NodeId controller, const Call& call, Relayed done) {
    auto refused = std::make_shared<Outgoing::Refused>();
    const Outgoing::Call outgoing{.to = controller,
                                  .method = call.method,
                                  .request = call.request,
                                  .response = call.response,
                                  .timeout = relay_timeout,
                                  .refused = refused,
                                  .is_relayed = true};
    controllers_.send(outgoing, [controller, refused, done = std::move(done)](std::optional<CallError> error) {
        if (!error) return done(nullptr);
        if (*error != CallError::refused)
            *refused = {int{grpc::StatusCode::UNAVAILABLE},
                        "the active controller, node " + std::to_string(controller.value) + ", doesn't answer"};
        done(refused);
    });
}

void AdminClient::ask(NodeId broker, const AskLedPartitions& question,
                      std::function<void(AdminResult<LedPartitions>)> done) {
    const auto message = std::make_shared<admin::v1::LedPartitionsRequest>();
    message->set_broker(question.broker.value);
    const auto response = std::make_shared<admin::v1::LedPartitionsResponse>();
    const Outgoing::Call outgoing{.to = broker,
                                  .method = "/milena.admin.v1.ClusterAdmin/LedPartitions",
                                  .request = message,
                                  .response = response,
                                  .timeout = question_timeout};
    brokers_.send(outgoing, [broker, response, done = std::move(done)](std::optional<CallError> error) {
        if (!error) return done(read(*response));
        done(unexpected(AdminRefusal{AdminRefusal::Kind::unavailable,
                                     "broker " + std::to_string(broker.value) + " doesn't answer"}));
    });
}

void AdminClient::ask_identity(NodeId broker, std::function<void(std::optional<CallError>)> done) {
    const Outgoing::Call outgoing{.to = broker,
                                  .method = "/milena.admin.v1.ClusterAdmin/Identity",
                                  .request = std::make_shared<admin::v1::IdentityRequest>(),
                                  .response = std::make_shared<admin::v1::IdentityResponse>(),
                                  .timeout = identity_timeout};
    brokers_.send(outgoing, std::move(done));
}

}  // namespace milena::peer
