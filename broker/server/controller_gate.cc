#include "server/controller_gate.h"

namespace milena::server {

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
    controller_.submit(
        controller::AllocateProducerIds{node_},
        controller::Done<Result<controller::ProducerIdBlock>>([this](const auto& block) { block_allocated(block); }));
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
