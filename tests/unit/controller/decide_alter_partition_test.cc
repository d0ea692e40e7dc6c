#include "unit/controller/cluster_fixture.h"

namespace milena::controller {
namespace {

// Broker 1 leads partition 0 with 2 in sync; 3 has caught up.
class AlterPartitions : public ClusterFixture {
  public:
    AlterPartitions() {
        start_all(3);
        add_partition({1, 2, 3}, {1, 2}, 1);
    }
    replica::IsrChange change(std::vector<int32_t> isr, int32_t index = 0) {
        return {.key = {metadata::orders_id, PartitionIndex(index)},
                .leader_epoch = partition(index).leader_epoch,
                .partition_epoch = partition(index).partition_epoch,
                .isr = nodes(isr)};
    }
    AlterPartition request(std::vector<replica::IsrChange> changes, int32_t leader = 1) {
        return {.broker = NodeId(leader), .broker_epoch = broker(leader).epoch, .changes = std::move(changes)};
    }
    ErrorCode altered(const replica::IsrChange& asked, int32_t leader = 1) {
        const auto answer = done(request({asked}, leader));
        EXPECT_TRUE(answer.has_value() && answer->outcomes.size() == 1);
        return answer->outcomes.front();
    }
};

TEST_F(AlterPartitions, isr_grows_and_the_partition_epoch_with_it) {
    EXPECT_EQ(altered(change({1, 2, 3})), ErrorCode::none);
    EXPECT_EQ(partition().isr, nodes({1, 2, 3}));
    EXPECT_EQ(partition().partition_epoch, 1);
    EXPECT_EQ(partition().leader_epoch, LeaderEpoch(0));
}

TEST_F(AlterPartitions, member_that_leaves_the_isr_below_its_minimum_is_eligible) {
    EXPECT_EQ(altered(change({1})), ErrorCode::none);
    EXPECT_EQ(partition().isr, nodes({1}));
    EXPECT_EQ(partition().elr, nodes({2}));
}

TEST_F(AlterPartitions, what_is_so_already_is_accepted_without_a_record) {
    EXPECT_EQ(altered(change({1, 2})), ErrorCode::none);
    EXPECT_EQ(partition().partition_epoch, 0);
}

TEST_F(AlterPartitions, change_that_has_not_seen_the_last_one_is_refused) {
    const replica::IsrChange late = change({1});
    EXPECT_EQ(altered(change({1, 2, 3})), ErrorCode::none);
    EXPECT_EQ(altered(late), ErrorCode::invalid_update_version);
    replica::IsrChange twice = change({1});
    const auto answer = done(request({twice, twice}));
    EXPECT_EQ(answer->outcomes, (std::vector{ErrorCode::none, ErrorCode::invalid_update_version}));
}

TEST_F(AlterPartitions, former_leader_is_fenced) {
    const replica::IsrChange of_former_leader = change({1});
    fence(1);
    beat(heartbeat(1));
    EXPECT_EQ(partition().leader, NodeId(2));
    EXPECT_EQ(altered(of_former_leader), ErrorCode::fenced_leader_epoch);
    EXPECT_EQ(altered(change({2, 1}), 1), ErrorCode::invalid_request) << "only the leader may ask";
    EXPECT_EQ(altered(change({2, 1}), 2), ErrorCode::none);
}

TEST_F(AlterPartitions, state_that_is_not_known_here_yet_makes_the_asker_look_for_the_controller) {
    replica::IsrChange newer = change({1});
    newer.partition_epoch += 1;
    EXPECT_EQ(altered(newer), ErrorCode::not_controller);
    newer = change({1});
    newer.leader_epoch = LeaderEpoch(5);
    EXPECT_EQ(altered(newer), ErrorCode::not_controller);
}

TEST_F(AlterPartitions, former_registration_of_the_leader_is_stale) {
    AlterPartition asked = request({change({1})});
    asked.broker_epoch = 77;
    EXPECT_EQ(decided(asked).response.error(), ErrorCode::stale_broker_epoch);
    asked.broker = NodeId(9);
    EXPECT_EQ(decided(asked).response.error(), ErrorCode::stale_broker_epoch);
}

TEST_F(AlterPartitions, what_is_no_isr_is_refused) {
    EXPECT_EQ(altered(change({})), ErrorCode::invalid_request);
    EXPECT_EQ(altered(change({2, 3})), ErrorCode::invalid_request) << "without the leader";
    EXPECT_EQ(altered(change({1, 1})), ErrorCode::invalid_request);
    EXPECT_EQ(altered(change({1, 9})), ErrorCode::invalid_request) << "no replica";
}

TEST_F(AlterPartitions, unknown_partitions_are_named_so) {
    replica::IsrChange unknown = change({1});
    unknown.key.partition = PartitionIndex(7);
    EXPECT_EQ(altered(unknown), ErrorCode::unknown_topic_or_partition);
    unknown.key.partition = PartitionIndex(-1);
    EXPECT_EQ(altered(unknown), ErrorCode::unknown_topic_or_partition);
    unknown.key.topic_id = Uuid{9, 9};
    EXPECT_EQ(altered(unknown), ErrorCode::unknown_topic_id);
}

TEST_F(AlterPartitions, fenced_and_leaving_brokers_are_not_eligible) {
    fence(3);
    EXPECT_EQ(altered(change({1, 2, 3})), ErrorCode::ineligible_replica);
    beat(heartbeat(3));
    wire::BrokerRegistrationChangeRecord leaving;
    leaving.broker_id = 3;
    leaving.broker_epoch = 3;
    leaving.in_controlled_shutdown = static_cast<int8_t>(1);
    apply({leaving});
    EXPECT_EQ(altered(change({1, 2, 3})), ErrorCode::ineligible_replica);
    EXPECT_EQ(partition().isr, nodes({1, 2}));
}

TEST_F(AlterPartitions, follower_that_has_restarted_since_the_leader_saw_it_is_not_eligible) {
    AlterPartition asked = request({change({1, 2, 3})});
    asked.changes[0].broker_epochs = {-1, 2, 2};
    EXPECT_EQ(decided(asked).response->outcomes, std::vector{ErrorCode::ineligible_replica});
    asked.changes[0].broker_epochs = {-1, 2, 3};
    EXPECT_EQ(decided(asked).response->outcomes, std::vector{ErrorCode::none});
}

TEST_F(AlterPartitions, newer_registration_that_one_leader_has_heard_from_says_nothing_for_another_partition) {
    add_partition({1, 2, 3}, {1, 2}, 1);
    AlterPartition asked = request({change({1, 2, 3}), change({1, 2, 3})});
    asked.changes[1].key.partition = PartitionIndex(1);
    asked.changes[0].broker_epochs = {-1, 2, 3};
    asked.changes[1].broker_epochs = {-1, 2, 2};
    EXPECT_EQ(decided(asked).response->outcomes, (std::vector{ErrorCode::none, ErrorCode::ineligible_replica}));
    std::swap(asked.changes[0].broker_epochs, asked.changes[1].broker_epochs);
    EXPECT_EQ(decided(asked).response->outcomes, (std::vector{ErrorCode::ineligible_replica, ErrorCode::none}));
}

TEST_F(AlterPartitions, log_in_a_directory_that_is_not_known_is_not_eligible) {
    wire::PartitionChangeRecord moved{.partition_id = 0, .topic_id = metadata::orders_id};
    moved.directories.emplace(std::vector{directory(1), directory(2), Uuid{9, 999}});
    apply({moved});
    EXPECT_EQ(altered(change({1, 2, 3})), ErrorCode::ineligible_replica);
    EXPECT_TRUE(
        done(AssignDirectories{NodeId(3), -1, {{metadata::orders_id, PartitionIndex(0), directory(3)}}}).has_value());
    EXPECT_EQ(altered(change({1, 2, 3})), ErrorCode::none);
}

TEST_F(AlterPartitions, reassignment_that_takes_the_leader_away_is_completed_and_said) {
    start(4);
    add_partition({2, 3, 4, 1}, {1, 2, 3}, 1);
    wire::PartitionChangeRecord moving{.partition_id = 1, .topic_id = metadata::orders_id};
    moving.adding_replicas.emplace(1, 4);
    moving.removing_replicas.emplace(1, 1);
    apply({moving});
    EXPECT_EQ(altered(change({1, 2, 3, 4}, 1)), ErrorCode::new_leader_elected);
    EXPECT_EQ(partition(1).replicas, nodes({2, 3, 4}));
    EXPECT_EQ(partition(1).leader, NodeId(2));
}

TEST_F(AlterPartitions, one_refusal_does_not_hinder_the_others) {
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    const auto answer = done(request({change({9}), change({1, 2}, 1)}));
    EXPECT_EQ(answer->outcomes, (std::vector{ErrorCode::invalid_request, ErrorCode::none}));
    EXPECT_EQ(partition(1).isr, nodes({1, 2}));
}

}  // namespace
}  // namespace milena::controller
