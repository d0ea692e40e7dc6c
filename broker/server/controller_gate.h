// The way from any shard to the controller, which lives on the first one, and back. Shared by all shards.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "controller/controller.h"
#include "shard/shard.h"

namespace milena::server {

class ControllerGate {
  public:
    // Both outlive the gate.
    ControllerGate(shard::Shards& shards, controller::Controller& controller, NodeId node)
        : shards_(shards), controller_(controller), node_(node) {}
    ControllerGate(const ControllerGate&) = delete;
    ControllerGate& operator=(const ControllerGate&) = delete;

    // `request` is alive until `done` has been called, on `home`.
    template <class Request, class Response>
    void submit(shard::Shard& home, std::shared_ptr<const Request> request, std::function<void(Response)> done) const {
        shard::run_on(shards_.first(), [this, &home, request = std::move(request), done = std::move(done)] {
            controller_.submit(*request, std::function<void(Response)>([&home, request, done](Response response) {
                back(home, done, std::move(response));
            }));
        });
    }

    // A producer id that nobody else gets, now or after a restart. They come in blocks from the controller.
    void next_producer_id(shard::Shard& home, std::function<void(Result<ProducerId>)> done);

  private:
    using ProducerIdDone = std::function<void(Result<ProducerId>)>;

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
    const NodeId node_;

    // Touched on the first shard only.
    controller::ProducerIdBlock block_;  // what is left of it
    std::vector<ProducerIdDone> waiting_;
    bool is_allocating_ = false;
};

}  // namespace milena::server
