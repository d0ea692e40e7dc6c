// LagMeter: how far positions are behind in the partitions that have a replica here, measured on the shards that own
// them and never by more than a slice of a shard's time at once. For one asker: what was looked up for one question is
// remembered until the next. Lives on the loop it is given.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "replica/lag_reader.h"
#include "shard/shard.h"

namespace milena::server {

class LagMeter {
  public:
    using Lags = std::vector<std::optional<replica::LagReader::Lag>>;

    // Both outlive it.
    LagMeter(const shard::Shards& shards, shard::Loop& home);
    LagMeter(const LagMeter&) = delete;
    LagMeter& operator=(const LagMeter&) = delete;

    // `done` gets as many lags, in the order of the positions.
    void measure(const std::vector<replica::LagPosition>& positions, std::function<void(Lags)> done);

  private:
    const shard::Shards& shards_;
    shard::Loop& home_;
    // By shard, touched by that one only; measurements that are under way when we go hold theirs.
    std::vector<std::shared_ptr<replica::LagReader>> readers_;
};

}  // namespace milena::server
