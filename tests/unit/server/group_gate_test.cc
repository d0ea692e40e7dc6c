#include "server/group_gate.h"

#include <gtest/gtest.h>

#include "unit/server/gate_fixture.h"

namespace milena::server {
namespace {

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
