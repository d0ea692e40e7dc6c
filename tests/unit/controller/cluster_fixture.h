// What the tests of several brokers share: brokers 1, 2, … with a directory each, eligible leader replicas, and one
// topic whose partitions look as a test wants them.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "controller/broker_liveness.h"
#include "controller/partition_change.h"
#include "metadata/feature_levels.h"
#include "unit/controller/decide_fixture.h"

namespace milena::controller {

using Nodes = std::vector<NodeId>;

inline Nodes nodes(const std::vector<int32_t>& ids) {
    Nodes result;
    for (const int32_t id : ids) result.emplace_back(id);
    return result;
}

class ClusterFixture : public DecideFixture {
  public:
    ClusterFixture() {
        finalize("metadata.version", metadata::metadata_version_latest);
        finalize("eligible.leader.replicas.version", 1);
        configure({{"min.insync.replicas", "2"}});
    }

    void finalize(const std::string& feature, int16_t level) {
        apply({wire::FeatureLevelRecord{.name = feature, .feature_level = level}});
    }
    static Uuid directory(int32_t id) { return {40, static_cast<uint64_t>(id)}; }
    void start(int32_t id, const std::string& rack = "") {
        auto record = metadata::broker(id, id);
        record.fenced = false;
        record.incarnation_id = Uuid{50, static_cast<uint64_t>(id)};
        record.log_dirs = std::vector{directory(id)};
        record.cordoned_log_dirs.emplace();
        if (!rack.empty()) record.rack = rack;
        apply({record});
    }
    void start_all(int32_t count) {
        for (int32_t id = 1; id <= count; ++id) start(id);
    }
    // The next partition of the topic "orders".
    void add_partition(std::vector<int32_t> replicas, std::vector<int32_t> isr, int32_t leader,
                       std::vector<int32_t> elr = {}) {
        if (partitions_count == 0) apply({metadata::topic("orders", metadata::orders_id)});
        auto record = metadata::partition(metadata::orders_id, partitions_count++, replicas);
        record.isr = std::move(isr);
        record.leader = leader;
        record.directories.clear();
        for (const int32_t id : replicas) record.directories.push_back(directory(id));
        if (!elr.empty()) record.eligible_leader_replicas.emplace(std::move(elr));
        apply({record});
    }
    const metadata::PartitionImage& partition(int32_t index = 0) {
        return *image->partition(metadata::orders_id, PartitionIndex(index));
    }
    const metadata::BrokerImage& broker(int32_t id) { return *image->broker(NodeId(id)); }

    BrokerHeartbeat heartbeat(int32_t id) {
        return {.broker = NodeId(id), .broker_epoch = broker(id).epoch, .metadata_offset = Offset(1'000'000)};
    }
    void fence(int32_t id) { EXPECT_TRUE(done(FenceBroker{NodeId(id), broker(id).epoch}).has_value()); }
    HeartbeatAnswer beat(const BrokerHeartbeat& sent) {
        const auto answer = done(sent);
        EXPECT_TRUE(answer.has_value());
        return answer.value_or({});
    }
    // Its process has started again; `previous_epoch` is what a clean end has left.
    Result<BrokerEpoch> restart(int32_t id, int64_t previous_epoch = -1, bool is_local = false) {
        return done(BrokerRegistration{.id = NodeId(id),
                                       .incarnation_id = Uuid{60, ++incarnations_count},
                                       .endpoints = {},
                                       .rack = std::nullopt,
                                       .directories = {directory(id)},
                                       .previous_epoch = previous_epoch,
                                       .is_local = is_local});
    }
    // The replicas that the partition is being moved to have caught up, if it is being moved.
    void arrive(const Uuid& topic, PartitionIndex index) {
        const metadata::PartitionImage& moved = *image->partition(topic, index);
        if (!is_moving(moved)) return;
        AlterPartition request{.broker = moved.leader, .broker_epoch = broker(moved.leader.value).epoch, .changes = {}};
        request.changes.push_back({.key = {topic, index},
                                   .leader_epoch = moved.leader_epoch,
                                   .partition_epoch = moved.partition_epoch,
                                   .isr = moved.replicas});
        EXPECT_TRUE(done(request).has_value());
    }

    int32_t partitions_count = 0;
    uint64_t incarnations_count = 0;
};

}  // namespace milena::controller
