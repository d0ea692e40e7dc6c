// The way from any shard to the active controller, in this process or on another node, and back. The controller's own
// shard is the first one. Shared by all shards.
//
// What isn't answered by an active controller is asked again, of whoever leads then, for a while: a change of leaders
// is over within a second, and no client should notice it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "controller/controller.h"
#include "controller/remote_controller.h"
#include "shard/shard.h"
#include "wire/decoder.h"
#include "wire/header.h"

namespace milena::server {

class ControllerGate {
  public:
    // All outlive the gate. `remote` may be null: then there are no other controllers.
    ControllerGate(shard::Shards& shards, controller::Controller& controller, controller::RemoteController* remote,
                   NodeId node)
        : shards_(shards), controller_(controller), remote_(remote), node_(node) {}
    ControllerGate(const ControllerGate&) = delete;
    ControllerGate& operator=(const ControllerGate&) = delete;

    // To the controller in this process, which refuses what it may not decide. `request` is alive until `done` has been
    // called, on `home`.
    template <class Request, class Response>
    void submit(shard::Shard& home, std::shared_ptr<const Request> request, std::function<void(Response)> done) const {
        shard::run_on(shards_.first(), [this, &home, request = std::move(request), done = std::move(done)] {
            controller_.submit(*request, std::function<void(Response)>([&home, request, done](Response response) {
                back(home, done, std::move(response));
            }));
        });
    }

    // This broker's own requests, to the active controller wherever it is. Called back on the first shard.
    template <class Request, class Answer>
    void ask(const Request& request, std::function<void(Result<Answer>)> done);

    // Whether requests have to go to another node, as far as is known. Any thread.
    bool is_elsewhere() const { return remote_ != nullptr && !is_active(); }
    bool is_active() const { return is_active_.load(std::memory_order_relaxed); }
    // The controller in this process has become active, or is so no longer; on the first shard.
    void use_active(bool is_active) { is_active_.store(is_active, std::memory_order_relaxed); }
    // The level of kraft.version, which is in no image. Any thread; used on the first shard.
    int16_t kraft_version() const { return kraft_version_.load(std::memory_order_relaxed); }
    void use_kraft_version(int16_t level) { kraft_version_.store(level, std::memory_order_relaxed); }
    // Every shard uses the image of this offset now; on the first shard.
    void published(Offset offset);
    Offset published_offset() const { return published_; }

    NodeId node() const { return node_; }
    // Of this broker's registration, for what it asks for itself; on the first shard.
    void use_broker_epoch(int64_t broker_epoch) { broker_epoch_ = broker_epoch; }
    int64_t broker_epoch() const { return broker_epoch_; }

    // A client's request, to the active controller elsewhere; back on `home` when this broker too knows what has come
    // of it. With an error nobody has answered it in time.
    void forward(shard::Shard& home, const controller::ForwardedRequest& request,
                 std::function<void(Result<Bytes>)> done);

    // A request such as clients make, of this broker's own or for the client of that id: to the active controller
    // wherever it is.
    template <class Request, class Response>
    void ask_as_client(shard::Shard& home, std::shared_ptr<const Request> request, std::string_view client_id,
                       std::function<void(Response)> done);

    // A producer id that nobody else gets, now or after a restart. They come in blocks from the controller.
    void next_producer_id(shard::Shard& home, std::function<void(Result<ProducerId>)> done);

  private:
    using ProducerIdDone = std::function<void(Result<ProducerId>)>;
    static constexpr Duration patience = std::chrono::seconds(10);
    static constexpr Duration retry_interval = std::chrono::milliseconds(50);

    template <class Request, class Answer>
    void ask_until(std::shared_ptr<const Request> request, Instant deadline, std::function<void(Result<Answer>)> done);
    void forward_until(std::shared_ptr<const controller::ForwardedRequest> request, Instant deadline,
                       std::function<void(Result<Bytes>)> done);
    void when_published(Offset offset, std::function<void()> done);
    void give_producer_ids();
    void block_allocated(const Result<controller::ProducerIdBlock>& block);

    template <class T>
    static void back(shard::Shard& home, const std::function<void(T)>& done, T value) {
        // Shared, because a message must be copyable.
        auto shared = std::make_shared<T>(std::move(value));
        shard::run_on(home, [done, shared] { done(std::move(*shared)); });
    }

    shard::Shards& shards_;
    controller::Controller& controller_;
    controller::RemoteController* const remote_;
    const NodeId node_;
    std::atomic<bool> is_active_{false};
    std::atomic<int16_t> kraft_version_{0};

    // Touched on the first shard only.
    struct OffsetWaiter {
        Offset offset;
        std::function<void()> done;
    };
    int64_t broker_epoch_ = -1;
    Offset published_ = no_offset;
    std::vector<std::shared_ptr<OffsetWaiter>> for_offsets_;
    controller::ProducerIdBlock block_;  // what is left of it
    std::vector<ProducerIdDone> waiting_;
    bool is_allocating_ = false;
};

template <class Request, class Answer>
void ControllerGate::ask(const Request& request, std::function<void(Result<Answer>)> done) {
    const Instant deadline = shards_.first().clock().now() + patience;
    ask_until<Request, Answer>(std::make_shared<const Request>(request), deadline, std::move(done));
}

template <class Request, class Answer>
void ControllerGate::ask_until(std::shared_ptr<const Request> request, Instant deadline,
                               std::function<void(Result<Answer>)> done) {
    auto answered = [this, request, deadline, done](Result<Answer> answer) {
        shard::Shard& first = shards_.first();
        const bool is_final = answer || answer.error() != ErrorCode::not_controller || remote_ == nullptr;
        if (is_final || first.clock().now() >= deadline) return done(std::move(answer));
        first.loop().after(retry_interval, [this, request, deadline, done] { ask_until(request, deadline, done); });
    };
    const NodeId active = controller_.active();
    if (remote_ == nullptr || controller_.is_active()) return controller_.submit(*request, answered);
    if (active == no_node || active == node_) return answered(unexpected(ErrorCode::not_controller));
    remote_->submit(active, *request, answered);
}

template <class Request, class Response>
void ControllerGate::ask_as_client(shard::Shard& home, std::shared_ptr<const Request> request,
                                   std::string_view client_id, std::function<void(Response)> done) {
    if (!is_elsewhere()) return submit<Request, Response>(home, std::move(request), std::move(done));
    constexpr wire::Version version = Request::api.stable;
    const wire::RequestHeader asked{.api_version = version, .client_id = client_id};
    const Bytes framed = wire::encode_request(*request, asked).joined();
    const controller::ForwardedRequest forwarded{framed.slice(sizeof(int32_t)), "broker", ""};
    forward(home, forwarded, [this, &home, request, done](const Result<Bytes>& answer) {
        if (answer) {
            const auto header = wire::decode_response_header(*answer, Response::api, version);
            auto response = header ? wire::decode<Response>(answer->slice(header->size), version)
                                   : Result<Response, wire::DecodeError>(unexpected(header.error()));
            if (response) return done(std::move(response).value());
        }
        // Refused in the form that the API has for it.
        submit<Request, Response>(home, request, done);
    });
}

}  // namespace milena::server
