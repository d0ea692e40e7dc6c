// Which partition of __consumer_offsets a group belongs to: Kafka's rule, so that its data is found again. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ids.h"

namespace milena::group {

inline constexpr std::string_view offsets_topic = "__consumer_offsets";

// String.hashCode of Java, of a text in UTF-8.
int32_t java_hash(std::string_view text);

PartitionIndex partition_for(std::string_view group_id, int32_t partitions_count);

}  // namespace milena::group
