#include "peer/quorum_service.h"

#include <atomic>

#include <grpcpp/grpcpp.h>
#include <quorum.grpc.pb.h>

#include "base/log.h"
#include "peer/incoming_call.h"
#include "peer/quorum_messages.h"

namespace milena::peer {
namespace {}  // namespace

class QuorumService::Calls final : public quorum::v1::Quorum::CallbackService {
  public:
    Calls(Post post, Handlers handlers)
        : post_(std::move(post)), handlers_(std::make_shared<const Handlers>(std::move(handlers))) {}

    grpc::ServerUnaryReactor* Exchange(grpc::CallbackServerContext* context, const quorum::v1::QuorumRequest* message,
                                       quorum::v1::QuorumResponse* response) override {
        Result<raft::Request, std::string> request = read(*message);
        IncomingCall::Broken broken;
        if (request.has_value() && handlers_->lost != nullptr)
            if (const auto* fetch = std::get_if<raft::FetchRequest>(&*request))
                broken = [this, replica = fetch->replica] { tell_lost(replica); };
        const std::shared_ptr<IncomingCall> call = IncomingCall::begin(*context, std::move(broken));
        if (!request.has_value()) {
            log_warn("quorum request refused", {{"peer", context->peer()}, {"reason", request.error()}});
            call->refuse(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, request.error()));
            return call.get();
        }
        const auto answering = std::make_shared<Answering>(call);
        const auto shared = std::make_shared<raft::Request>(std::move(*request));
        post_([weak = std::weak_ptr(handlers_), shared, answering, response] {
            const auto handlers = weak.lock();
            if (handlers == nullptr) return;
            handlers->receive(std::move(*shared), [answering, response](const raft::Response& answer) {
                answering->answer([&answer, response] { write(answer, *response); });
            });
        });
        return call.get();
    }

    void server_ends() { is_ending_ = true; }

  private:
    void tell_lost(NodeId replica) {
        if (is_ending_) return;
        post_([weak = std::weak_ptr(handlers_), replica] {
            if (const auto handlers = weak.lock()) handlers->lost(replica);
        });
    }

    const Post post_;
    const std::shared_ptr<const Handlers> handlers_;
    std::atomic<bool> is_ending_ = false;
};

QuorumService::QuorumService(Post post, Handlers handlers)
    : calls_(std::make_unique<Calls>(std::move(post), std::move(handlers))) {}

QuorumService::~QuorumService() = default;

grpc::Service& QuorumService::service() { return *calls_; }

void QuorumService::server_ends() { calls_->server_ends(); }

}  // namespace milena::peer
