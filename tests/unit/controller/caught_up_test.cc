#include "controller/caught_up.h"

#include "unit/controller/cluster_fixture.h"

namespace milena::controller {
namespace {

class CaughtUpTest : public ClusterFixture {
  public:
    CaughtUpTest() { start_all(3); }

    LedPartition led(int32_t index, uint64_t log_bytes, int32_t id, uint64_t behind) {
        return {.topic_id = metadata::orders_id,
                .partition = PartitionIndex(index),
                .log_bytes = log_bytes,
                .copies = {{NodeId(id), behind}}};
    }
    CaughtUp answer(int32_t id, const std::vector<LedPartition>& said = {}) {
        return caught_up(*image, NodeId(id), said);
    }
};

TEST_F(CaughtUpTest, broker_in_sync_everywhere_has_caught_up) {
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    add_partition({1, 2}, {1, 2}, 2);
    const CaughtUp given = answer(2);
    EXPECT_TRUE(given.is_complete());
    EXPECT_EQ(given.percent(), 100);
    EXPECT_EQ(given.replicas, 2U);
    EXPECT_TRUE(answer(3).is_complete());
}

TEST_F(CaughtUpTest, broker_without_a_replica_has_caught_up) { EXPECT_EQ(answer(3).percent(), 100); }

TEST_F(CaughtUpTest, fenced_one_has_not_whatever_it_has) {
    add_partition({1, 2}, {1, 2}, 1);
    fence(3);
    EXPECT_FALSE(answer(3).is_complete());
    EXPECT_LT(answer(3).percent(), 100);
    EXPECT_EQ(answer(3).state, BrokerState::fenced);
}

TEST_F(CaughtUpTest, bytes_that_leaders_miss_there_are_what_it_is_behind) {
    add_partition({1, 2}, {1}, 1);
    add_partition({1, 2}, {1, 2}, 1);
    const CaughtUp given = answer(2, {led(0, 800, 2, 300), led(1, 200, 2, 50)});
    EXPECT_EQ(given.bytes_behind, 300U) << "who is in sync isn't behind";
    EXPECT_DOUBLE_EQ(given.percent(), 70);
    EXPECT_EQ(given.behind, (std::vector<PartitionBehind>{{"orders", PartitionIndex(0), 300, "is not in sync yet"}}));
}

TEST_F(CaughtUpTest, follower_that_its_leader_does_not_know_yet_lacks_everything) {
    add_partition({1, 2}, {1}, 1);
    EXPECT_EQ(answer(2, {led(0, 800, 3, 0)}).bytes_behind, 800U);
}

TEST_F(CaughtUpTest, out_of_sync_is_never_a_hundred_percent) {
    add_partition({1, 2}, {1}, 1);
    EXPECT_LT(answer(2, {led(0, 800, 2, 0)}).percent(), 100);
}

TEST_F(CaughtUpTest, partitions_without_an_answer_say_why) {
    add_partition({1, 2}, {1}, 1);
    add_partition({1, 2}, {1}, -1);
    const CaughtUp given = answer(2);
    EXPECT_EQ(given.behind[0].reason, "its leader, broker 1, doesn't answer");
    EXPECT_EQ(given.behind[1].reason, "has no leader");
    EXPECT_EQ(given.percent(), 0);
}

}  // namespace
}  // namespace milena::controller
