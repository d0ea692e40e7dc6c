// Tells a client that asked the wrong broker, in the same answer, who leads instead and where it is (KIP-951). Pure.
#pragma once

#include <algorithm>
#include <vector>

#include "server/handlers/cluster_view.h"
#include "wire/messages/leader_hint.h"

namespace milena::server {

inline bool wants_leader_hint(ErrorCode error) {
    return error == ErrorCode::not_leader_or_follower || error == ErrorCode::fenced_leader_epoch;
}

// `endpoints` gets each leader once; null, of who calls itself a replica, is told only who it is, as Kafka does it.
inline wire::CurrentLeader leader_hint(const ClusterView& view, const metadata::PartitionImage* partition,
                                       std::vector<wire::NodeEndpoint>* endpoints) {
    if (partition == nullptr) return {};
    const wire::CurrentLeader hint{partition->leader.value, partition->leader_epoch.value};
    const metadata::Endpoint* endpoint = view.reachable(partition->leader);
    if (endpoint == nullptr || endpoints == nullptr) return hint;
    if (std::ranges::find(*endpoints, hint.leader_id, &wire::NodeEndpoint::node_id) == endpoints->end())
        endpoints->push_back({.node_id = hint.leader_id,
                              .host = endpoint->host,
                              .port = endpoint->port,
                              .rack = view.image().broker(partition->leader)->rack});
    return hint;
}

}  // namespace milena::server
