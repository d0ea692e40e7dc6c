#include "peer/replication_service.h"

#include <mutex>

#include <grpcpp/grpcpp.h>
#include <replication.grpc.pb.h>

#include "base/log.h"
#include "peer/byte_buffer.h"
#include "peer/stream_owner.h"

namespace milena::peer {
namespace {

using FollowerOwner = StreamOwner<replica::FollowerFrame, replica::LeaderFrame>;

struct Destinations {
    std::vector<Post> shards;
    ReplicationService::Accept accept;
};

// One follower's stream, as gRPC sees it. gRPC's threads and the shard's meet here; the lock keeps the shard from
// starting what gRPC has forgotten. It is taken again by the same thread where gRPC calls back from within.
class FollowerCall final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
  public:
    static FollowerCall* begin(std::shared_ptr<const Destinations> destinations, grpc::CallbackServerContext& context);

    // From here on: the shard.
    void read_next();
    void write(const std::vector<Bytes>& message);
    void leave() { end(StreamEnd::closed, grpc::Status::OK); }
    void tell_ended(StreamEnd why) {
        tell([why](FollowerOwner& owner) { owner.tell_ended(why); });
    }

  private:
    FollowerCall(std::shared_ptr<const Destinations> destinations, grpc::CallbackServerContext& context)
        : destinations_(std::move(destinations)), context_(context) {}

    void OnReadDone(bool ok) override;
    void OnWriteDone(bool ok) override;
    void OnCancel() override { end(StreamEnd::closed, grpc::Status::CANCELLED); }
    void OnDone() override;

    void accept(const Hello& hello);
    void refuse(const std::string& reason);
    void end(StreamEnd why, const grpc::Status& status);
    void tell(std::function<void(FollowerOwner&)> what);

    const std::shared_ptr<const Destinations> destinations_;
    grpc::CallbackServerContext& context_;  // until it is over
    grpc::ByteBuffer incoming_, outgoing_;
    std::shared_ptr<FollowerCall> self_;  // until gRPC has forgotten it

    std::recursive_mutex mutex_;
    bool is_over_ = false;  // gRPC is to be asked for nothing more
    bool is_reading_ = true;
    bool is_writing_ = false;
    const Post* post_ = nullptr;  // to the shard; null before the hello
    std::weak_ptr<FollowerOwner> owner_;
};

// The same, as the shard sees it.
class AcceptedStream final : public LeaderEnd {
  public:
    AcceptedStream(std::shared_ptr<FollowerCall> call, std::shared_ptr<FollowerOwner> owner)
        : call_(std::move(call)), owner_(std::move(owner)) {}
    ~AcceptedStream() override { call_->leave(); }

    void start(Handlers handlers) override {
        if (const auto end = owner_->start(std::move(handlers))) call_->tell_ended(*end);
    }
    void read_next() override { call_->read_next(); }
    bool is_writable() const override { return owner_->is_writable(); }
    void write(const replica::LeaderFrame& frame) override {
        check(owner_->is_writable());
        owner_->take_write();
        call_->write(encode(frame));
    }

