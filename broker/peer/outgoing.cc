#include "peer/outgoing.h"

#include <chrono>

#include <google/protobuf/message_lite.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include "base/log.h"

namespace milena::peer {
namespace {

// A piece of a snapshot or a batch of the metadata log; the answer to a client's request.
constexpr int response_bytes_max = 64 << 20;

using Stub = grpc::TemplatedGenericStub<google::protobuf::MessageLite, google::protobuf::MessageLite>;

}  // namespace

// Alive until gRPC has forgotten it.
struct Outgoing::UnaryCall {
    grpc::ClientContext context;
    std::shared_ptr<const google::protobuf::MessageLite> request;
    std::shared_ptr<google::protobuf::MessageLite> response;
    std::shared_ptr<Refused> refused;
};

struct Outgoing::Completion {
    uint64_t id = 0;
    NodeId from = no_node;
    std::optional<CallError> error;
    bool is_unresolved = false;
};

Outgoing::Outgoing(Post post)
    : post_(std::make_shared<const Post>(std::move(post))),
      state_(std::make_shared<State>()),
      under_way_(std::make_shared<CallsUnderWay>()) {}

Outgoing::~Outgoing() {
    under_way_->end();
    // A completion that runs while `done` of another one destroys this finds nothing.
    const std::shared_ptr<State> state = std::move(state_);
}

void Outgoing::use_address(NodeId node, const std::string& host, uint16_t port) {
    Node& known = state_->nodes[node];
    if (known.host == host && known.port == port) return;
    known = {.host = host, .port = port, .channel = nullptr};
}

std::shared_ptr<grpc::Channel> Outgoing::channel_to(NodeId node) {
    const auto found = state_->nodes.find(node);
    if (found == state_->nodes.end()) return nullptr;
    Node& known = found->second;
    if (known.channel == nullptr)
        known.channel = open_channel(address_of(known.host, known.port), Connection::shared, response_bytes_max);
    return known.channel;
}

void Outgoing::send(const Call& call, Done done) {
    const uint64_t id = state_->next++;
    state_->waiting.emplace(id, std::move(done));
    const std::weak_ptr<State> weak = state_;
    const std::shared_ptr<grpc::Channel> channel = channel_to(call.to);
    if (channel == nullptr) {
        const Completion nowhere{.id = id, .from = call.to, .error = CallError::timed_out};
        (*post_)([weak, nowhere] { complete(weak, nowhere); });
        return;
    }
    auto unary = std::make_shared<UnaryCall>();
    unary->context.set_deadline(std::chrono::system_clock::now() + call.timeout);
    unary->request = call.request;
    unary->response = call.response;
    unary->refused = call.refused;
    if (call.is_relayed) unary->context.AddMetadata(relayed_key, "1");
    const CallsUnderWay::Id under_way_id = under_way_->add([unary] { unary->context.TryCancel(); });
    UnaryCall& under_way = *unary;
    Stub(channel).UnaryCall(
        &under_way.context, call.method, {}, under_way.request.get(), under_way.response.get(),
        [unary = std::move(unary), id, to = call.to, weak, post = post_, calls = under_way_,
         under_way_id](const grpc::Status& status) mutable {
            Completion completion{.id = id, .from = to};
            if (!status.ok()) {
                completion.error = call_error_of(status);
                completion.is_unresolved = is_unresolved(status);
                if (unary->refused) *unary->refused = {int{status.error_code()}, status.error_message()};
                log_debug("call failed",
                          {{"node", to}, {"code", int{status.error_code()}}, {"reason", status.error_message()}});
            }
            (*post)([weak, completion, held = std::move(unary), cancel = calls->take(under_way_id)]() mutable {
                cancel = nullptr;
                held.reset();
                complete(weak, completion);
            });
            calls->remove(under_way_id);
        });
}

void Outgoing::complete(const std::weak_ptr<State>& weak, const Completion& completion) {
    const std::shared_ptr<State> state = weak.lock();
    if (state == nullptr) return;
    if (completion.is_unresolved) {
        const auto node = state->nodes.find(completion.from);
        if (node != state->nodes.end()) node->second.channel.reset();
    }
    const auto found = state->waiting.find(completion.id);
    if (found == state->waiting.end()) return;
    const Done done = std::move(found->second);
    state->waiting.erase(found);
    done(completion.error);
}

}  // namespace milena::peer
