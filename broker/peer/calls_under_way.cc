#include "peer/calls_under_way.h"

#include <vector>

namespace milena::peer {

CallsUnderWay::Id CallsUnderWay::add(std::function<void()> cancel) {
    const std::lock_guard lock(mutex_);
    const Id id = next_++;
    cancels_.emplace(id, std::move(cancel));
    return id;
}

void CallsUnderWay::remove(Id id) {
    // What the call held is let go of outside the lock.
    std::function<void()> cancel;
    const std::lock_guard lock(mutex_);
    const auto found = cancels_.find(id);
    if (found == cancels_.end()) return;
    cancel = std::move(found->second);
    cancels_.erase(found);
    if (cancels_.empty()) changed_.notify_all();
}

void CallsUnderWay::end() {
    std::vector<std::function<void()>> cancels;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [id, cancel] : cancels_) cancels.push_back(cancel);
    }
    // gRPC may end a call from within.
    for (const auto& cancel : cancels) cancel();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return cancels_.empty(); });
}

}  // namespace milena::peer
