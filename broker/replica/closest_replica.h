// Which replica a consumer is served best by (KIP-392), chosen as Kafka's RackAwareReplicaSelector does: of those in
// sync in the consumer's rack the one that is furthest. Pure; asked by a leader that isn't in that rack itself.
#pragma once

#include <span>

#include "replica/isr.h"

namespace milena::replica {

// None if no follower out of `close` can go on from `from`.
NodeId closest_replica(std::span<const Isr::Follower> followers, std::span<const NodeId> close, Offset from);

}  // namespace milena::replica
