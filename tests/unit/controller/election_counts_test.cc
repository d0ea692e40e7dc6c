#include "controller/election_counts.h"

#include "unit/controller/cluster_fixture.h"

namespace milena::controller {
namespace {

class Elections : public ClusterFixture {
  public:
    Elections() {
        start_all(3);
        add_partition({1, 2, 3}, {2, 3}, 2);
    }
    ElectionCounts counted(wire::PartitionChangeRecord change) {
        change.topic_id = metadata::orders_id;
        change.partition_id = 0;
        ElectionCounts counts;
        counts.count(*image, change);
        return counts;
    }
    static wire::PartitionChangeRecord led_by(int32_t leader, std::vector<int32_t> isr = {}) {
        wire::PartitionChangeRecord change;
        change.leader = leader;
        if (!isr.empty()) change.isr.emplace(std::move(isr));
        return change;
    }
};

TEST_F(Elections, one_that_is_in_sync_takes_over_from_one_that_has_gone) {
    EXPECT_EQ(counted(led_by(3, {3})).clean, 1U);
    EXPECT_EQ(counted(led_by(3)).clean, 1U) << "by whom it is led is chosen, but not because it is the first";
}

TEST_F(Elections, leadership_goes_back_to_the_first_replica) {
    wire::PartitionChangeRecord back = led_by(-2, {1, 2, 3});
    back.topic_id = metadata::orders_id;
    back.partition_id = 0;
    apply({back});
    EXPECT_EQ(counted(led_by(1)).preferred, 1U);
    EXPECT_EQ(counted(led_by(1, {1, 3})).clean, 1U) << "it has to";
}

TEST_F(Elections, nobody_was_in_sync) { EXPECT_EQ(counted(led_by(1, {1})).unclean, 1U); }

TEST_F(Elections, who_is_eligible_has_everything) {
    add_partition({1, 2, 3}, {2}, -1, {3});
    wire::PartitionChangeRecord change = led_by(3, {3});
    change.topic_id = metadata::orders_id;
    change.partition_id = 1;
    ElectionCounts counts;
    counts.count(*image, change);
    EXPECT_EQ(counts.clean, 1U);
}

TEST_F(Elections, what_elects_nobody_else_is_none) {
    for (const auto& change : {led_by(-2, {2}), led_by(-1), led_by(2)}) {
        const ElectionCounts counts = counted(change);
        EXPECT_EQ(counts.clean + counts.preferred + counts.unclean, 0U);
    }
}

}  // namespace
}  // namespace milena::controller
