#include "controller/balance_disks.h"

#include "unit/controller/weighed_fixture.h"

namespace milena::controller {
namespace {

class DiskBalance : public WeighedFixture {
  public:
    std::vector<ReplicaMove> plan() { return plan_balance(*image, weights, limits); }
    // How many plans it took; brokers tell anew after each.
    int settle() {
        tell();
        for (int rounds = 0;; ++rounds) {
            const auto moves = plan();
            if (moves.empty() || rounds == 200) return rounds;
            carry_out(moves);
            tell();
        }
    }
    double stored(int32_t id) { return load_of(loads(), id).bytes / static_cast<double>(gigabyte); }
    size_t replicas(int32_t id) { return load_of(loads(), id).replicas_count; }

    BalanceLimits limits;
};

TEST_F(DiskBalance, large_partitions_change_places_with_small_ones) {
    start_all(3);
    for (int32_t i = 0; i < 4; ++i) add_weighed({1 + i % 2}, 30 * gigabyte);
    for (int32_t i = 0; i < 2; ++i) add_weighed({3}, gigabyte);
    tell();
    const auto moves = plan();
    ASSERT_EQ(moves.size(), 2U);
    EXPECT_EQ(moves[0].from, nodes({2}));
    EXPECT_EQ(moves[0].to, nodes({3}));
    EXPECT_EQ(moves[0].reason, "broker 2 stores 60.0 GB, broker 3 2.0 GB");
    EXPECT_EQ(moves[1].from, nodes({3}));
    EXPECT_EQ(moves[1].to, nodes({2}));
    EXPECT_EQ(moves[1].reason, "in exchange for orders-1: broker 2 stores 60.0 GB, broker 3 2.0 GB");
    EXPECT_EQ(settle(), 1);
    for (int32_t id = 1; id <= 3; ++id) EXPECT_EQ(replicas(id), 2U) << id;
    EXPECT_EQ(stored(1), 60);
    EXPECT_EQ(stored(2), 31);
    EXPECT_EQ(stored(3), 31);
}

TEST_F(DiskBalance, replicas_just_move_where_counts_allow_it) {
    start_all(2);
    for (int32_t i = 0; i < 40; ++i) add_weighed({1 + i % 2}, (i % 2 == 0 ? 12 : 10) * gigabyte);
    tell();
    limits.tolerance = 0.2;
    for (const ReplicaMove& move : plan()) {
        EXPECT_EQ(move.from, nodes({1}));
        EXPECT_EQ(move.to, nodes({2}));
    }
    EXPECT_GE(settle(), 1);
    EXPECT_NEAR(stored(1), stored(2), 22);
    EXPECT_GE(replicas(1), 18U);
}

TEST_F(DiskBalance, of_replicas_that_counts_move_those_go_that_make_disks_even) {
    start_all(2);
    for (const uint64_t size : {10U, 10U, 30U, 10U, 10U, 10U}) add_weighed({1}, size * gigabyte);
    for (int32_t i = 0; i < 2; ++i) add_weighed({2}, 10 * gigabyte);
    tell();
    const auto moves = plan();
    const auto large = std::ranges::find(moves, PartitionIndex(2), &ReplicaMove::partition);
    ASSERT_NE(large, moves.end());
    EXPECT_EQ(large->reason, "broker 1 has 6 replicas, broker 2 has 2") << "it is the first one";
}

TEST_F(DiskBalance, brokers_that_are_nearly_even_are_left_alone) {
    start_all(2);
    for (int32_t i = 0; i < 20; ++i) add_weighed({1 + i % 2}, (i == 1 || i == 3 ? 75 : 100) * gigabyte);
    tell();
    EXPECT_TRUE(plan().empty());
    limits.weight_tolerance = 0;
    EXPECT_FALSE(plan().empty());
}

TEST_F(DiskBalance, small_clusters_are_not_moved_for_nothing) {
    start_all(2);
    for (int32_t i = 0; i < 20; ++i) add_weighed({1 + i % 2}, i % 2 == 0 ? 50 * megabyte : megabyte);
    tell();
    EXPECT_TRUE(plan().empty());
    limits.bytes_tolerated = 100 * megabyte;
    EXPECT_FALSE(plan().empty());
}

TEST_F(DiskBalance, no_disk_is_filled_beyond_the_limit) {
    start_all(2);
    for (int32_t i = 0; i < 6; ++i) add_weighed({1}, 10 * gigabyte);
    disks[2] = 100 * gigabyte;
    others[2] = 60 * gigabyte;
    tell();
    EXPECT_EQ(plan().size(), 2U) << "60 GB are something else's, and 85 may be used";
    EXPECT_EQ(settle(), 1);
    EXPECT_EQ(stored(2), 20);
    others[2] = 0;
    EXPECT_EQ(settle(), 1);
    EXPECT_EQ(stored(2), 30);
}

TEST_F(DiskBalance, what_is_on_its_way_takes_room_already) {
    start_all(2);
    for (int32_t i = 0; i < 6; ++i) add_weighed({1}, 10 * gigabyte);
    disks[2] = 40 * gigabyte;
    tell();
    limits.moving_max = 1;
    EXPECT_EQ(done(MoveReplicas{plan()})->count, 1U);
    limits.moving_max = 10;
    EXPECT_EQ(plan().size(), 2U) << "34 GB may be used";
}

TEST_F(DiskBalance, racks_are_kept) {
    start(1, "a");
    start(2, "a");
    start(3, "b");
    start(4, "b");
    for (int32_t i = 0; i < 8; ++i) add_weighed({1 + i % 2, 3 + i % 2}, (i % 2 == 0 ? 40 : 4) * gigabyte);
    EXPECT_GE(settle(), 1);
    for (int32_t i = 0; i < 8; ++i)
        EXPECT_NE(broker(partition(i).replicas[0].value).rack, broker(partition(i).replicas[1].value).rack);
    EXPECT_EQ(stored(1), stored(2));
    EXPECT_EQ(stored(3), stored(4));
}

TEST_F(DiskBalance, as_long_as_one_broker_has_not_told_only_counts_count) {
    start_all(2);
    for (int32_t i = 0; i < 8; ++i) add_weighed({1 + i % 2}, (i % 2 == 0 ? 40 : 1) * gigabyte);
    EXPECT_TRUE(weights.take(*image, report_of(NodeId(1))).has_value());
    EXPECT_TRUE(plan().empty());
    EXPECT_TRUE(weights.take(*image, report_of(NodeId(2))).has_value());
    EXPECT_FALSE(plan().empty());
}

TEST_F(DiskBalance, no_more_is_moved_at_once_than_is_allowed) {
    start_all(2);
    for (int32_t i = 0; i < 80; ++i) add_weighed({1 + i % 2}, (i % 2 == 0 ? 40 : 1) * gigabyte);
    tell();
    limits.moving_max = 5;
    EXPECT_EQ(plan().size(), 5U);
}

}  // namespace
}  // namespace milena::controller
