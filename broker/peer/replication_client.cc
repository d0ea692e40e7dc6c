#include "peer/replication_client.h"

#include <mutex>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include "base/log.h"
#include "peer/byte_buffer.h"
#include "peer/channel.h"
#include "peer/stream_owner.h"

namespace milena::peer {
namespace {

// Never more comes than was granted, but for a batch that is larger than that.
constexpr int no_limit = -1;

using LeaderOwner = StreamOwner<replica::LeaderFrame, replica::FollowerFrame>;

// One stream to a leader, as gRPC sees it. The lock keeps the shard from starting what gRPC has forgotten; it is taken
// again by the same thread where gRPC calls back from within.
class LeaderCall final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
  public:
    LeaderCall(std::shared_ptr<grpc::Channel> channel, std::shared_ptr<const Post> post,
               std::shared_ptr<CallsUnderWay> under_way, std::weak_ptr<LeaderOwner> owner)
        : channel_(std::move(channel)),
          post_(std::move(post)),
          under_way_(std::move(under_way)),
          owner_(std::move(owner)) {}

    static void begin(const std::shared_ptr<LeaderCall>& call, const Bytes& hello);

    // From here on: the shard.
    void read_next();
    void write(const Bytes& message);
    void cancel();

  private:
    void OnReadDone(bool ok) override;
    void OnWriteDone(bool ok) override;
    void OnDone(const grpc::Status& status) override;

    void release();
    void tell(std::function<void(LeaderOwner&)> what);

    const std::shared_ptr<grpc::Channel> channel_;
    const std::shared_ptr<const Post> post_;
    const std::shared_ptr<CallsUnderWay> under_way_;
    const std::weak_ptr<LeaderOwner> owner_;
    grpc::ClientContext context_;
    grpc::ByteBuffer incoming_, outgoing_;
    CallsUnderWay::Id under_way_id_ = 0;
    std::shared_ptr<LeaderCall> self_;  // until gRPC has forgotten it

    std::recursive_mutex mutex_;
    bool is_over_ = true;  // gRPC is to be asked for nothing more, or not yet
    bool is_reading_ = false;
    bool is_nonsense_ = false;  // what has come
};

// The same, as the shard sees it.
class OpenedStream final : public FollowerEnd {
  public:
    OpenedStream(std::shared_ptr<LeaderCall> call, std::shared_ptr<LeaderOwner> owner, Bytes hello)
        : call_(std::move(call)), owner_(std::move(owner)), hello_(std::move(hello)) {}
    ~OpenedStream() override { call_->cancel(); }

    void start(Handlers handlers) override {
        (void)owner_->start(std::move(handlers));
        LeaderCall::begin(call_, hello_);
    }
    void read_next() override { call_->read_next(); }
    bool is_writable() const override { return owner_->is_writable(); }
    void write(const replica::FollowerFrame& frame) override {
        check(owner_->is_writable());
        owner_->take_write();
        call_->write(encode(frame));
    }

  private:
    const std::shared_ptr<LeaderCall> call_;
    const std::shared_ptr<LeaderOwner> owner_;
    const Bytes hello_;
};

StreamEnd end_of(const grpc::Status& status) {
    if (status.ok() || status.error_code() == grpc::StatusCode::CANCELLED) return StreamEnd::closed;
    switch (call_error_of(status)) {
        case CallError::unreachable: return StreamEnd::unreachable;
        case CallError::timed_out: return StreamEnd::timed_out;
        case CallError::refused: break;
    }
    log_warn("replication stream refused", {{"code", int{status.error_code()}}, {"reason", status.error_message()}});
    return StreamEnd::refused;
}

void LeaderCall::begin(const std::shared_ptr<LeaderCall>& call, const Bytes& hello) {
    call->self_ = call;
    call->under_way_id_ = call->under_way_->add([call] { call->cancel(); });
    grpc::GenericStub(call->channel_)
        .PrepareBidiStreamingCall(&call->context_, "/milena.replication.v1.Replication/Replicate", {}, call.get());
    call->AddHold();
    call->outgoing_ = buffer_of({&hello, 1});
    call->StartWrite(&call->outgoing_);
    {
        const std::lock_guard lock(call->mutex_);
        call->is_over_ = false;
    }
    call->StartCall();
}

void LeaderCall::read_next() {
    const std::lock_guard lock(mutex_);
    if (is_over_) return;
    check(!is_reading_);
    is_reading_ = true;
    StartRead(&incoming_);
}

void LeaderCall::write(const Bytes& message) {
    const std::lock_guard lock(mutex_);
    if (is_over_) return;
    outgoing_ = buffer_of({&message, 1});
    StartWrite(&outgoing_);
}

void LeaderCall::cancel() {
    context_.TryCancel();
    release();
}

void LeaderCall::release() {
    const std::lock_guard lock(mutex_);
    if (is_over_) return;
    is_over_ = true;
    RemoveHold();
}

void LeaderCall::OnReadDone(bool ok) {
    if (!ok) return release();
    Result<replica::LeaderFrame, std::string> frame = decode_leader_frame(slices_of(incoming_));
    incoming_.Clear();
    {
        const std::lock_guard lock(mutex_);
        is_reading_ = false;
        is_nonsense_ = !frame.has_value();
    }
    if (!frame.has_value()) {
        log_warn("replication frame not understood", {{"reason", frame.error()}});
        return cancel();
    }
    const auto shared = std::make_shared<replica::LeaderFrame>(std::move(*frame));
    tell([shared](LeaderOwner& owner) { owner.tell_received(std::move(*shared)); });
}

void LeaderCall::OnWriteDone(bool ok) {
    outgoing_.Clear();
    if (!ok) return release();
    tell([](LeaderOwner& owner) { owner.tell_writable(); });
}

void LeaderCall::OnDone(const grpc::Status& status) {
    const StreamEnd why = is_nonsense_ ? StreamEnd::refused : end_of(status);
    const std::shared_ptr<CallsUnderWay> under_way = under_way_;
    const CallsUnderWay::Id id = under_way_id_;
    const std::shared_ptr<const Post> post = post_;
    (*post)([weak = owner_, why, held = std::move(self_), cancel = under_way->take(id)]() mutable {
        cancel = nullptr;
        held.reset();
        if (const auto owner = weak.lock()) owner->tell_ended(why);
    });
    under_way->remove(id);
}

void LeaderCall::tell(std::function<void(LeaderOwner&)> what) {
    (*post_)([weak = owner_, what = std::move(what)] {
        if (const auto owner = weak.lock()) what(*owner);
    });
}

}  // namespace

ReplicationClient::ReplicationClient(Post post)
    : post_(std::make_shared<const Post>(std::move(post))), under_way_(std::make_shared<CallsUnderWay>()) {}

ReplicationClient::~ReplicationClient() { under_way_->end(); }

std::unique_ptr<FollowerEnd> ReplicationClient::open(const std::string& host, uint16_t port, const Hello& hello) {
    const auto owner = std::make_shared<LeaderOwner>(false);
    auto call = std::make_shared<LeaderCall>(open_channel(address_of(host, port), Connection::own, no_limit), post_,
                                             under_way_, owner);
    return std::make_unique<OpenedStream>(std::move(call), owner, encode(hello));
}

}  // namespace milena::peer
