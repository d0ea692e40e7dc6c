// What the members of a classic consumer group tell each other through the coordinator in the byte strings of
// JoinGroup and SyncGroup. An int16 version stands in front.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "wire/schema.h"

namespace milena::wire {

// What a member subscribes to and owns.
struct ConsumerProtocolSubscription {
    static constexpr Api api{.max = 3};

    struct TopicPartition {
        std::string topic;
        std::vector<int32_t> partitions;
    };

    std::vector<std::string> topics;
    std::optional<Bytes> user_data;
    Since<1, std::vector<TopicPartition>> owned_partitions;
    Since<2, int32_t> generation_id = -1;
    Since<3, std::optional<std::string>> rack_id;
};

// What a member shall own.
struct ConsumerProtocolAssignment {
    static constexpr Api api{.max = 3};

    struct TopicPartition {
        std::string topic;
        std::vector<int32_t> partitions;
    };

    std::vector<TopicPartition> assigned_partitions;
    std::optional<Bytes> user_data;
};

}  // namespace milena::wire
