#include "controller/drain_plan.h"

#include <set>

#include "controller/partition_change.h"
#include "unit/controller/weighed_fixture.h"

namespace milena::controller {
namespace {

class Drain : public WeighedFixture {
  public:
    DrainPlan plan(std::set<NodeId> leaving, size_t moving_max = 100) {
        return plan_drain(*image, leaving, moving_max);
    }
    // Carries the plan out, and lets everything that moves arrive.
    void carry_out(const DrainPlan& planned) {
        EXPECT_EQ(done(MoveReplicas{planned.leaderships})->count, planned.leaderships.size());
        EXPECT_EQ(done(MoveReplicas{planned.moves})->count, planned.moves.size());
        const auto begun = image;
        for (const auto& topic : begun->topics->by_id) {
            for (size_t i = 0; i < topic->partitions.size(); ++i)
                arrive(topic->id, PartitionIndex(static_cast<int32_t>(i)));
        }
    }
};

TEST_F(Drain, replicas_go_to_other_racks_and_to_who_has_few) {
    start(1, "a");
    start(2, "b");
    start(3, "a");
    start(4, "b");
    add_partition({1, 2}, {1, 2}, 1);
    add_partition({3, 2}, {3, 2}, 3);
    const DrainPlan planned = plan({NodeId(2)});
    EXPECT_EQ(planned.replicas_left, 2U);
    ASSERT_EQ(planned.moves.size(), 2U);
    EXPECT_EQ(planned.moves[0].to, nodes({1, 4}));
    EXPECT_EQ(planned.moves[1].to, nodes({3, 4}));
    EXPECT_EQ(planned.moves[0].reason, "broker 2 is drained");
}

TEST_F(Drain, nothing_goes_to_where_it_would_fill_the_disk) {
    start_all(3);
    for (int32_t i = 0; i < 3; ++i) add_weighed({2}, 10 * gigabyte);
    disks[1] = 30 * gigabyte;
    disks[3] = 10 * gigabyte;
    tell();
    const DrainPlan planned = plan_drain(*image, {NodeId(2)}, 10, {.weights = &weights});
    ASSERT_EQ(planned.moves.size(), 2U);
    for (const ReplicaMove& move : planned.moves) EXPECT_EQ(move.to, nodes({1}));
    ASSERT_EQ(planned.stuck.size(), 1U);
    EXPECT_EQ(planned.stuck[0].reason, "no other broker has room for its 10.0 GB: their disks would be too full");
}

TEST_F(Drain, leader_that_leaves_is_followed_by_one_that_is_in_sync) {
    start_all(4);
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    const DrainPlan first = plan({NodeId(1)});
    EXPECT_TRUE(first.moves.empty()) << "what it leads goes first, and is not copied for that";
    ASSERT_EQ(first.leaderships.size(), 1U);
    EXPECT_TRUE(first.leaderships[0].is_of_leadership());
    EXPECT_EQ(first.leaderships[0].to, nodes({2, 3, 1}));
    carry_out(first);
    EXPECT_EQ(partition().leader, NodeId(2));
    const DrainPlan then = plan({NodeId(1)});
    EXPECT_TRUE(then.leaderships.empty());
    ASSERT_EQ(then.moves.size(), 1U);
    EXPECT_EQ(then.moves[0].to, nodes({2, 3, 4}));
}

TEST_F(Drain, leadership_that_nobody_else_can_have_goes_with_its_replica) {
    start_all(3);
    add_partition({1}, {1}, 1);
    const DrainPlan planned = plan({NodeId(1)});
    EXPECT_TRUE(planned.leaderships.empty());
    ASSERT_EQ(planned.moves.size(), 1U);
}

TEST_F(Drain, move_to_a_broker_that_is_gone_goes_elsewhere) {
    start_all(4);
    add_partition({1, 2}, {1, 2}, 1);
    EXPECT_TRUE(done(PlaceOnBroker{NodeId(2), BrokerPlacement::draining}).has_value());
    EXPECT_EQ(done(MoveReplicas{plan({NodeId(2)}).moves})->count, 1U);
    ASSERT_EQ(partition().adding_replicas, nodes({3}));
    fence(3);
    const auto moves = plan_other_targets(*image, {NodeId(3)});
    ASSERT_EQ(moves.size(), 1U);
    EXPECT_EQ(moves[0].reason, "broker 3, where it was to go, is gone");
    EXPECT_EQ(done(MoveReplicas{moves})->count, 1U);
    EXPECT_EQ(partition().adding_replicas.size(), 1U);
    EXPECT_NE(partition().adding_replicas.front(), NodeId(3));
    EXPECT_TRUE(plan_other_targets(*image, {NodeId(3)}).empty());
    start(3);
    arrive(metadata::orders_id, PartitionIndex(0));
    EXPECT_FALSE(is_moving(partition()));
    EXPECT_FALSE(contains(partition().replicas, NodeId(3)));
}

TEST_F(Drain, move_to_a_broker_that_is_gone_goes_back_where_there_is_no_other) {
    start_all(3);
    add_partition({1, 2}, {1, 2}, 1);
    EXPECT_EQ(done(MoveReplicas{plan({NodeId(2)}).moves})->count, 1U);
    fence(3);
    EXPECT_EQ(done(MoveReplicas{plan_other_targets(*image, {NodeId(3)})})->count, 1U);
    EXPECT_FALSE(is_moving(partition()));
    EXPECT_EQ(partition().replicas, nodes({1, 2}));
}

TEST_F(Drain, move_to_a_broker_that_has_arrived_or_is_back_is_left_alone) {
    start_all(4);
    add_partition({1, 2}, {1, 2}, 1);
    EXPECT_EQ(done(MoveReplicas{plan({NodeId(2)}).moves})->count, 1U);
    EXPECT_TRUE(plan_other_targets(*image, {}).empty());
    EXPECT_TRUE(plan_other_targets(*image, {NodeId(4)}).empty()) << "it isn't the target";
}

TEST_F(Drain, two_of_five_are_emptied_step_by_step_and_nothing_falls_below_its_factor) {
    start_all(5);
    create("a", 30, 3);
    const std::set<NodeId> leaving{NodeId(4), NodeId(5)};
    int steps = 0;
    for (; !plan(leaving).is_drained() && steps < 50; ++steps) {
        const DrainPlan planned = plan(leaving, 5);
        EXPECT_LE(planned.moves.size(), 5U);
        EXPECT_TRUE(planned.stuck.empty());
        carry_out(planned);
    }
    EXPECT_GE(steps, 5);
    for (const auto& p : image->topic("a")->partitions) {
        EXPECT_EQ(p->replicas.size(), 3U);
        EXPECT_EQ(p->isr.size(), 3U);
        EXPECT_FALSE(contains(p->replicas, NodeId(4)) || contains(p->replicas, NodeId(5)));
    }
}

TEST_F(Drain, replicas_without_another_place_are_stuck_and_say_why) {
    start_all(3);
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    const DrainPlan planned = plan({NodeId(3)});
    EXPECT_TRUE(planned.moves.empty());
    ASSERT_EQ(planned.stuck.size(), 1U);
    EXPECT_EQ(planned.stuck[0].broker, NodeId(3));
    EXPECT_EQ(planned.stuck[0].reason, "no other broker can take it: 3 replicas need as many brokers");
    EXPECT_FALSE(planned.is_drained());
}

TEST_F(Drain, what_is_under_way_is_waited_for) {
    start_all(4);
    add_partition({1, 2}, {1, 2}, 1);
    const DrainPlan planned = plan({NodeId(2)});
    EXPECT_EQ(done(MoveReplicas{planned.moves})->count, 1U);
    const DrainPlan next = plan({NodeId(2)});
    EXPECT_TRUE(next.moves.empty());
    EXPECT_TRUE(next.under_way == 1 && next.replicas_left == 1);
    EXPECT_EQ(done(MoveReplicas{planned.moves})->count, 0U) << "it has changed since";
}

}  // namespace
}  // namespace milena::controller
