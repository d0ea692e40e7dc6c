#include "controller/balance_plan.h"

#include <map>

#include "unit/controller/cluster_fixture.h"

namespace milena::controller {
namespace {

class BalancePlans : public ClusterFixture {
  public:
    // Plans and carries out until there is nothing more to do; moves arrive at once. Of no weights anything is known.
    int balance(const BalanceLimits& limits = {}) {
        int rounds = 0;
        for (; rounds < 200; ++rounds) {
            const auto moves = plan_balance(*image, {}, limits);
            if (moves.empty()) break;
            for (const ReplicaMove& move : moves) EXPECT_FALSE(move.reason.empty());
            EXPECT_EQ(done(MoveReplicas{moves})->count, moves.size());
            for (const ReplicaMove& move : moves) arrive(move.topic_id, move.partition);
        }
        return rounds;
    }
    // Of topic "a": how many replicas, and how many leaderships, each broker has.
    std::pair<std::map<int32_t, int>, std::map<int32_t, int>> counts() {
        std::pair<std::map<int32_t, int>, std::map<int32_t, int>> result;
        for (const auto& p : image->topic("a")->partitions) {
            for (const NodeId node : p->replicas) ++result.first[node.value];
            ++result.second[p->leader.value];
        }
        return result;
    }
};

TEST_F(BalancePlans, even_cluster_is_left_alone) {
    start_all(3);
    create("a", 30, 3);
    EXPECT_TRUE(plan_balance(*image, {}, {}).empty());
}

TEST_F(BalancePlans, new_brokers_get_their_share_of_replicas_and_leaderships) {
    start_all(3);
    create("a", 50, 3);
    start(4);
    start(5);
    EXPECT_GT(balance({.moving_max = 10}), 2);
    const auto [replicas, leaders] = counts();
    for (int32_t id = 1; id <= 5; ++id) {
        EXPECT_NEAR(replicas.at(id), 30, 1) << id;
        EXPECT_NEAR(leaders.at(id), 10, 1) << id;
    }
}

TEST_F(BalancePlans, replicas_come_to_be_in_as_many_racks_as_there_are) {
    start(1, "a");
    start(2, "a");
    create("a", 10, 2);
    start(3, "b");
    start(4, "b");
    balance();
    for (const auto& p : image->topic("a")->partitions) {
        EXPECT_NE(broker(p->replicas[0].value).rack, broker(p->replicas[1].value).rack);
    }
    for (const auto& [id, count] : counts().first) EXPECT_NEAR(count, 5, 1) << id;
}

TEST_F(BalancePlans, leaderships_move_without_copying_anything) {
    start_all(2);
    for (int i = 0; i < 6; ++i) add_partition({1, 2}, {1, 2}, 1);
    const auto moves = plan_balance(*image, {}, {.moving_max = 0});
    ASSERT_EQ(moves.size(), 3U);
    EXPECT_EQ(moves[0].to, nodes({2, 1}));
    EXPECT_EQ(moves[0].reason, "broker 1 is preferred by 6 partitions, broker 2 by 0");
    EXPECT_EQ(done(MoveReplicas{moves})->count, 3U);
    EXPECT_EQ(partition(0).leader, NodeId(2));
    EXPECT_EQ(partition(5).leader, NodeId(1));
}

TEST_F(BalancePlans, no_more_is_moved_at_once_than_is_allowed) {
    start_all(3);
    create("a", 60, 3);
    start(4);
    const auto moves = plan_balance(*image, {}, {.moving_max = 7, .leaderships_max = 0});
    EXPECT_EQ(moves.size(), 7U);
    EXPECT_EQ(done(MoveReplicas{moves})->count, 7U);
    EXPECT_TRUE(plan_balance(*image, {}, {.moving_max = 7, .leaderships_max = 0}).empty());
}

TEST_F(BalancePlans, brokers_that_are_fenced_or_cordoned_get_nothing) {
    start_all(2);
    create("a", 20, 2);
    start(3);
    fence(3);
    EXPECT_TRUE(plan_balance(*image, {}, {}).empty());
    beat(heartbeat(3));
    EXPECT_FALSE(plan_balance(*image, {}, {}).empty());
    EXPECT_TRUE(done(CordonDirectories{NodeId(3), {directory(3)}}).has_value());
    EXPECT_TRUE(plan_balance(*image, {}, {}).empty());
}

}  // namespace
}  // namespace milena::controller
