#include "server/controller_gate.h"

#include <algorithm>

namespace milena::server {
namespace {

// A broker that is behind answers all the same: what it doesn't know yet it will know.
constexpr Duration publication_patience = std::chrono::seconds(1);

}  // namespace

void ControllerGate::forward(shard::Shard& home, const controller::ForwardedRequest& request,
                             std::function<void(Result<Bytes>)> done) {
    shard::run_on(shards_.first(), [this, &home, done = std::move(done),
                                    shared = std::make_shared<const controller::ForwardedRequest>(request)] {
        forward_until(shared, shards_.first().clock().now() + patience,
                      [&home, done](Result<Bytes> answer) { back(home, done, std::move(answer)); });
    });
}

void ControllerGate::forward_until(std::shared_ptr<const controller::ForwardedRequest> request, Instant deadline,
                                   std::function<void(Result<Bytes>)> done) {
    auto answered = [this, request, deadline, done](Result<controller::ForwardedAnswer> answer) {
        if (answer) return when_published(answer->metadata_offset, [done, frame = answer->frame] { done(frame); });
        shard::Shard& first = shards_.first();
        // Active here by now: the request is decided by whoever has asked.
        const bool is_final = answer.error() != ErrorCode::not_controller || controller_.is_active();
        if (is_final || first.clock().now() >= deadline) return done(unexpected(answer.error()));
        first.loop().after(retry_interval, [this, request, deadline, done] { forward_until(request, deadline, done); });
    };
    const NodeId active = controller_.active();
    if (active == no_node || active == node_) return answered(unexpected(ErrorCode::not_controller));
    remote_->forward(active, *request, answered);
}

void ControllerGate::when_published(Offset offset, std::function<void()> done) {
    if (offset <= published_) return done();
    auto waiter = std::make_shared<OffsetWaiter>(OffsetWaiter{offset, std::move(done)});
    for_offsets_.push_back(waiter);
    shards_.first().loop().after(publication_patience, [this, waiter] {
        if (std::erase(for_offsets_, waiter) > 0) waiter->done();
    });
}

void ControllerGate::published(Offset offset) {
    published_ = std::max(published_, offset);
    std::vector<std::shared_ptr<OffsetWaiter>> due;
    for (const auto& waiter : for_offsets_)
        if (waiter->offset <= published_) due.push_back(waiter);
    std::erase_if(for_offsets_, [this](const auto& waiter) { return waiter->offset <= published_; });
    for (const auto& waiter : due) waiter->done();
}

void ControllerGate::next_producer_id(shard::Shard& home, ProducerIdDone done) {
    shard::run_on(shards_.first(), [this, &home, done = std::move(done)] {
        waiting_.push_back([&home, done](Result<ProducerId> id) { back(home, done, std::move(id)); });
        give_producer_ids();
    });
}

void ControllerGate::give_producer_ids() {
    size_t served = 0;
    for (; served < waiting_.size() && block_.count > 0; ++served, --block_.count, ++block_.first)
        waiting_[served](block_.first);
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(served));
    if (waiting_.empty() || is_allocating_) return;
    is_allocating_ = true;
    ask<controller::AllocateProducerIds, controller::ProducerIdBlock>(
        controller::AllocateProducerIds{node_, broker_epoch_},
        [this](const Result<controller::ProducerIdBlock>& block) { block_allocated(block); });
}

void ControllerGate::block_allocated(const Result<controller::ProducerIdBlock>& block) {
    is_allocating_ = false;
    if (block.has_value()) {
        block_ = *block;
        return give_producer_ids();
    }
    for (const ProducerIdDone& done : std::exchange(waiting_, {})) done(unexpected(block.error()));
}

}  // namespace milena::server
