// ConsumerLag: how far groups are behind, by group, topic and partition; made anew whenever somebody asks, and never by
// more than a slice of a shard's time at once. Bounded in the number of partitions: groups that have no room are
// counted, not shown.
//
//     home                     shards of coordinators          shards of partitions       other brokers
//       ├── which groups? ────────────▶│ counts, keeps the smallest,    │                      │
//       │◀── what they committed ──────┤ names topics                   │                      │
//       ├── how far is it to there? ─────────────────────────▶ LagMeter │                      │
//       │◀── records and time ──────────────────────────────────────────┤                      │
//       ├── of which there is no replica here? ─────────────────────────────▶ leaders          │
//       │◀── records and time ─────────────────────────────────────────────────────────────────┤
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
#include "server/group_gate.h"
#include "server/lag_meter.h"
#include "shard/shard.h"

namespace milena::server {

struct PartitionLag {
    PartitionIndex partition;
    Offset committed;
    NodeId leader = no_node;
    std::optional<replica::LagReader::Lag> lag;  // nothing: no replica is here, and its leader hasn't told
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
    // Another broker, about partitions that it leads: as many lags come back to the home loop, once, all unknown if it
    // doesn't answer.
    using AskLeader =
        std::function<void(NodeId leader, std::vector<replica::LagPosition>, std::function<void(LagMeter::Lags)>)>;
    // All of them outlive it.
    struct Environment {
        const shard::Shards& shards;
        const GroupGate& groups;
        shard::Loop& home;
        NodeId node;  // this broker
        size_t partitions_max;
        AskLeader ask_leader;
    };
    explicit ConsumerLagReader(Environment environment);
    ConsumerLagReader(const ConsumerLagReader&) = delete;
    ConsumerLagReader& operator=(const ConsumerLagReader&) = delete;

    using Done = std::function<void(const ConsumerLag&)>;
    // Whoever asks while a reading is under way gets its result.
    void read(Done done);

  private:
    class Walk;
    struct Asked {
        replica::LagPosition position;
        PartitionLag* answer = nullptr;  // in lag_
    };

    void walked(std::vector<ConsumerLag> by_shard);
    void measured(const LagMeter::Lags& lags);
    void finish();

    const Environment environment_;
    LagMeter meter_;
    std::vector<Done> waiting_;
    ConsumerLag lag_;
    std::vector<Asked> asked_;
    size_t answers_missing_ = 0;
};

}  // namespace milena::server
