// A partition table on a simulated disk that is told of topics and restarts.
#pragma once

#include <gtest/gtest.h>

#include "metadata/delta.h"
#include "replica/partition_table.h"
#include "unit/metadata/records_fixture.h"
#include "unit/replica/replica_fixture.h"

namespace milena::replica {

inline constexpr NodeId node{1};

struct PartitionTableTest : Fixture {
    const Uuid directory_id{7, 7};
    std::shared_ptr<const metadata::Image> image = metadata::Image::empty();
    std::shared_ptr<settings::BrokerConfig> config = std::make_shared<settings::BrokerConfig>();
    DirectoryInventory inventory;
    std::unique_ptr<PartitionTable> table;
    bool are_directories_offline = false;

    // As it is before the cluster's first image.
    void make(uint32_t shard = 0, uint32_t shards = 1) {
        table =
            std::make_unique<PartitionTable>(TableEnvironment{node,
                                                              shard,
                                                              shards,
                                                              {{directory_id, &directory}},
                                                              {std::make_shared<const DirectoryInventory>(inventory)},
                                                              cache,
                                                              world.clock,
                                                              world.random,
                                                              codecs,
                                                              0,
                                                              are_directories_offline});
    }
    void start(uint32_t shard = 0, uint32_t shards = 1) {
        make(shard, shards);
        metadata::Delta all;
        metadata::ImageBuilder builder(metadata::Image::empty());
        for (const metadata::Record& record : records) builder.apply(record);
        all = std::move(builder).finish({Offset{1}, LeaderEpoch{1}});
        image = all.after;
        table->apply(all, config);
    }
    void apply(const std::vector<metadata::Record>& changes) {
        metadata::ImageBuilder builder(image);
        for (const metadata::Record& record : changes) {
            builder.apply(record);
            records.push_back(record);
        }
        const metadata::Delta delta = std::move(builder).finish({image->offset + 1, LeaderEpoch{1}});
        image = delta.after;
        table->apply(delta, config);
    }
    std::vector<metadata::Record> topic(const std::string& name, const Uuid& id, int32_t partitions) const {
        return metadata::topic_records(name, id, partitions, directory_id);
    }
    ErrorCode produce(const Uuid& id, int32_t partition = 0) {
        const PartitionTable::Found found = table->use({id, PartitionIndex{partition}});
        if (found.replica == nullptr) return found.error;
        ProduceRequest request;
        request.batch = batch_of(1);
        request.now = world.clock.wall();
        return found.replica->produce(request, codecs).error;
    }
    std::vector<std::string> names() {
        std::vector<std::string> result;
        const std::vector<env::DirectoryEntry> entries = *disk.list("/data");
        for (const env::DirectoryEntry& entry : entries) result.push_back(entry.name);
        return result;
    }
    void restart(bool cleanly) {
        if (cleanly) {
            EXPECT_TRUE(table->close_all());
            ASSERT_TRUE(write_offsets(disk, "/data", table->offsets_in(directory_id)).has_value());
            ASSERT_TRUE(storage::write_clean_marker(disk, "/data", {7}).has_value());
        }
        table.reset();
        disk.restart();
        inventory = *take_inventory(disk, "/data");
        start();
    }

    std::vector<metadata::Record> records;
};

}  // namespace milena::replica
