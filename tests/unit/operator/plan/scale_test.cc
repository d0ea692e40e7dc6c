// D: scale. Each test has the id of its scenario.
#include <gtest/gtest.h>

#include "unit/operator/plan/model.h"

namespace milena::plan {
namespace {

namespace condition = api::condition;

struct Scale : testing::Test {
    void begin(int64_t replicas) {
        model.cluster.spec.brokers.replicas = replicas;
        model.edit();
        model.run();
        for (auto& [id, broker] : model.brokers) broker.replicas = 10;
    }
    void scale(int64_t replicas) {
        model.cluster.spec.brokers.replicas = replicas;
        model.edit();
    }
    Model model;
};

TEST_F(Scale, D1_brokers_join_and_nobody_is_restarted) {
    begin(3);
    scale(5);
    model.run();
    EXPECT_EQ(model.cluster.status.replicas, 5);
    EXPECT_EQ(model.cluster.status.ready_replicas, 5);
    EXPECT_TRUE(model.is(condition::balanced));
    EXPECT_TRUE(model.restarted.empty());
    EXPECT_EQ(model.cluster.status.controllers, "0,1,2");
}

TEST_F(Scale, D2_brokers_are_emptied_before_they_go_one_by_one) {
    begin(5);
    scale(3);
    model.go_on();
    model.apply(model.plan());
    EXPECT_EQ(model.brokers.at(3).placement, Placement::draining) << "nothing new comes to those that leave";
    EXPECT_EQ(model.brokers.at(4).placement, Placement::draining);
    EXPECT_TRUE(model.is(condition::draining));
    model.run();
    EXPECT_EQ(model.replicas(), 3);
    EXPECT_EQ(model.brokers.size(), 3u) << "those that are gone are unregistered";
    EXPECT_EQ(model.disruptive_steps, 2);
    EXPECT_FALSE(model.is(condition::draining));
    EXPECT_FALSE(model.child("StatefulSet", "demo-brokers")["metadata"]["annotations"].contains("milena.dev/leaving"));
    EXPECT_EQ(model.observed.claims.size(), 3u);
}

TEST_F(Scale, D3_raised_again_the_drain_is_cancelled) {
    begin(5);
    scale(3);
    model.go_on(3);
    scale(5);
    model.run();
    EXPECT_EQ(model.replicas(), 5);
    EXPECT_EQ(model.brokers.at(3).placement, Placement::open);
    EXPECT_EQ(model.brokers.at(4).placement, Placement::open);
    EXPECT_TRUE(model.has_event("DrainCancelled"));
    EXPECT_EQ(model.disruptive_steps, 0);
}

TEST_F(Scale, D4_below_the_replication_factor_nothing_is_begun) {
    begin(5);
    model.widest_topic = 4;
    scale(3);
    model.run();
    EXPECT_EQ(model.replicas(), 5);
    EXPECT_EQ(model.condition(condition::stalled).reason, "TooFewBrokers");
    EXPECT_EQ(model.brokers.at(4).placement, Placement::open);
    EXPECT_LE(model.plan().look_again.value(), std::chrono::seconds(15)) << "a topic changes without an event";
    model.widest_topic = 3;
    model.run();
    EXPECT_EQ(model.replicas(), 3);
}

TEST_F(Scale, D4_controllers_stay) {
    begin(3);
    model.widest_topic = 1;
    scale(2);
    model.run();
    EXPECT_EQ(model.replicas(), 3);
    EXPECT_EQ(model.condition(condition::stalled).reason, "ControllersStay");
}

TEST_F(Scale, D5_a_drain_that_finds_no_room_stops_and_says_why) {
    begin(4);
    model.stuck_drain = "orders-3: no broker has 40 GB free";
    scale(3);
    model.run();
    EXPECT_EQ(model.replicas(), 4);
    EXPECT_EQ(model.condition(condition::stalled).reason, "DrainStuck");
    EXPECT_NE(model.condition(condition::stalled).message.find("40 GB"), std::string::npos);
    scale(4);
    model.run();
    EXPECT_FALSE(model.is(condition::stalled));
    EXPECT_EQ(model.brokers.at(3).placement, Placement::open);
}

TEST_F(Scale, D6_a_set_that_somebody_has_scaled_down_is_scaled_back) {
    begin(3);
    model.child("StatefulSet", "demo-brokers")["spec"]["replicas"] = 2;
    model.apply(model.plan());
    EXPECT_EQ(model.replicas(), 3);
    EXPECT_TRUE(model.has_event("ReplicasReverted"));
    model.events.clear();
    model.run();
    EXPECT_FALSE(model.has_event("ReplicasReverted"));
}

TEST_F(Scale, D6_what_somebody_has_taken_from_the_set_comes_back_with_its_volumes) {
    begin(3);
    const std::string volume = model.claim(2).uid;
    model.is_scaled_by_hand = true;
    model.child("StatefulSet", "demo-brokers")["spec"]["replicas"] = 1;
    model.progress();
    model.progress();
    EXPECT_FALSE(model.observed.pods.contains("demo-brokers-2"));
    model.run();
    EXPECT_EQ(model.replicas(), 3);
    EXPECT_EQ(model.claim(2).uid, volume);
    EXPECT_EQ(model.brokers.size(), 3u);
}

TEST_F(Scale, D6_a_hand_on_the_set_does_not_end_a_drain_that_goes_on) {
    begin(5);
    scale(3);
    model.go_on(2);
    ASSERT_GT(model.brokers.at(3).replicas, 0u);
    model.is_scaled_by_hand = true;
    model.child("StatefulSet", "demo-brokers")["spec"]["replicas"] = 3;
    model.progress();
    model.progress();
    EXPECT_FALSE(model.observed.pods.contains("demo-brokers-3"));
    model.apply(model.plan());
    EXPECT_EQ(model.replicas(), 5);
    EXPECT_TRUE(model.brokers.contains(3)) << "it has data that nobody else has yet";
    EXPECT_FALSE(model.claim(3).is_deleting);
    model.run();
    EXPECT_EQ(model.replicas(), 3);
    EXPECT_EQ(model.brokers.size(), 3u);
    EXPECT_EQ(model.observed.claims.size(), 3u);
}

TEST_F(Scale, D6_brokers_that_somebody_has_added_to_the_set_leave_as_all_do) {
    begin(3);
    model.child("StatefulSet", "demo-brokers")["spec"]["replicas"] = 4;
    model.progress();
    model.progress();
    model.brokers[3].replicas = 7;
    model.run();
    EXPECT_EQ(model.replicas(), 3);
    EXPECT_TRUE(model.has_event("ReplicasReverted"));
    EXPECT_EQ(model.brokers.size(), 3u);
}

TEST_F(Scale, D8_to_zero_is_refused) {
    begin(3);
    const nlohmann::json spec{{"version", "1"}, {"brokers", {{"replicas", 0}, {"storage", {{"size", "1Gi"}}}}}};
    const auto read = api::read_as<api::KafkaClusterSpec>(spec, "spec");
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error()[0].path, "spec.brokers.replicas");
    const ClusterPlan plan = plan_invalid({{"metadata", {{"generation", 9}}}, {"spec", spec}}, read.error(), model.now);
    EXPECT_TRUE(plan.steps.empty());
    EXPECT_EQ(api::find_condition(plan.status.conditions, condition::stalled)->reason, "InvalidSpec");
}

TEST_F(Scale, D9_scaling_a_setting_and_an_upgrade_together_are_done_one_after_the_other) {
    begin(5);
    scale(4);
    model.cluster.spec.version = "2";
    model.cluster.spec.config["num.io.threads"] = "4";
    model.cluster.spec.config["log.retention.ms"] = "5";
    model.run();
    EXPECT_EQ(model.replicas(), 4);
    EXPECT_EQ(model.restarted.size(), 4u) << "each once, and not the one that left";
    EXPECT_EQ(model.cluster.status.version, "2");
    EXPECT_FALSE(model.is(condition::reconciling)) << model.condition(condition::reconciling).message;
}

TEST_F(Scale, a_pool_is_emptied_and_then_removed) {
    api::NodePool pool;
    pool.name = "cold";
    pool.roles = {"Broker"};
    pool.first_node_id = 1000;
    pool.replicas = 2;
    pool.storage.size = "1Gi";
    model.cluster.spec.node_pools = {pool};
    begin(3);
    EXPECT_TRUE(model.observed.pods.contains("demo-cold-1001"));
    model.cluster.spec.node_pools[0].replicas = 0;
    model.edit();
    model.run();
    EXPECT_FALSE(model.observed.pods.contains("demo-cold-1000"));
    model.cluster.spec.node_pools.clear();
    model.edit();
    model.run();
    EXPECT_FALSE(model.observed.children.contains({"StatefulSet", "demo-cold"}));
    EXPECT_TRUE(model.is(condition::ready));
}

}  // namespace
}  // namespace milena::plan
