#include "peer/incoming_call.h"

#include <chrono>

#include <grpcpp/grpcpp.h>

namespace milena::peer {
namespace {

// A caller whose time is up cancels a little before we see that it is.
constexpr std::chrono::milliseconds patience_left(100);

}  // namespace

std::shared_ptr<IncomingCall> IncomingCall::begin(grpc::CallbackServerContext& context, Broken broken) {
    std::shared_ptr<IncomingCall> call(new IncomingCall(context, std::move(broken)));
    call->self_ = call;
    return call;
}

void IncomingCall::answer(const std::function<void()>& fill) {
    if (is_over_.exchange(true)) return;
    fill();
    Finish(grpc::Status::OK);
}

void IncomingCall::refuse(const grpc::Status& status) {
    if (is_over_.exchange(true)) return;
    Finish(status);
}

void IncomingCall::OnCancel() {
    if (is_over_.exchange(true)) return;
    if (broken_ != nullptr && context_.deadline() > std::chrono::system_clock::now() + patience_left) broken_();
    Finish(grpc::Status::CANCELLED);
}

void IncomingCall::OnDone() {
    // Whoever still holds it finds it over.
    const std::shared_ptr<IncomingCall> last = std::move(self_);
}

}  // namespace milena::peer
