// What the shards of this broker lead of another broker's replicas, and how far those are behind.
#pragma once

#include <functional>
#include <vector>

#include "base/ids.h"
#include "controller/caught_up.h"
#include "shard/shard.h"

namespace milena {

// `done` is called on `home`. Bytes behind are estimated from the records behind, as if all were of one size.
void gather_led_partitions(const shard::Shards& shards, shard::Shard& home, NodeId broker,
                           std::function<void(std::vector<controller::LedPartition>)> done);

}  // namespace milena
