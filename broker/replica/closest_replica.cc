#include "replica/closest_replica.h"

#include <algorithm>
#include <tuple>

namespace milena::replica {

NodeId closest_replica(std::span<const Isr::Follower> followers, std::span<const NodeId> close, Offset from) {
    const Isr::Follower* best = nullptr;
    // One that isn't in sync could fall behind without an end, and its readers with it.
    const auto can_serve = [&](const Isr::Follower& follower) {
        return follower.is_in_sync && std::ranges::find(close, follower.node) != close.end() &&
               follower.log_start_offset <= from && from <= follower.safe_end;
    };
    const auto rank = [](const Isr::Follower& follower) {
        return std::tuple(follower.safe_end, follower.caught_up_at, follower.node);
    };
    for (const Isr::Follower& follower : followers)
        if (can_serve(follower) && (best == nullptr || rank(*best) < rank(follower))) best = &follower;
    return best == nullptr ? no_node : best->node;
}

}  // namespace milena::replica
