// Whether a broker has all that it should have: it is active, and in sync wherever it has a replica. How much is
// missing where it isn't, the leaders know and the image doesn't: they are asked. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/uuid.h"
#include "metadata/image.h"

namespace milena::controller {

// What a leader says of a partition.
struct LedPartition {
    struct Copy {
        NodeId broker = no_node;
        uint64_t bytes_behind = 0;

        bool operator==(const Copy&) const = default;
    };
    Uuid topic_id;
    PartitionIndex partition;
    uint64_t log_bytes = 0;
    std::vector<Copy> copies;  // of all other replicas

    bool operator==(const LedPartition&) const = default;
};

struct PartitionBehind {
    std::string topic;
    PartitionIndex partition;
    uint64_t bytes = 0;
    std::string reason;

    bool operator==(const PartitionBehind&) const = default;
};

enum class BrokerState : uint8_t { fenced, active, leaving };

BrokerState state_of(const metadata::BrokerImage& broker);

struct CaughtUp {
    BrokerState state = BrokerState::fenced;
    size_t replicas = 0;
    size_t in_sync = 0;
    uint64_t bytes = 0;  // of the partitions, as far as it is known
    uint64_t bytes_behind = 0;
    std::vector<PartitionBehind> behind;  // in order of topic and partition

    bool is_complete() const { return state == BrokerState::active && in_sync == replicas; }
    // 100 if, and only if, it is complete.
    double percent() const;
};

// The broker is registered. `led` is what the leaders have said, in any order; some may not have.
CaughtUp caught_up(const metadata::Image& image, NodeId broker, std::span<const LedPartition> led);

}  // namespace milena::controller
