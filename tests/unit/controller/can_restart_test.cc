#include "controller/can_restart.h"

#include "unit/controller/cluster_fixture.h"

namespace milena::controller {
namespace {

class CanRestart : public ClusterFixture {
  public:
    CanRestart() { start_all(4); }

    RestartAnswer answer(int32_t id) { return can_restart(*image, settings, NodeId(id)); }
    static PartitionAtRisk at_risk(int32_t index, RestartRisk risk) {
        return {.topic = "orders", .partition = PartitionIndex(index), .risk = risk};
    }
};

using AtRisk = std::vector<PartitionAtRisk>;

TEST_F(CanRestart, broker_whose_partitions_have_enough_others_in_sync_may_go) {
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    EXPECT_TRUE(answer(1).can_restart());
    EXPECT_TRUE(answer(4).can_restart());
    EXPECT_TRUE(answer(9).can_restart());
}

TEST_F(CanRestart, partition_that_would_fall_below_its_minimum_blocks) {
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    add_partition({1, 2, 3}, {1, 2}, 1);
    EXPECT_EQ(answer(2).blocking, AtRisk{at_risk(1, RestartRisk::falls_below_min_isr)});
    EXPECT_TRUE(answer(3).can_restart()) << "it isn't in sync";
}

TEST_F(CanRestart, partition_that_would_go_offline_blocks) {
    add_partition({1, 2}, {1}, 1);
    EXPECT_EQ(answer(1).blocking, AtRisk{at_risk(0, RestartRisk::goes_offline)});
}

TEST_F(CanRestart, partitions_that_waiting_does_not_help_are_told_but_do_not_block) {
    add_partition({1, 2}, {1, 2}, 1);
    add_partition({1}, {1}, 1);
    const RestartAnswer given = answer(1);
    EXPECT_TRUE(given.can_restart());
    EXPECT_EQ(given.unavoidable,
              (AtRisk{at_risk(1, RestartRisk::goes_offline), at_risk(0, RestartRisk::falls_below_min_isr)}));
    EXPECT_EQ(given.only_copies(), 1U);
}

TEST_F(CanRestart, brokers_that_are_fenced_or_leaving_do_not_count) {
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    wire::BrokerRegistrationChangeRecord leaving;
    leaving.broker_id = 3;
    leaving.broker_epoch = 3;
    leaving.in_controlled_shutdown = static_cast<int8_t>(1);
    apply({leaving});
    EXPECT_EQ(answer(1).blocking.size(), 1U);
    EXPECT_EQ(restart_risk_name(answer(1).blocking.front().risk), "would fall below min.insync.replicas");
}

TEST_F(CanRestart, setting_of_the_topic_counts) {
    add_partition({1, 2, 3}, {1, 2}, 1);
    apply({metadata::config(2, "orders", "min.insync.replicas", "1")});
    EXPECT_TRUE(answer(1).can_restart());
}

}  // namespace
}  // namespace milena::controller
