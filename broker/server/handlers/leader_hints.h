// Tells a client that asked the wrong broker, in the same answer, who leads instead and where it is (KIP-951).
#pragma once

#include <algorithm>
#include <vector>

#include "server/call.h"
#include "server/handlers/cluster_view.h"
#include "wire/messages/leader_hint.h"

namespace milena::server {

inline bool wants_leader_hint(ErrorCode error) {
    return error == ErrorCode::not_leader_or_follower || error == ErrorCode::fenced_leader_epoch;
}

// Refused by the leader itself, as far as it knows, since it may be fenced: who is told of this one again comes back at
// once, over and over.
inline bool is_sent_away(ErrorCode error, const metadata::PartitionImage& partition, NodeId self, bool may_be_fenced) {
    return may_be_fenced && error == ErrorCode::not_leader_or_follower && partition.leader == self;
}

// `endpoints` gets each leader once; null, of who calls itself a replica, is told only who it is, as Kafka does it.
inline wire::CurrentLeader leader_hint(const ClusterView& view, const metadata::PartitionImage& partition,
                                       std::vector<wire::NodeEndpoint>* endpoints) {
    const wire::CurrentLeader hint{partition.leader.value, partition.leader_epoch.value};
    const metadata::Endpoint* endpoint = view.reachable(partition.leader);
    if (endpoint == nullptr || endpoints == nullptr) return hint;
    if (std::ranges::find(*endpoints, hint.leader_id, &wire::NodeEndpoint::node_id) == endpoints->end())
        endpoints->push_back({.node_id = hint.leader_id,
                              .host = endpoint->host,
                              .port = endpoint->port,
                              .rack = view.image().broker(partition.leader)->rack});
    return hint;
}

// To a refused request on this partition, of which nothing may be known here.
inline void redirect(const Caller& caller, const ClusterView& view, ErrorCode error,
                     const metadata::PartitionImage* partition, std::vector<wire::NodeEndpoint>* endpoints,
                     auto& current_leader) {
    if (partition == nullptr) return;
    const bool may_be_fenced = caller.context.shard.partitions().may_be_fenced();
    if (is_sent_away(error, *partition, caller.context.identity.node, may_be_fenced))
        caller.connection->send_away();
    else
        current_leader = leader_hint(view, *partition, endpoints);
}

}  // namespace milena::server
