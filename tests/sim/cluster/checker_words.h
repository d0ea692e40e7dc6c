// How the checker says who and where, and sums up what it compares.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"

namespace milena::sim::cluster {

inline constexpr uint64_t fnv_basis = 0xcbf29ce484222325;

inline void fold(uint64_t& hash, std::span<const std::byte> bytes) {
    constexpr uint64_t fnv_prime = 0x100000001b3;
    for (const std::byte byte : bytes) hash = (hash ^ static_cast<uint8_t>(byte)) * fnv_prime;
}

inline bool contains(const std::vector<NodeId>& nodes, NodeId node) {
    return std::ranges::find(nodes, node) != nodes.end();
}

inline std::string text(NodeId node) { return "node " + std::to_string(node.value); }
inline std::string text(const std::vector<NodeId>& nodes) {
    std::string all;
    for (const NodeId node : nodes) all += (all.empty() ? "" : ",") + std::to_string(node.value);
    return all.empty() ? "none" : all;
}
inline std::string text(PartitionIndex partition) { return "partition " + std::to_string(partition.value); }

}  // namespace milena::sim::cluster
