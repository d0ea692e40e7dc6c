// One unary call that another node has made here, until it has been answered. gRPC's threads begin it and the shard
// that knows the answer ends it; whoever is first counts, as the other node may give up meanwhile. For the .cc files of
// this directory, which alone include gRPC.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/status.h>

namespace milena::peer {

class IncomingCall final : public grpc::ServerUnaryReactor {
  public:
    using Broken = std::function<void()>;

    // `broken` is called on one of gRPC's threads if the connection breaks before the call is answered, but not when
    // the other node has lost its patience.
    static std::shared_ptr<IncomingCall> begin(grpc::CallbackServerContext& context, Broken broken = nullptr);

    // Any thread. `fill` writes the response; it isn't called if the call is over.
    void answer(const std::function<void()>& fill);
    void refuse(const grpc::Status& status);

  private:
    IncomingCall(grpc::CallbackServerContext& context, Broken broken) : context_(context), broken_(std::move(broken)) {}

    void OnCancel() override;
    void OnDone() override;

    grpc::CallbackServerContext& context_;
    const Broken broken_;
    std::atomic<bool> is_over_ = false;
    std::shared_ptr<IncomingCall> self_;  // until gRPC has forgotten it
};

// The right to answer a call. If it is lost without being used, because whoever had it has gone, the other node is
// told.
class Answering {
  public:
    explicit Answering(std::shared_ptr<IncomingCall> call) : call_(std::move(call)) {}
    ~Answering() { call_->refuse(grpc::Status(grpc::StatusCode::ABORTED, "nobody answers")); }
    Answering(const Answering&) = delete;
    Answering& operator=(const Answering&) = delete;

    void answer(const std::function<void()>& fill) { call_->answer(fill); }
    void refuse(const grpc::Status& status) { call_->refuse(status); }

  private:
    const std::shared_ptr<IncomingCall> call_;
};

}  // namespace milena::peer
