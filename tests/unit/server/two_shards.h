// Two shards with their threads, files and a topic of four partitions, of which each shard owns some: for what happens
// between shards.
#pragma once

#include <future>

#include <gtest/gtest.h>

#include "metadata/delta.h"
#include "shard/shard.h"
#include "unit/env_posix/test_directory.h"
#include "unit/metadata/records_fixture.h"
#include "wire/record_batch_builder.h"

namespace milena::server {

struct TwoShards {
    static constexpr size_t count = 2;
    static constexpr int32_t partitions = 4;
    static constexpr NodeId node{1};
    const Uuid topic_id{11, 22};
    const Uuid directory_id{33, 44};

    const std::string topic_name;
    const std::shared_ptr<const settings::BrokerConfig> config;
    std::shared_ptr<const metadata::Image> image;
    TestDirectory directory;
    env::SystemClock clock;
    env::DiskThreads threads;
    std::unique_ptr<shard::Shards> shards;

    explicit TwoShards(std::string name = "orders", std::shared_ptr<const settings::BrokerConfig> settings =
                                                        std::make_shared<settings::BrokerConfig>())
        : topic_name(std::move(name)), config(std::move(settings)) {
        std::vector<std::unique_ptr<shard::Shard>> all;
        for (uint32_t i = 0; i < count; ++i)
            all.push_back(std::make_unique<shard::Shard>(
                threads, shard::ShardOptions{.id = ShardId(i),
                                             .shard_count = count,
                                             .node = node,
                                             .tail_cache_bytes = 1U << 20,
                                             .directories = {{directory.path(), directory_id,
                                                              std::make_shared<replica::DirectoryInventory>()}}}));
        shards = std::make_unique<shard::Shards>(std::move(all));
        for (size_t i = 0; i < count; ++i) (*shards)[i].start();
        apply(new_topic());
    }
    ~TwoShards() {
        for (size_t i = 0; i < count; ++i) (*shards)[i].stop();
        threads.stop();
    }

    // On every shard, one after the other; `also` with each.
    void apply(const metadata::Delta& delta, const std::function<void(shard::Shard&)>& also = nullptr) {
        image = delta.after;
        for (size_t i = 0; i < count; ++i)
            on<bool>(i, [&] {
                (*shards)[i].apply(delta, config);
                if (also) also((*shards)[i]);
                return true;
            });
    }
    // The partition has another leader; 2 is nobody here.
    metadata::Delta elect(int32_t partition, NodeId leader) const {
        return changed(partition, [&](wire::PartitionChangeRecord& change) { change.leader = leader.value; });
    }
    // It isn't here any more.
    metadata::Delta move(int32_t partition, NodeId to) const {
        return changed(partition, [&](wire::PartitionChangeRecord& change) {
            change.leader = to.value;
            change.replicas = std::vector<int32_t>{to.value};
            change.isr = change.replicas;
            change.directories = std::vector<Uuid>{Uuid{55, 66}};
        });
    }

    // Runs `work` on a shard's thread and waits for its result.
    template <class T>
    T on(size_t shard, std::function<T()> work) {
        std::promise<T> promise;
        (*shards)[shard].post([&] { promise.set_value(work()); });
        return promise.get_future().get();
    }

    replica::PartitionKey key(int32_t partition) const { return {topic_id, PartitionIndex(partition)}; }

    // One batch of one record; returns its size.
    size_t produce(int32_t partition) {
        shard::Shard& owner = shards->owner_of(key(partition));
        return on<size_t>(owner.id().value, [&] {
            wire::RecordBatchBuilder builder({});
            const std::string_view text = "value";
            wire::NewRecord record;
            record.timestamp = clock.wall();
            record.value = std::as_bytes(std::span(text.data(), text.size()));
            builder.add(record);
            const std::vector<std::byte> batch = builder.build();
            replica::ProduceRequest request;
            request.batch = Bytes::copy_of(batch);
            request.now = clock.wall();
            const auto found = owner.partitions().use(key(partition));
            EXPECT_EQ(found.replica->produce(request, owner.codecs()).error, ErrorCode::none);
            return batch.size();
        });
    }

  private:
    metadata::Delta changed(int32_t partition, const std::function<void(wire::PartitionChangeRecord&)>& how) const {
        metadata::ImageBuilder builder(image);
        wire::PartitionChangeRecord change;
        change.topic_id = topic_id;
        change.partition_id = partition;
        how(change);
        builder.apply(change);
        return std::move(builder).finish({image->offset + 1, LeaderEpoch{1}});
    }
    metadata::Delta new_topic() const {
        metadata::ImageBuilder builder(metadata::Image::empty());
        for (const metadata::Record& record : metadata::topic_records(topic_name, topic_id, partitions, directory_id))
            builder.apply(record);
        return std::move(builder).finish({Offset{1}, LeaderEpoch{1}});
    }
};

}  // namespace milena::server
