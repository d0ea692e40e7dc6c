// Two shards that serve groups: their partitions are those of __consumer_offsets.
#pragma once

#include <string>
#include <string_view>

#include "server/group_gate.h"
#include "unit/server/two_shards.h"

namespace milena::server {

inline std::shared_ptr<const settings::BrokerConfig> group_settings() {
    auto config = std::make_shared<settings::BrokerConfig>();
    config->group_max_session_timeout_ms = 60'000;
    config->group_max_size = 10;
    config->offset_metadata_max_bytes = 100;
    config->offsets_commit_timeout_ms = 5'000;
    config->offsets_retention_minutes = 10;
    config->offsets_retention_check_interval_ms = 60'000;
    return config;
}

struct Gate : testing::Test {
    TwoShards both{std::string(group::offsets_topic), group_settings()};
    GroupGate gate{*both.shards};

    Gate() {
        for (size_t i = 0; i < TwoShards::count; ++i)
            both.on<bool>(i, [&] {
                gate.open((*both.shards)[i]);
                return true;
            });
    }
    ~Gate() override {
        for (size_t i = 0; i < TwoShards::count; ++i)
            both.on<bool>(i, [&] {
                gate.close((*both.shards)[i]);
                return true;
            });
    }
    void elect(int32_t partition, NodeId leader) { apply(both.elect(partition, leader)); }
    void apply(const metadata::Delta& delta) {
        both.apply(delta, [&](const shard::Shard& shard) { gate.apply(shard, delta); });
    }

    // Asks from the first shard and waits for the answer. Loading takes a moment.
    template <class Response, class Work>
    Result<Response> ask(const std::string& group_id, Work work) {
        shard::Shard& home = both.shards->first();
        for (;;) {
            std::promise<Result<Response>> promise;
            home.post([&] {
                gate.ask<Response>(home, group_id, work, [&](Result<Response> response) {
                    EXPECT_TRUE(home.is_current());
                    promise.set_value(std::move(response));
                });
            });
            Result<Response> response = promise.get_future().get();
            if (response.has_value() || response.error() != ErrorCode::coordinator_load_in_progress) return response;
        }
    }
    ErrorCode commit(const std::string& group_id, int64_t offset, std::string_view topic = "orders") {
        using Response = wire::OffsetCommitResponse;
        wire::OffsetCommitRequest request;
        request.group_id = group_id;
        request.topics.emplace_back().name = topic;
        request.topics.front().partitions.push_back({.partition_index = 0, .committed_offset = offset});
        const auto committed =
            ask<Response>(group_id, [&](group::Coordinator& coordinator, const group::Reply<Response>& reply) {
                coordinator.commit_offsets(request, 9, reply);
            });
        return committed.has_value() ? committed->topics.front().partitions.front().error_code : committed.error();
    }
    int64_t committed(const std::string& group_id) {
        using Response = wire::OffsetFetchResponse::Group;
        wire::OffsetFetchRequest::Group request;
        request.group_id = group_id;
        const auto found =
            ask<Response>(group_id, [&](group::Coordinator& coordinator, const group::Reply<Response>& reply) {
                coordinator.fetch_offsets(request, reply);
            });
        if (!found.has_value()) return -static_cast<int64_t>(found.error());
        return found->topics.empty() ? -1 : found->topics.front().partitions.front().committed_offset;
    }
    // An id of a group that belongs to the partition.
    static std::string group_of(int32_t partition) {
        for (int i = 0;; ++i) {
            std::string id = "group-" + std::to_string(i);
            if (group::partition_for(id, TwoShards::partitions).value == partition) return id;
        }
    }
};

}  // namespace milena::server
