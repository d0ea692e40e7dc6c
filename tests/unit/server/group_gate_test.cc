#include "server/group_gate.h"

#include <gtest/gtest.h>

#include "unit/server/two_shards.h"

namespace milena::server {
namespace {

std::shared_ptr<const settings::BrokerConfig> group_settings() {
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
    void elect(int32_t partition, NodeId leader) {
        const metadata::Delta delta = both.elect(partition, leader);
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
    ErrorCode commit(const std::string& group_id, int64_t offset) {
        using Response = wire::OffsetCommitResponse;
        wire::OffsetCommitRequest request;
        request.group_id = group_id;
        request.topics.emplace_back().name = "orders";
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

TEST_F(Gate, leads_to_the_coordinator_of_every_group_wherever_it_lives) {
    for (int32_t partition = 0; partition < TwoShards::partitions; ++partition) {
        const std::string id = group_of(partition);
        EXPECT_EQ(commit(id, 10 + partition), ErrorCode::none);
        EXPECT_EQ(committed(id), 10 + partition);
    }
}

TEST_F(Gate, says_that_nobody_coordinates_what_is_led_elsewhere) {
    elect(2, NodeId{2});
    EXPECT_EQ(commit(group_of(2), 1), ErrorCode::not_coordinator);
    EXPECT_EQ(commit(group_of(1), 1), ErrorCode::none);
}

TEST_F(Gate, leads_to_a_coordinator_that_has_read_the_log_when_the_partition_comes_back) {
    const std::string id = group_of(3);
    for (int64_t offset = 0; offset < 2'000; ++offset) ASSERT_EQ(commit(id, offset), ErrorCode::none);
    elect(3, NodeId{2});
    elect(3, TwoShards::node);
    EXPECT_EQ(committed(id), 1'999);
}

TEST_F(Gate, tells_those_who_wait_that_their_coordinator_has_gone) {
    using Response = wire::JoinGroupResponse;
    const std::string id = group_of(0);
    wire::JoinGroupRequest request;
    request.group_id = id;
    request.session_timeout_ms = 60'000;
    request.rebalance_timeout_ms = 60'000;
    request.group_instance_id = "first";
    request.protocol_type = "consumer";
    request.protocols.push_back({"range", Bytes::copy_of("subscription")});
    const auto join = [&](group::Coordinator& coordinator, group::Reply<Response> reply) {
        coordinator.join_group(request, {"client", "/127.0.0.1", 9}, std::move(reply));
    };
    EXPECT_EQ(ask<Response>(id, join)->generation_id, 1);

    // The second one waits for the first.
    request.group_instance_id = "second";
    std::promise<ErrorCode> told;
    shard::Shard& home = both.shards->first();
    home.post([&] {
        gate.ask<Response>(home, id, join, [&](const Result<Response>& joined) {
            told.set_value(joined.has_value() ? joined->error_code : joined.error());
        });
    });
    EXPECT_EQ(commit(id, 1), ErrorCode::unknown_member_id);  // behind the join, so that it has arrived
    elect(0, NodeId{2});
    EXPECT_EQ(told.get_future().get(), ErrorCode::not_coordinator);
}

TEST(GroupGate, knows_no_partition_before_the_topic_is_there) {
    EXPECT_FALSE(GroupGate::partition_of(*metadata::Image::empty(), "group"));
}

}  // namespace
}  // namespace milena::server
