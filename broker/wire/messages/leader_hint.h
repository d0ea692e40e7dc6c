// Where a client that asked the wrong broker finds the right one, in the responses of Produce, Fetch and their like
// (KIP-951).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace milena::wire {

struct CurrentLeader {
    int32_t leader_id = -1;
    int32_t leader_epoch = -1;
};

struct NodeEndpoint {
    int32_t node_id = 0;
    std::string host;
    int32_t port = 0;
    std::optional<std::string> rack;
};

}  // namespace milena::wire
