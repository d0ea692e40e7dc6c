#include "peer/calls_under_way.h"

#include <utility>
#include <vector>

namespace milena::peer {

CallsUnderWay::Id CallsUnderWay::add(std::function<void()> cancel) {
    const std::lock_guard lock(mutex_);
    const Id id = next_++;
    cancels_.emplace(id, std::move(cancel));
    return id;
}

std::function<void()> CallsUnderWay::take(Id id) {
    const std::lock_guard lock(mutex_);
    const auto found = cancels_.find(id);
    return found == cancels_.end() ? nullptr : std::exchange(found->second, nullptr);
}

void CallsUnderWay::remove(Id id) {
    const std::lock_guard lock(mutex_);
    cancels_.erase(id);
    if (cancels_.empty()) changed_.notify_all();
}

void CallsUnderWay::end() {
    std::vector<std::function<void()>> cancels;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [id, cancel] : cancels_)
            if (cancel != nullptr) cancels.push_back(cancel);
    }
    // gRPC may end a call from within.
    for (const auto& cancel : cancels) cancel();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return cancels_.empty(); });
}

}  // namespace milena::peer
