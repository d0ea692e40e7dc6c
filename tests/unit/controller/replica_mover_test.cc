#include "controller/replica_mover.h"

#include "unit/controller/weighed_fixture.h"

namespace milena::controller {
namespace {

using std::chrono::seconds;

class ReplicaMoverTest : public WeighedFixture {
  public:
    ReplicaMoverTest() { start_all(3); }

    std::vector<ReplicaMove> next() { return mover.next(*image, weights, limits, now); }
    // Carries out what is to be done until there is nothing more; all moves arrive at once. How many rounds it took.
    int settle() {
        for (int round = 0;; ++round) {
            const auto moves = next();
            if (moves.empty() || round == 200) return round;
            EXPECT_LE(moves.size(), limits.limits.moving_max + 500);
            EXPECT_EQ(done(MoveReplicas{moves})->count, moves.size());
            for (const ReplicaMove& move : moves) arrive(move.topic_id, move.partition);
        }
    }
    std::map<NodeId, size_t> replicas() {
        std::map<NodeId, size_t> counts;
        for (const auto& topic : image->topics->by_id)
            for (const auto& partition : topic->partitions)
                for (const NodeId node : partition->replicas) ++counts[node];
        return counts;
    }

    std::map<NodeId, size_t> leaders() {
        std::map<NodeId, size_t> counts;
        for (const auto& topic : image->topics->by_id)
            for (const auto& partition : topic->partitions) ++counts[partition->leader];
        return counts;
    }

    ReplicaMover mover;
    MoverSettings limits{.is_automatic = true, .limits = {.moving_max = 5}, .away_max = seconds(60)};
    Instant now{seconds(1000)};
};

TEST_F(ReplicaMoverTest, cluster_that_nobody_joins_is_left_as_it_is) {
    for (int i = 0; i < 12; ++i) add_partition({1, 2}, {1, 2}, 1);
    EXPECT_TRUE(next().empty()) << "though broker 3 has nothing: somebody may want that";
}

TEST_F(ReplicaMoverTest, broker_that_has_joined_gets_its_share_a_few_at_a_time) {
    create("a", 30, 3);
    mover.registered(NodeId(4));
    EXPECT_TRUE(next().empty());
    start(4);
    const auto first = next();
    ASSERT_FALSE(first.empty());
    EXPECT_LE(std::ranges::count_if(first, [](const auto& move) { return !move.is_of_leadership(); }), 5);
    for (const auto& move : first) EXPECT_NE(move.reason, "");
    EXPECT_GT(settle(), 3);
    for (const auto& [node, count] : replicas()) EXPECT_NEAR(static_cast<double>(count), 22.5, 2) << node.value;
    EXPECT_TRUE(mover.metrics().is_balancing) << "what the brokers store may still be told";
    tell();
    EXPECT_TRUE(next().empty());
    EXPECT_FALSE(mover.metrics().is_balancing) << "it is over";
    EXPECT_GE(mover.metrics().moves, 20U);
}

TEST_F(ReplicaMoverTest, brokers_that_never_tell_what_they_store_are_not_waited_for_for_ever) {
    create("a", 30, 3);
    mover.balance();
    EXPECT_TRUE(next().empty());
    now = now + (ReplicaMover::unheard_max - seconds(1));
    EXPECT_TRUE(next().empty());
    EXPECT_TRUE(mover.metrics().is_balancing);
    now = now + seconds(1);
    EXPECT_TRUE(next().empty());
    EXPECT_FALSE(mover.metrics().is_balancing);
}

TEST_F(ReplicaMoverTest, cluster_that_only_just_begins_waits_for_nobody) {
    mover.registered(NodeId(4));
    start(4);
    EXPECT_TRUE(next().empty());
    EXPECT_FALSE(mover.metrics().is_balancing);
    for (int i = 0; i < 12; ++i) add_partition({1, 2}, {1, 2}, 1);
    EXPECT_TRUE(next().empty()) << "its first topic stays as it was placed";
}

TEST_F(ReplicaMoverTest, run_goes_on_with_disks_when_the_last_broker_has_told) {
    for (int32_t i = 0; i < 4; ++i) add_partition({1 + i / 2}, {1 + i / 2}, 1 + i / 2);
    for (int32_t i = 0; i < 4; ++i) weigh(i, i < 2 ? 100 * gigabyte : gigabyte);
    mover.balance();
    EXPECT_EQ(settle(), 1) << "broker 3 gets one, whichever";
    EXPECT_EQ(mover.metrics().unheard, 3U);
    tell();
    EXPECT_FALSE(next().empty());
    EXPECT_EQ(mover.metrics().unheard, 0U);
}

TEST_F(ReplicaMoverTest, broker_that_comes_back_to_what_it_had_changes_nothing) {
    for (int i = 0; i < 6; ++i) add_partition({1, 2, 4}, {1, 2}, 1);
    mover.registered(NodeId(4));
    start(4);
    EXPECT_TRUE(next().empty());
}

TEST_F(ReplicaMoverTest, switched_off_it_balances_only_when_it_is_asked) {
    limits.is_automatic = false;
    create("a", 30, 3);
    mover.registered(NodeId(4));
    start(4);
    EXPECT_TRUE(next().empty());
    mover.balance();
    EXPECT_FALSE(next().empty());
}

TEST_F(ReplicaMoverTest, next_controller_goes_on_where_a_broker_is_still_empty) {
    create("a", 30, 3);
    start(4);
    mover.begin(*image);
    EXPECT_FALSE(next().empty());
}

TEST_F(ReplicaMoverTest, draining_brokers_are_emptied_and_nothing_comes_back) {
    start_all(5);
    create("a", 30, 3);
    for (const int32_t id : {4, 5}) EXPECT_TRUE(done(PlaceOnBroker{NodeId(id), BrokerPlacement::draining}).has_value());
    EXPECT_GT(settle(), 3);
    const auto left = replicas();
    EXPECT_FALSE(left.contains(NodeId(4)) || left.contains(NodeId(5)));
    for (const auto& [node, count] : leaders()) EXPECT_NEAR(static_cast<double>(count), 10, 1) << node.value;
    EXPECT_EQ(mover.metrics().draining, 2U);
    EXPECT_EQ(mover.metrics().drain_replicas, 0U);
}

TEST_F(ReplicaMoverTest, target_that_is_away_for_too_long_is_replaced) {
    start_all(4);
    add_partition({1, 2}, {1, 2}, 1);
    EXPECT_TRUE(done(PlaceOnBroker{NodeId(2), BrokerPlacement::draining}).has_value());
    EXPECT_EQ(done(MoveReplicas{next()})->count, 1U);
    ASSERT_EQ(partition().adding_replicas, nodes({3}));
    fence(3);
    EXPECT_TRUE(next().empty());
    now = now + seconds(59);
    EXPECT_TRUE(next().empty()) << "it may only be restarting";
    now = now + seconds(2);
    EXPECT_EQ(done(MoveReplicas{next()})->count, 1U);
    EXPECT_EQ(partition().adding_replicas, nodes({4}));
}

}  // namespace
}  // namespace milena::controller
