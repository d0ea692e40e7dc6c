// ConsumerLag: how far groups are behind, by group, topic and partition; made anew whenever somebody asks, and never by
// more than a slice of a shard's time at once. Bounded in the number of partitions: groups that have no room are
// counted, not shown.
//
//     home                     shards of coordinators          shards of partitions
//       ├── which groups? ────────────▶│ counts, keeps the smallest,
//       │◀── what they committed ──────┤ names topics            │
//       ├── how far is it to there? ─────────────────────────────▶│ LagReader
//       │◀── records and time ────────────────────────────────────┤
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "replica/lag_reader.h"
#include "server/group_gate.h"
#include "shard/shard.h"

namespace milena::server {

struct PartitionLag {
    PartitionIndex partition;
    Offset committed;
    std::optional<replica::LagReader::Lag> lag;  // nothing: not led here
};

struct TopicLag {
    std::string topic;
    Uuid topic_id;
    std::vector<PartitionLag> partitions;
};

struct GroupLag {
    std::string group;
    size_t partitions = 0;  // of all topics
    std::vector<TopicLag> topics;
};

struct ConsumerLag {
    std::vector<GroupLag> groups;
    size_t groups_left_out = 0;
    size_t partitions_left_out = 0;
};

// Lives on the loop it is given.
class ConsumerLagReader {
  public:
    // All of them outlive it.
    ConsumerLagReader(const shard::Shards& shards, const GroupGate& groups, shard::Loop& home, size_t partitions_max);
    ConsumerLagReader(const ConsumerLagReader&) = delete;
    ConsumerLagReader& operator=(const ConsumerLagReader&) = delete;

    using Done = std::function<void(const ConsumerLag&)>;
    // Whoever asks while a reading is under way gets its result.
    void read(Done done);

  private:
    class Walk;
    class Measurement;

    void walked(std::vector<ConsumerLag> by_shard);
    void finish();

    const shard::Shards& shards_;
    const GroupGate& groups_;
    shard::Loop& home_;
    const size_t partitions_max_;
    std::vector<std::unique_ptr<replica::LagReader>> readers_;  // by shard, touched by that one only
    std::vector<Done> waiting_;
    size_t shards_missing_ = 0;
    std::shared_ptr<ConsumerLag> lag_;
};

}  // namespace milena::server