  private:
    const std::shared_ptr<FollowerCall> call_;
    const std::shared_ptr<FollowerOwner> owner_;
};

FollowerCall* FollowerCall::begin(std::shared_ptr<const Destinations> destinations,
                                  grpc::CallbackServerContext& context) {
    const std::shared_ptr<FollowerCall> call(new FollowerCall(std::move(destinations), context));
    call->self_ = call;
    call->StartRead(&call->incoming_);
    return call.get();
}

void FollowerCall::read_next() {
    const std::lock_guard lock(mutex_);
    if (is_over_) return;
    check(!is_reading_);
    is_reading_ = true;
    StartRead(&incoming_);
}

void FollowerCall::write(const std::vector<Bytes>& message) {
    const std::lock_guard lock(mutex_);
    if (is_over_) return;
    is_writing_ = true;
    outgoing_ = buffer_of(message);
    StartWrite(&outgoing_);
}

void FollowerCall::OnReadDone(bool ok) {
    if (!ok) return end(StreamEnd::closed, grpc::Status::OK);
    Result<FollowerMessage, std::string> message = decode_follower_message(slices_of(incoming_));
    incoming_.Clear();
    bool is_accepted = false;
    {
        const std::lock_guard lock(mutex_);
        is_reading_ = false;
        is_accepted = post_ != nullptr;
    }
    if (!message.has_value()) return refuse(message.error());
    const Hello* hello = std::get_if<Hello>(&*message);
    if (is_accepted != (hello == nullptr)) return refuse("not one hello, and first of all");
    if (hello != nullptr) return accept(*hello);
    const auto frame = std::make_shared<replica::FollowerFrame>(std::get<replica::FollowerFrame>(std::move(*message)));
    tell([frame](FollowerOwner& owner) { owner.tell_received(std::move(*frame)); });
}

void FollowerCall::accept(const Hello& hello) {
    if (hello.leader_shard.value >= destinations_->shards.size()) return refuse("a shard that isn't here");
    const auto owner = std::make_shared<FollowerOwner>(true);
    // If the message is dropped, the stream ends with it.
    const auto stream = std::make_shared<std::unique_ptr<LeaderEnd>>(std::make_unique<AcceptedStream>(self_, owner));
    const std::lock_guard lock(mutex_);
    if (is_over_) return;
    owner_ = owner;
    post_ = &destinations_->shards[hello.leader_shard.value];
    (*post_)([destinations = destinations_, hello, stream] { destinations->accept(hello, std::move(*stream)); });
}

void FollowerCall::OnWriteDone(bool ok) {
    {
        const std::lock_guard lock(mutex_);
        is_writing_ = false;
        outgoing_.Clear();
    }
    if (!ok) return end(StreamEnd::closed, grpc::Status::CANCELLED);
    tell([](FollowerOwner& owner) { owner.tell_writable(); });
}

void FollowerCall::OnDone() {
    // Whoever still holds it finds it over.
    const std::shared_ptr<FollowerCall> last = std::move(self_);
}

void FollowerCall::refuse(const std::string& reason) {
    log_warn("replication stream refused", {{"peer", context_.peer()}, {"reason", reason}});
    end(StreamEnd::refused, grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, reason));
}

void FollowerCall::end(StreamEnd why, const grpc::Status& status) {
    {
        const std::lock_guard lock(mutex_);
        if (is_over_) return;
        is_over_ = true;
        // The status would wait behind what the other end doesn't read.
        if (is_writing_) context_.TryCancel();
        Finish(status);
    }
    tell_ended(why);
}

void FollowerCall::tell(std::function<void(FollowerOwner&)> what) {
    const Post* post = nullptr;
    std::weak_ptr<FollowerOwner> weak;
    {
        const std::lock_guard lock(mutex_);
        post = post_;
        weak = owner_;
    }
    if (post == nullptr) return;
    (*post)([weak, what = std::move(what)] {
        if (const auto owner = weak.lock()) what(*owner);
    });
}

}  // namespace

class ReplicationService::Calls final
    : public replication::v1::Replication::WithRawCallbackMethod_Replicate<replication::v1::Replication::Service> {
  public:
    Calls(std::vector<Post> shards, Accept accept)
        : destinations_(std::make_shared<const Destinations>(Destinations{std::move(shards), std::move(accept)})) {}

    grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Replicate(
        grpc::CallbackServerContext* context) override {
        return FollowerCall::begin(destinations_, *context);
    }

  private:
    const std::shared_ptr<const Destinations> destinations_;
};

ReplicationService::ReplicationService(std::vector<Post> shards, Accept accept)
    : calls_(std::make_unique<Calls>(std::move(shards), std::move(accept))) {}

ReplicationService::~ReplicationService() = default;

grpc::Service& ReplicationService::service() { return *calls_; }

}  // namespace milena::peer
