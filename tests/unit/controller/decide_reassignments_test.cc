#include "unit/controller/decide_fixture.h"

namespace milena::controller {
namespace {

using metadata::PartitionImage;
using Reassignment = wire::AlterPartitionReassignmentsRequest;

std::vector<NodeId> nodes(const std::vector<int32_t>& ids) {
    std::vector<NodeId> result;
    for (const int32_t id : ids) result.emplace_back(id);
    return result;
}

// Brokers 1 and 2 live, 3 is fenced; one topic with one partition.
class Reassignments : public DecideFixture {
  public:
    void SetUp() override {
        add_broker(1);
        add_broker(2);
        add_broker(3, "", true);
    }
    void add_partition(std::vector<int32_t> replicas, std::vector<int32_t> isr, int32_t leader) {
        auto record = metadata::partition(metadata::orders_id, 0, std::move(replicas));
        record.isr = std::move(isr);
        record.leader = leader;
        apply({metadata::topic("orders", metadata::orders_id), record});
    }
    const PartitionImage& partition() { return *image->partition(metadata::orders_id, PartitionIndex(0)); }
    ErrorCode reassign(std::optional<std::vector<int32_t>> replicas, bool may_change_factor = true) {
        Reassignment request;
        request.allow_replication_factor_change = may_change_factor;
        request.topics.push_back({.name = "orders", .partitions = {{.partition_index = 0, .replicas = replicas}}});
        return done(request).responses.front().partitions.front().error_code;
    }
    ErrorCode elect(int8_t type) {
        wire::ElectLeadersRequest request;
        request.election_type = type;
        request.topic_partitions.emplace();
        request.topic_partitions->push_back({.topic = "orders", .partitions = {0}});
        return done(request).replica_election_results.front().partition_result.front().error_code;
    }
    ErrorCode unregister(int32_t id) { return done(wire::UnregisterBrokerRequest{.broker_id = id}).error_code; }
};

TEST_F(Reassignments, new_replica_is_added_and_waited_for) {
    add_partition({1}, {1}, 1);
    EXPECT_EQ(reassign({{2}}), ErrorCode::none);
    EXPECT_EQ(partition().replicas, nodes({2, 1}));
    EXPECT_EQ(partition().adding_replicas, nodes({2}));
    EXPECT_EQ(partition().removing_replicas, nodes({1}));
    EXPECT_EQ(partition().leader, NodeId(1));
    EXPECT_EQ(partition().directories.size(), 2u);
}

TEST_F(Reassignments, cancelling_goes_back_to_the_former_replicas) {
    add_partition({1}, {1}, 1);
    EXPECT_EQ(reassign({{2}}), ErrorCode::none);
    EXPECT_EQ(reassign(std::nullopt), ErrorCode::none);
    EXPECT_EQ(partition().replicas, nodes({1}));
    EXPECT_TRUE(partition().adding_replicas.empty());
    EXPECT_TRUE(partition().removing_replicas.empty());
    EXPECT_EQ(reassign(std::nullopt), ErrorCode::no_reassignment_in_progress);
}

TEST_F(Reassignments, cancelling_is_refused_while_only_new_replicas_are_in_sync) {
    add_partition({1}, {1}, 1);
    EXPECT_EQ(reassign({{2}}), ErrorCode::none);
    wire::PartitionChangeRecord change{.partition_id = 0, .topic_id = metadata::orders_id};
    change.isr.emplace(1, 2);
    apply({change});
    EXPECT_EQ(reassign(std::nullopt), ErrorCode::invalid_replica_assignment);
}

TEST_F(Reassignments, several_replicas_move_at_once_and_the_factor_may_change) {
    add_broker(4);
    add_broker(5);
    add_partition({1, 2}, {1, 2}, 1);
    EXPECT_EQ(reassign({{4, 2, 5}}), ErrorCode::none);
    EXPECT_EQ(partition().replicas, nodes({4, 2, 5, 1}));
    EXPECT_EQ(partition().adding_replicas, nodes({4, 5}));
    EXPECT_EQ(partition().removing_replicas, nodes({1}));
    EXPECT_EQ(partition().leader, NodeId(1)) << "the data is there";
    EXPECT_EQ(reassign({{2, 4}}), ErrorCode::none);
    EXPECT_EQ(partition().replicas, nodes({2, 4, 1, 5})) << "the former target is forgotten";
    EXPECT_EQ(partition().removing_replicas, nodes({1, 5}));
    EXPECT_EQ(reassign({{2, 9}}), ErrorCode::invalid_replica_assignment);
}

TEST_F(Reassignments, removal_is_over_at_once_and_begins_an_epoch) {
    add_partition({1, 2}, {1, 2}, 2);
    const LeaderEpoch before = partition().leader_epoch;
    EXPECT_EQ(reassign({{1}}), ErrorCode::none);
    EXPECT_EQ(partition().replicas, nodes({1}));
    EXPECT_EQ(partition().isr, nodes({1}));
    EXPECT_EQ(partition().leader, NodeId(1));
    EXPECT_EQ(partition().leader_epoch.value, before.value + 1);
    EXPECT_TRUE(partition().removing_replicas.empty());
}

TEST_F(Reassignments, same_replicas_change_nothing) {
    add_partition({1, 2}, {1, 2}, 1);
    const int32_t before = partition().partition_epoch;
    EXPECT_EQ(reassign({{1, 2}}), ErrorCode::none);
    EXPECT_EQ(partition().partition_epoch, before);
}

TEST_F(Reassignments, replication_factor_is_kept_where_it_must_not_change) {
    add_partition({1}, {1}, 1);
    EXPECT_EQ(reassign({{1, 2}}, false), ErrorCode::invalid_replication_factor);
    EXPECT_EQ(reassign({{2}}, false), ErrorCode::none);
    EXPECT_EQ(reassign({{2, 1}}, false), ErrorCode::invalid_replication_factor);
}

TEST_F(Reassignments, preferred_replica_in_sync_is_elected_once) {
    add_partition({1, 2}, {1, 2}, 2);
    EXPECT_EQ(elect(0), ErrorCode::none);
    EXPECT_EQ(partition().leader, NodeId(1));
    EXPECT_EQ(elect(0), ErrorCode::election_not_needed);
}

TEST_F(Reassignments, preferred_replica_that_is_not_in_sync_is_not_elected) {
    add_partition({1, 2}, {2}, 2);
    EXPECT_EQ(elect(0), ErrorCode::preferred_leader_not_available);
    EXPECT_EQ(partition().leader, NodeId(2));
}

TEST_F(Reassignments, unclean_election_takes_who_lives_and_marks_the_recovery) {
    add_partition({3, 2}, {3}, -1);
    EXPECT_EQ(elect(0), ErrorCode::preferred_leader_not_available);
    EXPECT_EQ(elect(1), ErrorCode::none);
    EXPECT_EQ(partition().leader, NodeId(2));
    EXPECT_EQ(partition().isr, nodes({2}));
    EXPECT_EQ(partition().leader_recovery_state, metadata::LeaderRecoveryState::recovering);
    EXPECT_EQ(elect(1), ErrorCode::election_not_needed);
}

TEST_F(Reassignments, unclean_election_without_any_living_replica_fails) {
    add_partition({3}, {3}, -1);
    EXPECT_EQ(elect(1), ErrorCode::eligible_leaders_not_available);
}

TEST_F(Reassignments, broker_that_is_gone_is_unregistered_and_in_sync_with_nothing) {
    add_partition({1, 3}, {1, 3}, 1);
    EXPECT_EQ(unregister(3), ErrorCode::none);
    EXPECT_EQ(image->broker(NodeId(3)), nullptr);
    EXPECT_EQ(partition().isr, nodes({1}));
    EXPECT_EQ(unregister(3), ErrorCode::broker_id_not_registered);
}

TEST_F(Reassignments, broker_that_runs_is_not_unregistered) {
    EXPECT_EQ(unregister(1), ErrorCode::invalid_request);
    EXPECT_NE(image->broker(NodeId(1)), nullptr);
}

}  // namespace
}  // namespace milena::controller
