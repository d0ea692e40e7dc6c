#include "replica/following.h"

#include <gtest/gtest.h>

#include "unit/replica/copy.h"

namespace milena::replica {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct FollowingTest : ReplicationFixture {
    void produce(int node, int count, bool demands_all_replicas = true) {
        for (int i = 0; i < count; ++i)
            ASSERT_EQ(copy(node).produce("value " + std::to_string(i), demands_all_replicas).error, ErrorCode::none);
    }
    void expect_equal(int64_t end) {
        for (const auto& one : copies) {
            EXPECT_EQ(one->replica().log().log_end_offset(), Offset{end}) << one->node().value;
            EXPECT_EQ(one->replica().high_watermark(), Offset{end}) << one->node().value;
            EXPECT_EQ(one->content(Offset{end}), copies[0]->content(Offset{end})) << one->node().value;
        }
    }
};

TEST_F(FollowingTest, followers_have_all_and_all_is_committed) {
    open(3);
    lead(1, 0, 0, {1, 2, 3});
    produce(1, 50);
    settle();
    expect_equal(50);
}

TEST_F(FollowingTest, new_leader_goes_on_and_the_old_one_follows) {
    open(3);
    lead(1, 0, 0, {1, 2, 3});
    produce(1, 20);
    settle();
    lead(2, 1, 1, {1, 2, 3});
    produce(2, 20);
    settle();
    expect_equal(40);
}

TEST_F(FollowingTest, what_only_a_deposed_leader_had_is_given_up) {
    open(3);
    lead(1, 0, 0, {1, 2, 3});
    produce(1, 20);
    settle();
    links.clear();
    produce(1, 5);
    const int64_t deposed_end = replica(1).log().log_end_offset().value;
    EXPECT_EQ(deposed_end, 25);
    lead(2, 1, 1, {1, 2, 3});
    produce(2, 2);
    settle();
    expect_equal(22);
}

TEST_F(FollowingTest, logs_that_parted_more_than_once_come_together) {
    open(3);
    lead(1, 0, 0, {1, 2, 3});
    produce(1, 10);
    settle();
    int partition_epoch = 1;
    for (int epoch = 1; epoch < 8; ++epoch) {
        const int leader = 1 + epoch % 3;
        lead(leader, epoch, partition_epoch++, {1, 2, 3});
        links.clear();
        produce(leader, epoch);
    }
    lead(1, 8, partition_epoch, {1, 2, 3});
    settle();
    expect_equal(replica(1).log().log_end_offset().value);
}

TEST_F(FollowingTest, connection_that_breaks_again_and_again_loses_nothing) {
    open(2);
    lead(1, 0, 0, {1, 2});
    for (int i = 0; i < 50; ++i) {
        produce(1, 3);
        run_for(world.random.up_to(milliseconds(5)));
        links[0]->close();
        links[0]->open();
    }
    settle();
    expect_equal(150);
}

TEST_F(FollowingTest, full_disk_of_a_follower_leaves_no_hole) {
    open(2);
    lead(1, 0, 0, {1, 2});
    produce(1, 5);
    settle();
    copy(2).disk().limit_capacity(copy(2).disk().used_bytes());
    for (int i = 0; i < 20; ++i) {
        produce(1, 2);
        run_for(milliseconds(3));
    }
    EXPECT_EQ(replica(2).log().log_end_offset(), Offset{5});
    copy(2).disk().heal();
    run_for(seconds(3));
    expect_equal(45);
}

TEST_F(FollowingTest, damaged_records_are_asked_for_again) {
    open(2);
    lead(1, 0, 0, {1, 2});
    int damaged = 0;
    links[0]->on_the_way_down = [&](LeaderFrame& frame) {
        for (PartitionFrame& partition : frame.partitions) {
            if (partition.records.empty() || ++damaged % 3 != 0) continue;
            std::vector<std::byte> bytes(partition.records[0].span().begin(), partition.records[0].span().end());
            bytes.back() ^= std::byte{1};
            partition.records[0] = Bytes::from(std::move(bytes));
        }
    };
    for (int i = 0; i < 20; ++i) {
        produce(1, 2);
        run_for(milliseconds(30));
    }
    run_for(seconds(5));
    EXPECT_GT(damaged, 3);
    expect_equal(40);
}

TEST_F(FollowingTest, small_window_slows_down_and_stops_nothing) {
    open(2);
    lead(1, 0, 0, {1, 2});
    LeaderStreamLimits limits;
    limits.window_bytes = 500;
    links.clear();
    links.push_back(std::make_unique<Link>(world, copy(2), copy(1), limits));
    links[0]->open();
    links[0]->follow(LeaderEpoch{0});
    produce(1, 200);
    run_for(seconds(5));
    expect_equal(200);
}

TEST_F(FollowingTest, durable_records_are_acknowledged_only_where_that_is_asked_for) {
    topic.flush_messages = 1;
    open(2);
    run_for(seconds(1));
    lead(1, 0, 0, {1, 2});
    produce(1, 10);
    while (replica(1).high_watermark() < Offset{10}) {
        EXPECT_LE(replica(1).high_watermark(), replica(1).log().durable_offset());
        EXPECT_LE(replica(1).high_watermark(), replica(2).log().durable_offset());
        run_for(milliseconds(1));
    }
    settle();
    expect_equal(10);
}

TEST_F(FollowingTest, follower_that_is_behind_what_was_deleted_begins_where_the_leader_does) {
    open(2);
    replica(1).become_leader(leadership(0, 0, {1}));
    produce(1, 30);
    ASSERT_TRUE(replica(1).delete_records(Offset{20}).has_value());
    lead(1, 0, 1, {1});
    settle();
    EXPECT_EQ(replica(2).log().log_start_offset(), Offset{20});
    EXPECT_EQ(replica(2).log().log_end_offset(), Offset{30});
    ASSERT_FALSE(asked.empty());
    EXPECT_EQ(asked.back().isr, nodes({1, 2}));
}

TEST_F(FollowingTest, leader_that_learns_of_its_epoch_later_is_asked_again) {
    open(2);
    replica(2).become_follower(LeaderEpoch{3}, NodeId{1});
    links.push_back(std::make_unique<Link>(world, copy(2), copy(1)));
    links[0]->open();
    links[0]->follow(LeaderEpoch{3});
    settle();
    replica(1).become_leader(leadership(3, 0, {1, 2}));
    produce(1, 3);
    run_for(seconds(2));
    expect_equal(3);
}

}  // namespace
}  // namespace milena::replica
