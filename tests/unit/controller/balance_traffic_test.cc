#include "controller/balance_traffic.h"

#include "unit/controller/weighed_fixture.h"

namespace milena::controller {
namespace {

class TrafficBalance : public WeighedFixture {
  public:
    std::vector<ReplicaMove> plan() { return plan_balance(*image, weights, limits); }
    int settle() {
        tell();
        for (int rounds = 0;; ++rounds) {
            const auto moves = plan();
            if (moves.empty() || rounds == 50) return rounds;
            carry_out(moves);
            tell();
        }
    }
    double traffic(int32_t id) { return load_of(loads(), id).traffic / static_cast<double>(megabyte); }
    size_t leaders(int32_t id) { return load_of(loads(), id).leaders_count; }

    BalanceLimits limits;
};

TEST_F(TrafficBalance, busy_leaderships_change_places_with_quiet_ones) {
    start_all(2);
    for (int32_t i = 0; i < 4; ++i) add_weighed(i < 2 ? std::vector{1, 2} : std::vector{2, 1}, gigabyte, 0);
    weigh(0, gigabyte, 20 * megabyte);
    weigh(1, gigabyte, 20 * megabyte);
    weigh(2, gigabyte, megabyte);
    weigh(3, gigabyte, 3 * megabyte);
    tell();
    const auto moves = plan();
    ASSERT_EQ(moves.size(), 2U);
    for (const ReplicaMove& move : moves) EXPECT_TRUE(move.is_of_leadership());
    EXPECT_EQ(moves[0].to, nodes({2, 1}));
    EXPECT_EQ(moves[0].reason, "broker 1 leads 40.0 MB/s, broker 2 4.0 MB/s");
    EXPECT_EQ(moves[1].reason, "in exchange for orders-0: broker 1 leads 40.0 MB/s, broker 2 4.0 MB/s");
    EXPECT_EQ(settle(), 1);
    EXPECT_EQ(leaders(1), 2U);
    EXPECT_NEAR(traffic(1), traffic(2), 2.1);
}

TEST_F(TrafficBalance, who_is_preferred_once_more_gives_one_alone) {
    start_all(2);
    add_weighed({1, 2}, gigabyte, 8 * megabyte);
    add_weighed({1, 2}, gigabyte, 9 * megabyte);
    add_weighed({2, 1}, gigabyte, megabyte);
    tell();
    const auto moves = plan();
    ASSERT_EQ(moves.size(), 1U);
    EXPECT_EQ(moves[0].partition, PartitionIndex(0));
    EXPECT_EQ(settle(), 1);
    EXPECT_EQ(leaders(2), 2U);
}

TEST_F(TrafficBalance, only_who_is_in_sync_gets_a_leadership) {
    start_all(2);
    for (int32_t i = 0; i < 2; ++i) {
        weigh(partitions_count, gigabyte, 20 * megabyte);
        add_partition({1, 2}, {1}, 1);
    }
    for (int32_t i = 0; i < 2; ++i) add_weighed({2, 1}, gigabyte, megabyte);
    tell();
    EXPECT_TRUE(plan().empty());
}

TEST_F(TrafficBalance, little_traffic_is_no_reason) {
    start_all(2);
    for (int32_t i = 0; i < 4; ++i)
        add_weighed(i < 2 ? std::vector{1, 2} : std::vector{2, 1}, gigabyte, i < 2 ? 500'000 : 0);
    tell();
    EXPECT_TRUE(plan().empty());
    limits.traffic_tolerated = 1000;
    EXPECT_FALSE(plan().empty());
}

TEST_F(TrafficBalance, rates_wait_until_no_replica_moves) {
    start_all(3);
    for (int32_t i = 0; i < 4; ++i)
        add_weighed(i < 2 ? std::vector{1, 2} : std::vector{2, 1}, gigabyte, i < 2 ? 20 * megabyte : 0);
    tell();
    const auto moves = plan();
    EXPECT_FALSE(moves.empty());
    for (const ReplicaMove& move : moves) EXPECT_EQ(move.reason.find("/s"), std::string::npos) << move.reason;
    EXPECT_GE(settle(), 1);
    EXPECT_LE(std::max({traffic(1), traffic(2), traffic(3)}), 21);
}

TEST_F(TrafficBalance, no_more_is_given_than_is_allowed) {
    start_all(2);
    for (int32_t i = 0; i < 40; ++i)
        add_weighed(i < 20 ? std::vector{1, 2} : std::vector{2, 1}, gigabyte, i < 20 ? 20 * megabyte : 0);
    tell();
    limits.leaderships_max = 4;
    EXPECT_EQ(plan().size(), 4U);
}

}  // namespace
}  // namespace milena::controller
