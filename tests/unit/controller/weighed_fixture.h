// What the tests of weights share: partitions of the topic "orders" that weigh what a test wants, disks, and brokers
// that tell of both.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "controller/broker_loads.h"
#include "controller/replica_moves.h"
#include "controller/weights.h"
#include "unit/controller/cluster_fixture.h"

namespace milena::controller {

inline constexpr uint64_t gigabyte = 1'000'000'000;
inline constexpr uint64_t megabyte = 1'000'000;

class WeighedFixture : public ClusterFixture {
  public:
    void weigh(int32_t index, uint64_t bytes, uint64_t bytes_in_per_second = 0) {
        known[index] = {bytes, bytes_in_per_second};
    }
    // A partition that all its replicas are in sync of.
    void add_weighed(std::vector<int32_t> replicas, uint64_t bytes, uint64_t bytes_in_per_second = 0) {
        weigh(partitions_count, bytes, bytes_in_per_second);
        add_partition(replicas, replicas, replicas.front());
    }
    // What a broker's replicas take of its disk, and what else is there.
    DiskLoad disk_of(NodeId broker) {
        uint64_t logs = 0;
        each_partition([&](int32_t index, const metadata::PartitionImage& partition) {
            logs += partition.has_replica(broker) ? known[index].bytes : 0;
        });
        const uint64_t total = disks.contains(broker.value) ? disks[broker.value] : 100'000 * gigabyte;
        const uint64_t used = logs + others[broker.value];
        return {.total_bytes = total, .usable_bytes = total > used ? total - used : 0, .logs_bytes = logs};
    }
    ReportLoad report_of(NodeId broker_id) {
        ReportLoad report{.broker = broker_id,
                          .broker_epoch = image->broker(broker_id)->epoch,
                          .disk = disk_of(broker_id),
                          .partitions = {}};
        each_partition([&](int32_t index, const metadata::PartitionImage& partition) {
            if (partition.leader == broker_id)
                report.partitions.push_back({metadata::orders_id, PartitionIndex(index), known[index]});
        });
        return report;
    }
    // Every broker tells what it has and leads.
    void tell() {
        for (const auto& [id, registered] : *image->brokers)
            EXPECT_TRUE(weights.take(*image, report_of(id)).has_value());
    }
    // Carries moves out; they arrive at once.
    void carry_out(const std::vector<ReplicaMove>& moves) {
        for (const ReplicaMove& move : moves) EXPECT_FALSE(move.reason.empty());
        EXPECT_EQ(done(MoveReplicas{moves})->count, moves.size());
        for (const ReplicaMove& move : moves) arrive(move.topic_id, move.partition);
    }
    BrokerLoads loads() { return {*image, {}, {.weights = &weights}}; }
    const BrokerLoad& load_of(const BrokerLoads& of, int32_t id) { return *of.of(NodeId(id)); }

    Weights weights;
    std::map<int32_t, PartitionWeight> known;  // by index
    std::map<int32_t, uint64_t> disks;         // by broker: how large they are
    std::map<int32_t, uint64_t> others;        // likewise: bytes of something else

  private:
    template <class F>
    void each_partition(F&& visit) {
        const metadata::TopicImage* topic = image->topic(metadata::orders_id);
        for (size_t i = 0; topic != nullptr && i < topic->partitions.size(); ++i)
            visit(static_cast<int32_t>(i), *topic->partitions[i]);
    }
};

}  // namespace milena::controller
