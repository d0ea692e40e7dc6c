#include "unit/controller/cluster_fixture.h"

namespace milena::controller {
namespace {

class Registration : public ClusterFixture {
  public:
    BrokerRegistration registration(int32_t id) {
        return {.id = NodeId(id),
                .incarnation_id = Uuid{60, ++incarnations_count},
                .endpoints = {},
                .rack = std::nullopt,
                .directories = {directory(id)}};
    }
    ErrorCode error_of(const BrokerRegistration& asked) {
        const auto decision = decided(asked);
        if (decision.response.has_value()) return ErrorCode::none;
        EXPECT_TRUE(decision.records.empty());
        return decision.response.error();
    }
};

TEST_F(Registration, broker_is_fenced_until_it_has_caught_up) {
    const auto epoch = done(registration(1));
    ASSERT_TRUE(epoch.has_value());
    EXPECT_EQ(epoch->value, 50);
    EXPECT_TRUE(broker(1).is_fenced);
    BrokerHeartbeat sent = heartbeat(1);
    sent.metadata_offset = Offset(49);
    EXPECT_FALSE(beat(sent).is_caught_up);
    EXPECT_TRUE(broker(1).is_fenced);
    sent.metadata_offset = Offset(50);
    const HeartbeatAnswer answer = beat(sent);
    EXPECT_TRUE(answer.is_caught_up && !answer.is_fenced && !answer.should_shut_down);
    EXPECT_TRUE(broker(1).is_active());
}

TEST_F(Registration, epoch_is_the_offset_of_its_record_which_is_the_last) {
    start_all(2);
    add_partition({1, 2}, {1, 2}, 1);
    add_partition({1, 2}, {1, 2}, 2);
    const auto decision = decided(registration(1));
    ASSERT_EQ(decision.records.size(), 3U);
    EXPECT_EQ(decision.response->value, 52);
    EXPECT_EQ(std::get<wire::RegisterBrokerRecord>(decision.records.back()).broker_epoch, 52);
}

TEST_F(Registration, crashed_leader_is_replaced_and_no_longer_in_sync) {
    start_all(3);
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    EXPECT_TRUE(restart(1).has_value());
    EXPECT_EQ(partition().leader, NodeId(2));
    EXPECT_EQ(partition().isr, nodes({2, 3}));
    EXPECT_EQ(partition().leader_epoch, LeaderEpoch(1));
}

TEST_F(Registration, unclean_end_takes_a_broker_out_of_the_isr_and_the_elr) {
    start_all(3);
    add_partition({1, 2, 3}, {1, 2}, 1);
    add_partition({1, 2, 3}, {1}, 1, {2});
    EXPECT_TRUE(restart(2).has_value());
    EXPECT_EQ(partition(0).isr, nodes({1}));
    EXPECT_TRUE(partition(0).elr.empty());
    EXPECT_TRUE(partition(1).elr.empty());
    EXPECT_EQ(partition(1).leader_epoch, LeaderEpoch(0)) << "its leader goes on";
}

TEST_F(Registration, clean_end_leaves_a_broker_eligible) {
    start_all(3);
    add_partition({1, 2, 3}, {1, 2}, 1);
    EXPECT_TRUE(restart(2, broker(2).epoch).has_value());
    EXPECT_EQ(partition().isr, nodes({1}));
    EXPECT_EQ(partition().elr, nodes({2}));
}

TEST_F(Registration, last_one_in_sync_leads_again_after_a_crash_because_nobody_has_more) {
    start_all(2);
    add_partition({1, 2}, {1}, 1);
    EXPECT_TRUE(restart(1).has_value());
    EXPECT_EQ(partition().leader, no_node);
    EXPECT_EQ(partition().last_known_elr, nodes({1}));
    beat(heartbeat(1));
    EXPECT_EQ(partition().leader, NodeId(1));
    EXPECT_EQ(partition().isr, nodes({1}));
    EXPECT_EQ(partition().leader_epoch, LeaderEpoch(2));
}

TEST_F(Registration, all_crash_at_once_and_the_last_leader_leads_when_all_are_back) {
    start_all(3);
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    for (const int32_t id : {1, 2, 3}) EXPECT_TRUE(restart(id).has_value());
    EXPECT_EQ(partition().leader, no_node);
    EXPECT_EQ(partition().last_known_elr, nodes({3}));
    beat(heartbeat(1));
    beat(heartbeat(2));
    EXPECT_EQ(partition().leader, no_node) << "neither is known to have everything";
    beat(heartbeat(3));
    EXPECT_EQ(partition().leader, NodeId(3));
}

TEST_F(Registration, broker_with_an_empty_disk_is_in_sync_with_nothing) {
    start_all(2);
    add_partition({1, 2}, {1, 2}, 1);
    BrokerRegistration with_new_disk = registration(2);
    with_new_disk.directories = {Uuid{70, 1}};
    with_new_disk.previous_epoch = broker(2).epoch;
    EXPECT_TRUE(done(with_new_disk).has_value());
    EXPECT_EQ(partition().isr, nodes({1}));
    EXPECT_TRUE(partition().elr.empty());
}

TEST_F(Registration, only_broker_leads_again_at_once_in_one_record) {
    start_all(1);
    add_partition({1}, {1}, 1);
    for (const bool is_clean : {false, true}) {
        const int32_t before = partition().leader_epoch.value;
        EXPECT_TRUE(restart(1, is_clean ? broker(1).epoch : -1, true).has_value());
        EXPECT_TRUE(broker(1).is_active());
        EXPECT_EQ(partition().leader, NodeId(1));
        EXPECT_EQ(partition().isr, nodes({1}));
        EXPECT_TRUE(partition().elr.empty() && partition().last_known_elr.empty());
        EXPECT_EQ(partition().leader_epoch.value, before + 1);
    }
}

TEST_F(Registration, same_process_may_register_again_and_stays_what_it_is) {
    start_all(1);
    add_partition({1}, {1}, 1);
    BrokerRegistration again = registration(1);
    again.incarnation_id = broker(1).incarnation_id;
    again.endpoints = {{"PLAINTEXT", "elsewhere", 9092, metadata::SecurityProtocol::plaintext}};
    const int64_t before = broker(1).epoch;
    EXPECT_EQ(done(again)->value, before);
    EXPECT_TRUE(broker(1).is_active());
    EXPECT_EQ(broker(1).epoch, before);
    EXPECT_EQ(broker(1).endpoint("PLAINTEXT")->host, "elsewhere");
    EXPECT_EQ(partition().leader_epoch, LeaderEpoch(0));
}

// What Kafka reads of it is the registration with other endpoints.
TEST_F(Registration, same_process_elsewhere_is_one_record_in_which_nothing_else_differs) {
    start_all(2);
    add_partition({1, 2}, {1, 2}, 1);
    const metadata::BrokerImage before = broker(1);
    BrokerRegistration elsewhere{.id = NodeId(1),
                                 .incarnation_id = before.incarnation_id,
                                 .endpoints = {{"PLAINTEXT", "elsewhere", 9092}},
                                 .rack = std::nullopt,
                                 .directories = before.directories,
                                 .features = before.features};
    BrokerLiveness liveness{std::chrono::seconds(9)};
    liveness.registered(NodeId(1), before.epoch, Instant{});
    for (const bool is_fenced : {false, true}) {
        if (is_fenced) fence(1);
        Context while_it_lives{*image, settings, random, Offset(50)};
        while_it_lives.liveness = &liveness;
        const auto decision = decide(while_it_lives, elsewhere);
        ASSERT_EQ(decision.records.size(), 1U);
        EXPECT_EQ(decision.response->value, before.epoch);
        apply(decision.records);
        metadata::BrokerImage expected = before;
        expected.endpoints = elsewhere.endpoints;
        expected.is_fenced = is_fenced;
        EXPECT_EQ(broker(1), expected);
    }
}

TEST_F(Registration, second_process_is_refused_while_the_first_one_lives) {
    start_all(1);
    BrokerLiveness liveness{std::chrono::seconds(9)};
    const Instant start{std::chrono::seconds(1)};
    const auto refusal_at = [&](Instant now) {
        Context with_time{*image, settings, random, Offset(50)};
        with_time.liveness = &liveness;
        with_time.now = now;
        const auto decision = decide(with_time, registration(1));
        return decision.response.has_value() ? ErrorCode::none : decision.response.error();
    };
    liveness.begin(*image, start);
    EXPECT_EQ(refusal_at(start), ErrorCode::none) << "nobody has heard the first one";
    liveness.heard(NodeId(1), 1, Offset(9), start);
    EXPECT_EQ(refusal_at(start), ErrorCode::duplicate_broker_registration);
    EXPECT_EQ(refusal_at(start + std::chrono::seconds(9)), ErrorCode::none);
    liveness.lost(NodeId(1));
    EXPECT_EQ(refusal_at(start), ErrorCode::none);
}

TEST_F(Registration, broker_of_another_cluster_is_refused) {
    Context of_cluster{*image, settings, random, Offset(50)};
    of_cluster.cluster_id = "ours";
    BrokerRegistration asked = registration(1);
    asked.cluster_id = "theirs";
    EXPECT_EQ(decide(of_cluster, asked).response.error(), ErrorCode::inconsistent_cluster_id);
    asked.cluster_id = "ours";
    EXPECT_TRUE(decide(of_cluster, asked).response.has_value());
}

TEST_F(Registration, broker_that_cannot_live_with_a_finalized_level_is_refused) {
    BrokerRegistration old = registration(1);
    old.features = {{"metadata.version", {7, 29}}, {"eligible.leader.replicas.version", {0, 1}}};
    EXPECT_EQ(error_of(old), ErrorCode::unsupported_version);
    old.features["metadata.version"].level_max = 30;
    EXPECT_EQ(error_of(old), ErrorCode::none);
    old.features.erase("eligible.leader.replicas.version");
    EXPECT_EQ(error_of(old), ErrorCode::unsupported_version);
}

TEST_F(Registration, directory_of_another_broker_is_refused) {
    start_all(1);
    BrokerRegistration foreign = registration(2);
    foreign.directories = {directory(1)};
    EXPECT_EQ(error_of(foreign), ErrorCode::invalid_request);
    EXPECT_EQ(error_of(registration(-1)), ErrorCode::invalid_request);
}

}  // namespace
}  // namespace milena::controller
