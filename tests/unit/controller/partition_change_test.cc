#include "controller/partition_change.h"

#include "unit/controller/cluster_fixture.h"

namespace milena::controller {
namespace {

using metadata::LeaderRecoveryState;
using metadata::PartitionImage;

// Partition 0 of "orders", changed directly.
class PartitionChange : public ClusterFixture {
  public:
    LeadershipRules rules{.has_elr = true, .min_isr = 2, .allows_unclean = false};

    bool change(PartitionTarget target) {
        auto record = change_partition(*image, rules, partition(), std::move(target));
        if (!record) return false;
        record->topic_id = metadata::orders_id;
        record->partition_id = 0;
        apply({*record});
        return true;
    }
    PartitionTarget same() { return PartitionTarget::same_as(partition()); }
    void stop(int32_t id) {
        wire::BrokerRegistrationChangeRecord record;
        record.broker_id = id;
        record.broker_epoch = id;
        record.fenced = static_cast<int8_t>(1);
        apply({record});
    }
};

TEST_F(PartitionChange, nothing_to_change_is_no_record) {
    start_all(3);
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    EXPECT_FALSE(change(same()));
}

TEST_F(PartitionChange, member_that_leaves_a_large_enough_isr_is_not_eligible) {
    start_all(3);
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    EXPECT_TRUE(change(PartitionTarget::without(partition(), NodeId(3))));
    EXPECT_EQ(partition().isr, nodes({1, 2}));
    EXPECT_TRUE(partition().elr.empty());
    EXPECT_EQ(partition().leader_epoch, LeaderEpoch(0));
}

TEST_F(PartitionChange, member_that_leaves_the_isr_too_small_is_eligible) {
    start_all(3);
    add_partition({1, 2, 3}, {1, 2}, 1);
    EXPECT_TRUE(change(PartitionTarget::without(partition(), NodeId(2))));
    EXPECT_EQ(partition().isr, nodes({1}));
    EXPECT_EQ(partition().elr, nodes({2}));
    PartitionTarget grown = same();
    grown.isr = nodes({1, 3});
    EXPECT_TRUE(change(grown));
    EXPECT_TRUE(partition().elr.empty()) << "records are committed without it again";
}

TEST_F(PartitionChange, eligible_replica_leads_when_nobody_is_in_sync) {
    start_all(3);
    add_partition({1, 2, 3}, {1}, 1, {2});
    stop(1);
    EXPECT_TRUE(change(PartitionTarget::without(partition(), NodeId(1))));
    EXPECT_EQ(partition().leader, NodeId(2));
    EXPECT_EQ(partition().isr, nodes({2}));
    EXPECT_EQ(partition().elr, nodes({1}));
    EXPECT_EQ(partition().leader_recovery_state, LeaderRecoveryState::recovered);
}

TEST_F(PartitionChange, last_leader_is_remembered_and_waited_for) {
    start_all(3);
    add_partition({1, 2, 3}, {1}, 1);
    stop(1);
    PartitionTarget target = PartitionTarget::without(partition(), NodeId(1));
    target.unclean = nodes({1});
    EXPECT_TRUE(change(target));
    EXPECT_EQ(partition().leader, no_node);
    EXPECT_TRUE(partition().isr.empty());
    EXPECT_TRUE(partition().elr.empty());
    EXPECT_EQ(partition().last_known_elr, nodes({1}));
    EXPECT_FALSE(change(same()));
    start(1);
    EXPECT_TRUE(change(same()));
    EXPECT_EQ(partition().leader, NodeId(1));
    EXPECT_EQ(partition().isr, nodes({1}));
    EXPECT_TRUE(partition().last_known_elr.empty());
}

TEST_F(PartitionChange, without_elr_the_last_one_in_sync_stays_it) {
    rules.has_elr = false;
    start_all(2);
    add_partition({1, 2}, {1}, 1);
    stop(1);
    EXPECT_TRUE(change(PartitionTarget::without(partition(), NodeId(1))));
    EXPECT_EQ(partition().leader, no_node);
    EXPECT_EQ(partition().isr, nodes({1}));
    EXPECT_TRUE(partition().elr.empty());
}

TEST_F(PartitionChange, unclean_election_happens_only_where_it_is_allowed_and_ends_all_claims) {
    start_all(3);
    add_partition({1, 2, 3}, {}, -1, {1});
    stop(1);
    EXPECT_FALSE(change(same()));
    rules.allows_unclean = true;
    EXPECT_TRUE(change(same()));
    EXPECT_EQ(partition().leader, NodeId(2));
    EXPECT_EQ(partition().isr, nodes({2}));
    EXPECT_TRUE(partition().elr.empty());
    EXPECT_EQ(partition().leader_recovery_state, LeaderRecoveryState::recovering);
    PartitionTarget recovered = same();
    recovered.is_recovered = true;
    EXPECT_TRUE(change(recovered));
    EXPECT_EQ(partition().leader_recovery_state, LeaderRecoveryState::recovered);
}

TEST_F(PartitionChange, who_is_eligible_goes_before_an_unclean_election) {
    start_all(3);
    add_partition({1, 2, 3}, {}, -1, {3});
    rules.allows_unclean = true;
    EXPECT_TRUE(change(same()));
    EXPECT_EQ(partition().leader, NodeId(3));
    EXPECT_EQ(partition().leader_recovery_state, LeaderRecoveryState::recovered);
}

TEST_F(PartitionChange, replica_in_a_directory_that_does_not_work_does_not_lead) {
    start_all(2);
    add_partition({1, 2}, {1, 2}, 1);
    wire::PartitionChangeRecord moved{.partition_id = 0, .topic_id = metadata::orders_id};
    moved.directories.emplace(std::vector{Uuid{9, 999}, directory(2)});
    apply({moved});
    EXPECT_TRUE(change(same()));
    EXPECT_EQ(partition().leader, NodeId(2));
}

TEST_F(PartitionChange, reassignment_is_over_when_all_that_stay_are_in_sync) {
    start_all(4);
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    PartitionTarget target = same();
    target.replicas = nodes({2, 3, 4, 1});
    target.adding_replicas = nodes({4});
    target.removing_replicas = nodes({1});
    EXPECT_TRUE(change(target));
    EXPECT_EQ(partition().leader, NodeId(1));
    EXPECT_EQ(partition().directories.back(), directory(1));
    target = same();
    target.isr = nodes({1, 2, 3, 4});
    EXPECT_TRUE(change(target));
    EXPECT_EQ(partition().replicas, nodes({2, 3, 4}));
    EXPECT_EQ(partition().isr, nodes({2, 3, 4}));
    EXPECT_EQ(partition().leader, NodeId(2));
    EXPECT_EQ(partition().directories, (std::vector{directory(2), directory(3), directory(4)}));
    EXPECT_TRUE(partition().adding_replicas.empty() && partition().removing_replicas.empty());
}

}  // namespace
}  // namespace milena::controller
