// What the tests of this module share: a world, a simulated disk with a log directory, and batches as producers send
// them.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "replica/replica.h"
#include "sim/sim_disk.h"
#include "sim/world.h"
#include "storage/partition_log.h"
#include "wire/compression.h"
#include "wire/record_batch_builder.h"

namespace milena::replica {

struct Fixture : testing::Test {
    sim::World world{1};
    sim::SimDisk disk{world.random, world.clock,
                      [this](Duration delay, std::function<void()> event) { world.after(delay, event); }};
    storage::LogDirectory directory{disk, "/data"};
    storage::TailCache cache{1 << 20};
    wire::Codecs codecs;
    const storage::LogEnvironment log_environment{directory, cache, world.clock, world.random, codecs};
    const Uuid topic_id{1, 2};
    ReplicaContext context{NodeId{1}, world.clock};

    // Of so many replicas, the first of which are in sync; this is the first of all.
    static Leadership leadership(int epoch, int isr_size = 1, int replicas_size = 1) {
        Leadership leadership;
        leadership.epoch = LeaderEpoch{epoch};
        for (int node = 1; node <= replicas_size; ++node) leadership.replicas.push_back(NodeId{node});
        for (int node = 1; node <= isr_size; ++node) leadership.isr.push_back(NodeId{node});
        return leadership;
    }
    Fixture() { check(disk.create_directories("/data").has_value()); }

    void run_for(Duration duration) {
        world.run_until(world.clock.now() + duration, [] { return false; });
    }
    std::unique_ptr<storage::PartitionLog> open_log(std::shared_ptr<const storage::LogConfig> config) {
        storage::OpenOptions options;
        options.topic = "orders";
        options.topic_id = topic_id;
        options.config = std::move(config);
        auto log = storage::PartitionLog::open(log_environment, options);
        check(log.has_value());
        return std::move(*log);
    }
    Bytes batch_of(int records, const wire::BatchOptions& options = {}) {
        wire::RecordBatchBuilder builder(options);
        const std::string text(40, 'x');
        for (int i = 0; i < records; ++i) {
            wire::NewRecord record;
            record.timestamp = world.clock.wall();
            record.value = std::as_bytes(std::span(text.data(), text.size()));
            builder.add(record);
        }
        return Bytes::from(builder.build());
    }
};

}  // namespace milena::replica
