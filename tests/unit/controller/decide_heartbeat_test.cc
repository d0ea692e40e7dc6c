#include "unit/controller/cluster_fixture.h"

namespace milena::controller {
namespace {

class Heartbeats : public ClusterFixture {
  public:
    Heartbeats() { start_all(3); }

    HeartbeatAnswer ask_to_leave(int32_t id) {
        BrokerHeartbeat sent = heartbeat(id);
        sent.wants_shutdown = true;
        return beat(sent);
    }
};

TEST_F(Heartbeats, quiet_one_changes_nothing) { EXPECT_TRUE(decided(heartbeat(1)).records.empty()); }

TEST_F(Heartbeats, stranger_and_former_registration_are_told_to_register) {
    BrokerHeartbeat sent = heartbeat(1);
    sent.broker_epoch = 77;
    EXPECT_EQ(decided(sent).response.error(), ErrorCode::stale_broker_epoch);
    sent.broker = NodeId(9);
    EXPECT_EQ(decided(sent).response.error(), ErrorCode::broker_id_not_registered);
}

TEST_F(Heartbeats, silent_leader_is_replaced_by_one_in_sync) {
    add_partition({1, 2, 3}, {1, 3}, 1);
    fence(1);
    EXPECT_TRUE(broker(1).is_fenced);
    EXPECT_EQ(partition().leader, NodeId(3));
    EXPECT_EQ(partition().isr, nodes({3}));
    EXPECT_EQ(partition().elr, nodes({1})) << "it may have lost nothing";
    EXPECT_TRUE(decided(FenceBroker{NodeId(1), broker(1).epoch}).records.empty()) << "it is done";
}

TEST_F(Heartbeats, fencing_an_older_registration_does_nothing) {
    const auto decision = decided(FenceBroker{NodeId(1), 0});
    EXPECT_EQ(decision.response.error(), ErrorCode::stale_broker_epoch);
    EXPECT_TRUE(decision.records.empty());
}

TEST_F(Heartbeats, isr_shrinks_to_one_that_dies_and_nobody_else_is_elected_until_it_is_back) {
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    fence(3);
    fence(2);
    EXPECT_EQ(partition().isr, nodes({1}));
    EXPECT_EQ(partition().elr, nodes({2})) << "3 left while two were enough";
    beat(heartbeat(3));
    fence(1);
    EXPECT_EQ(partition().leader, no_node);
    EXPECT_EQ(partition().elr, nodes({1, 2}));
    EXPECT_EQ(partition().last_known_elr, nodes({1}));
    beat(heartbeat(2));
    EXPECT_EQ(partition().leader, NodeId(2)) << "nothing was committed without it";
    EXPECT_EQ(partition().isr, nodes({2}));
}

TEST_F(Heartbeats, broker_that_returns_gets_what_nobody_leads) {
    add_partition({1}, {1}, 1);
    add_partition({2}, {2}, 2);
    fence(1);
    EXPECT_EQ(partition(0).leader, no_node);
    EXPECT_TRUE(partition(0).isr.empty());
    const HeartbeatAnswer answer = beat(heartbeat(1));
    EXPECT_FALSE(answer.is_fenced);
    EXPECT_EQ(partition(0).leader, NodeId(1));
    EXPECT_EQ(partition(1).leader_epoch, LeaderEpoch(0));
}

TEST_F(Heartbeats, broker_may_want_to_stay_fenced) {
    fence(1);
    BrokerHeartbeat sent = heartbeat(1);
    sent.wants_fence = true;
    EXPECT_TRUE(beat(sent).is_fenced);
    EXPECT_TRUE(beat(heartbeat(2)).is_caught_up);
    sent = heartbeat(2);
    sent.wants_fence = true;
    EXPECT_TRUE(beat(sent).is_fenced);
    EXPECT_TRUE(broker(2).is_fenced);
}

TEST_F(Heartbeats, broker_that_leaves_gives_its_leaderships_away_first) {
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    const HeartbeatAnswer first = ask_to_leave(1);
    EXPECT_FALSE(first.should_shut_down);
    EXPECT_TRUE(broker(1).is_in_controlled_shutdown && !broker(1).is_fenced);
    EXPECT_EQ(partition().leader, NodeId(2));
    EXPECT_EQ(partition().isr, nodes({2, 3}));
    const HeartbeatAnswer second = ask_to_leave(1);
    EXPECT_TRUE(second.should_shut_down && second.is_fenced);
    EXPECT_TRUE(broker(1).is_fenced);
    EXPECT_TRUE(ask_to_leave(1).should_shut_down);
    EXPECT_TRUE(beat(heartbeat(1)).is_fenced) << "only a new registration brings it back";
}

TEST_F(Heartbeats, broker_without_room_holds_nobody_up_while_enough_others_are_in_sync) {
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    add_partition({2, 1, 3}, {2, 1, 3}, 2);
    add_partition({1, 2, 3}, {1, 3}, 1);
    add_partition({2, 3}, {2, 3}, 2);
    BrokerHeartbeat sent = heartbeat(1);
    sent.full_directories = {directory(1)};
    EXPECT_FALSE(beat(sent).is_fenced);
    EXPECT_EQ(partition(0).leader, NodeId(2));
    EXPECT_EQ(partition(0).isr, nodes({2, 3}));
    EXPECT_EQ(partition(1).leader, NodeId(2));
    EXPECT_EQ(partition(1).leader_epoch, LeaderEpoch(0));
    EXPECT_EQ(partition(1).isr, nodes({2, 3}));
    EXPECT_EQ(partition(2).leader, NodeId(1)) << "with one in sync nothing would go on either";
    EXPECT_EQ(partition(2).isr, nodes({1, 3}));
    EXPECT_EQ(partition(3).isr, nodes({2, 3}));
    EXPECT_TRUE(decided(sent).records.empty()) << "it is done";
    sent.full_directories = {Uuid{7, 7}};
    EXPECT_TRUE(decided(sent).records.empty()) << "that is none of its own";
}

TEST_F(Heartbeats, who_has_no_room_joins_no_isr_until_it_has_said_otherwise) {
    add_partition({1, 2, 3}, {1, 2}, 1);
    BrokerLiveness liveness{std::chrono::seconds(9)};
    liveness.heard(NodeId(3), broker(3).epoch, Offset(70), {});
    const auto joins = [&] {
        Context watched{*image, settings, random, Offset(90)};
        watched.liveness = &liveness;
        const AlterPartition request{.broker = NodeId(1),
                                     .broker_epoch = broker(1).epoch,
                                     .changes = {{.key = {metadata::orders_id, PartitionIndex(0)},
                                                  .leader_epoch = partition().leader_epoch,
                                                  .partition_epoch = partition().partition_epoch,
                                                  .isr = nodes({1, 2, 3})}}};
        return decide(watched, request).response->outcomes.front();
    };
    liveness.has_full(NodeId(3), {directory(3)});
    EXPECT_EQ(joins(), ErrorCode::ineligible_replica);
    liveness.has_full(NodeId(3), {});
    EXPECT_EQ(joins(), ErrorCode::none);
}

TEST_F(Heartbeats, broker_leaves_only_when_the_others_know_their_new_leaders) {
    add_partition({1, 2}, {1, 2}, 1);
    ask_to_leave(1);
    BrokerLiveness liveness{std::chrono::seconds(9)};
    liveness.heard(NodeId(1), 1, Offset(70), {});
    liveness.heard(NodeId(2), 2, Offset(70), {});
    liveness.leaves(NodeId(1), Offset(80));
    const auto may_leave = [&] {
        Context watched{*image, settings, random, Offset(90)};
        watched.liveness = &liveness;
        BrokerHeartbeat sent = heartbeat(1);
        sent.wants_shutdown = true;
        return decide(watched, sent).response->should_shut_down;
    };
    EXPECT_FALSE(may_leave());
    liveness.heard(NodeId(2), 2, Offset(80), {});
    EXPECT_TRUE(may_leave());
}

TEST_F(Heartbeats, broker_that_leads_nothing_leaves_at_once) {
    add_partition({2, 1, 3}, {2, 1, 3}, 2);
    EXPECT_TRUE(ask_to_leave(1).should_shut_down);
    EXPECT_EQ(partition().isr, nodes({2, 3}));
    EXPECT_EQ(partition().leader_epoch, LeaderEpoch(0));
}

TEST_F(Heartbeats, failed_directory_takes_its_replicas_out_of_everything) {
    const Uuid second{41, 1};
    auto record = metadata::broker(1, 1);
    record.fenced = false;
    record.log_dirs = std::vector{directory(1), second};
    apply({record});
    add_partition({1, 2}, {1, 2}, 1);
    add_partition({1, 2}, {1, 2}, 1);
    wire::PartitionChangeRecord moved{.partition_id = 1, .topic_id = metadata::orders_id};
    moved.directories.emplace(std::vector{second, directory(2)});
    apply({moved});
    BrokerHeartbeat sent = heartbeat(1);
    sent.offline_directories = {second};
    EXPECT_FALSE(beat(sent).is_fenced);
    EXPECT_EQ(broker(1).directories, std::vector{directory(1)});
    EXPECT_EQ(partition(0).leader, NodeId(1));
    EXPECT_EQ(partition(1).leader, NodeId(2));
    EXPECT_EQ(partition(1).isr, nodes({2}));
    EXPECT_TRUE(partition(1).elr.empty()) << "what was written last may not be there";
    EXPECT_TRUE(decided(sent).records.empty());
}

TEST_F(Heartbeats, broker_without_any_directory_is_fenced) {
    add_partition({1, 2}, {1, 2}, 1);
    BrokerHeartbeat sent = heartbeat(1);
    sent.offline_directories = {directory(1)};
    EXPECT_TRUE(beat(sent).is_fenced);
    EXPECT_EQ(partition().leader, NodeId(2));
}

TEST_F(Heartbeats, what_is_cordoned_is_said_with_it) {
    BrokerHeartbeat sent = heartbeat(1);
    sent.cordoned_directories = {directory(1)};
    beat(sent);
    EXPECT_EQ(broker(1).cordoned_directories, std::vector{directory(1)});
    EXPECT_TRUE(decided(sent).records.empty());
}

TEST_F(Heartbeats, ten_thousand_partitions_move_with_a_record_each) {
    configure({{"min.insync.replicas", "1"}});
    create("many", 10'000, 3);
    fence(1);
    for (const auto& p : image->topic("many")->partitions) {
        EXPECT_NE(p->leader, NodeId(1));
        EXPECT_EQ(p->isr.size(), 2U);
    }
}

TEST_F(Heartbeats, without_elr_the_last_one_in_sync_keeps_its_place) {
    finalize("eligible.leader.replicas.version", 0);
    add_partition({1, 2}, {1}, 1);
    fence(1);
    EXPECT_EQ(partition().leader, no_node);
    EXPECT_EQ(partition().isr, nodes({1}));
    beat(heartbeat(1));
    EXPECT_EQ(partition().leader, NodeId(1));
}

}  // namespace
}  // namespace milena::controller
