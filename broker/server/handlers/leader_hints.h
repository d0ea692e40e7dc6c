// Tells a client that asked the wrong broker, in the same answer, who leads instead and where it is (KIP-951). Pure.
#pragma once

#include <algorithm>

#include "server/handlers/cluster_view.h"
#include "wire/messages/leader_hint.h"

namespace milena::server {

inline bool wants_leader_hint(ErrorCode error) {
    return error == ErrorCode::not_leader_or_follower || error == ErrorCode::fenced_leader_epoch;
}

// `endpoints` gets each leader once.
template <class Endpoints>
wire::CurrentLeader leader_hint(const ClusterView& view, const metadata::PartitionImage* partition,
                                Endpoints& endpoints) {
    if (partition == nullptr) return {};
    const metadata::Endpoint* endpoint = view.reachable(partition->leader);
    const bool is_known = std::ranges::any_of(
        endpoints, [&](const wire::NodeEndpoint& known) { return known.node_id == partition->leader.value; });
    if (endpoint != nullptr && !is_known)
        endpoints.push_back({.node_id = partition->leader.value,
                             .host = endpoint->host,
                             .port = endpoint->port,
                             .rack = view.image().broker(partition->leader)->rack});
    return {partition->leader.value, partition->leader_epoch.value};
}

}  // namespace milena::server
