#include "controller/cluster_health.h"

#include "controller/can_restart.h"
#include "unit/controller/cluster_fixture.h"

namespace milena::controller {
namespace {

class Health : public ClusterFixture {
  public:
    Health() { start_all(4); }

    ClusterHealth now() { return cluster_health(*image, RulesOfTopics(*image, settings)); }
};

TEST_F(Health, partitions_without_a_leader_are_offline) {
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    EXPECT_EQ(now().offline_partitions, 0U);
    add_partition({1, 2, 3}, {1}, -1);
    add_partition({2, 3}, {2, 3}, -1);
    EXPECT_EQ(now().offline_partitions, 2U);
}

TEST_F(Health, of_every_broker_it_counts_what_blocks_its_restart) {
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    add_partition({1, 2, 3}, {1, 2}, 1);
    add_partition({1, 2, 3}, {1, 3}, 3);
    add_partition({4}, {4}, 4);  // whenever it restarts
    const std::map<NodeId, size_t> expected{{NodeId(1), 2}, {NodeId(2), 1}, {NodeId(3), 1}, {NodeId(4), 0}};
    EXPECT_EQ(now().restart_blockers, expected);
    for (const auto& [broker, count] : expected)
        EXPECT_EQ(can_restart(*image, settings, broker).blocking.size(), count) << broker.value;
}

}  // namespace
}  // namespace milena::controller
