// Places: the partitions that the simulated cluster is judged by, counted through: those of the clients' topic, and at
// last the one of __consumer_offsets.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "group/partition_for.h"
#include "metadata/image.h"
#include "replica/partition_key.h"

namespace milena::sim::cluster {

inline constexpr const char* topic_name = "events";
inline constexpr int32_t partition_count = 4;
inline constexpr int32_t place_count = partition_count + 1;
inline constexpr PartitionIndex offsets_place{partition_count};

inline std::string_view topic_of(PartitionIndex place) {
    return place == offsets_place ? group::offsets_topic : std::string_view(topic_name);
}
inline PartitionIndex partition_of(PartitionIndex place) { return place == offsets_place ? PartitionIndex(0) : place; }

// Null where there is none yet.
inline const metadata::PartitionImage* partition_at(const metadata::Image& image, PartitionIndex place) {
    const metadata::TopicImage* topic = image.topic(topic_of(place));
    return topic == nullptr ? nullptr : topic->partition(partition_of(place));
}
inline std::optional<replica::PartitionKey> key_at(const metadata::Image& image, PartitionIndex place) {
    const metadata::TopicImage* topic = image.topic(topic_of(place));
    if (topic == nullptr) return std::nullopt;
    return replica::PartitionKey{topic->id, partition_of(place)};
}
// None where the key is of another partition.
inline std::optional<PartitionIndex> place_of(const metadata::Image& image, const replica::PartitionKey& key) {
    for (int32_t i = 0; i < place_count; ++i)
        if (key_at(image, PartitionIndex(i)) == key) return PartitionIndex(i);
    return std::nullopt;
}

}  // namespace milena::sim::cluster
