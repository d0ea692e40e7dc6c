// The name of a partition that survives a topic's deletion and re-creation: the topic's id, not its name (KIP-516).
#pragma once

#include <compare>
#include <cstddef>
#include <functional>

#include "base/ids.h"
#include "base/uuid.h"

namespace milena::replica {

struct PartitionKey {
    Uuid topic_id;
    PartitionIndex partition;

    auto operator<=>(const PartitionKey&) const = default;
};

// Which of `shards` owns the partition: the same on every run, so that recovery of a directory spreads evenly.
inline uint32_t shard_of(const PartitionKey& key, uint32_t shards) {
    uint64_t mixed = key.topic_id.high ^ key.topic_id.low;
    mixed = (mixed ^ (mixed >> 32)) * 0x9e3779b97f4a7c15;
    return static_cast<uint32_t>(((mixed >> 32) + static_cast<uint32_t>(key.partition.value)) % shards);
}

}  // namespace milena::replica

template <>
struct std::hash<milena::replica::PartitionKey> {
    size_t operator()(const milena::replica::PartitionKey& key) const noexcept {
        return std::hash<milena::Uuid>{}(key.topic_id) + static_cast<size_t>(key.partition.value) * 0x9e3779b97f4a7c15;
    }
};
