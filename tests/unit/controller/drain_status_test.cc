#include "controller/drain_status.h"

#include "unit/controller/cluster_fixture.h"

namespace milena::controller {
namespace {

using std::chrono::seconds;

class DrainStatusTest : public ClusterFixture {
  public:
    LedPartition led(int32_t index, uint64_t log_bytes, std::vector<LedPartition::Copy> copies = {}) {
        return {.topic_id = metadata::orders_id,
                .partition = PartitionIndex(index),
                .log_bytes = log_bytes,
                .copies = std::move(copies)};
    }
};

TEST_F(DrainStatusTest, counts_what_is_left_and_what_is_to_be_copied) {
    start_all(4);
    add_partition({1, 2}, {1, 2}, 1);
    add_partition({1, 2}, {1, 2}, 1);
    add_partition({1, 3}, {1, 3}, 1);
    MoveReplicas moves{plan_drain(*image, {NodeId(2)}, 1).moves};
    ASSERT_EQ(moves.moves.size(), 1U);
    const NodeId to = moves.moves[0].to.back();
    EXPECT_EQ(done(moves)->count, 1U);
    const auto status = drain_status(*image, NodeId(2), std::vector{led(0, 1000, {{to, 300}}), led(1, 50), led(2, 7)});
    EXPECT_EQ(status.replicas_left, 2U);
    EXPECT_EQ(status.moving, 1U);
    EXPECT_EQ(status.bytes_left, 350U);
    EXPECT_TRUE(status.stuck.empty());
}

TEST_F(DrainStatusTest, what_has_no_other_place_is_stuck) {
    start_all(2);
    add_partition({1, 2}, {1, 2}, 1);
    EXPECT_EQ(drain_status(*image, NodeId(2), {}).stuck.size(), 1U);
}

TEST(DrainPaceTest, time_left_follows_from_what_became_less) {
    DrainPace pace;
    const Instant begin{seconds(100)};
    EXPECT_EQ(pace.seen(1000, begin), std::nullopt) << "one look says nothing";
    EXPECT_EQ(pace.seen(1000, begin + seconds(5)), std::nullopt) << "nothing has moved";
    EXPECT_EQ(pace.seen(800, begin + seconds(10)), seconds(40));
    EXPECT_EQ(pace.seen(0, begin + seconds(20)), seconds(0));
}

}  // namespace
}  // namespace milena::controller
