#include "peer/admin_client.h"

#include <utility>

#include <admin.pb.h>
#include <grpcpp/support/status.h>

#include "peer/admin_messages.h"

namespace milena::peer {
namespace {

constexpr Milliseconds relay_timeout(10'000);
constexpr Milliseconds question_timeout(2'000);
constexpr Milliseconds lags_timeout(500);
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

template <class Response, class Done>
void AdminClient::ask_broker(const char* method, NodeId broker,
                             std::shared_ptr<const google::protobuf::MessageLite> question, Milliseconds timeout,
                             Done done) {
    const auto response = std::make_shared<Response>();
    const Outgoing::Call outgoing{
        .to = broker, .method = method, .request = std::move(question), .response = response, .timeout = timeout};
    brokers_.send(outgoing, [broker, response, done = std::move(done)](std::optional<CallError> error) {
        if (!error) return done(read(*response));
        done(unexpected(AdminRefusal{AdminRefusal::Kind::unavailable,
                                     "broker " + std::to_string(broker.value) + " doesn't answer"}));
    });
}

void AdminClient::ask(NodeId broker, const AskLedPartitions& question,
                      std::function<void(AdminResult<LedPartitions>)> done) {
    auto message = std::make_shared<admin::v1::LedPartitionsRequest>();
    message->set_broker(question.broker.value);
    ask_broker<admin::v1::LedPartitionsResponse>("/milena.admin.v1.ClusterAdmin/LedPartitions", broker,
                                                 std::move(message), question_timeout, std::move(done));
}

void AdminClient::ask(NodeId broker, const AskPartitionLags& question,
                      std::function<void(AdminResult<PartitionLags>)> done) {
    auto message = std::make_shared<admin::v1::PartitionLagsRequest>();
    write(question, *message);
    ask_broker<admin::v1::PartitionLagsResponse>("/milena.admin.v1.ClusterAdmin/PartitionLags", broker,
                                                 std::move(message), lags_timeout, std::move(done));
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
