// E: nodes and storage. Each test has the id of its scenario.
#include <gtest/gtest.h>

#include "unit/operator/plan/model.h"

namespace milena::plan {
namespace {

namespace condition = api::condition;
constexpr int64_t gib = 1 << 30;
constexpr int64_t minute = 60'000;  // of a Timestamp

struct Volumes : testing::Test {
    Volumes() { model.run(); }
    void lose_node(int64_t id) {
        model.claim(id).local_node = "node-9";
        model.pod(id).is_ready = model.pod(id).is_running = false;
        model.pod(id).is_unschedulable = true;
    }
    Model model;
};

TEST_F(Volumes, E1_E2_a_broker_that_kubernetes_moves_is_waited_for) {
    model.pod(1).is_deleting = true;
    EXPECT_TRUE(model.plan().steps.empty());
    model.run();
    EXPECT_TRUE(model.restarted.empty());
    EXPECT_TRUE(model.is(condition::brokers_healthy));
}

TEST_F(Volumes, E3_a_broker_whose_disk_went_with_its_node_is_rebuilt) {
    model.observed.nodes["node-1"] = {};
    lose_node(1);
    model.too_few[1] = "scratch-0";  // with as many replicas as have to be in sync: others have it
    const std::string before = model.claim(1).uid;
    model.now = model.now + 5 * minute;
    model.run();
    EXPECT_NE(model.claim(1).uid, before);
    EXPECT_TRUE(model.is(condition::brokers_healthy));
    EXPECT_TRUE(model.has_event("BrokerRebuilt"));
}

TEST_F(Volumes, E3_not_if_it_has_the_only_copy_of_something) {
    lose_node(1);
    model.only_copies[1] = "notes-0";
    model.now = model.now + 5 * minute;
    model.run();
    EXPECT_FALSE(model.claim(1).is_deleting);
    EXPECT_EQ(model.condition(condition::stalled).reason, "DataLost");
}

TEST_F(Volumes, E4_a_node_that_flaps_costs_nothing) {
    model.observed.nodes["node-9"] = {};
    model.disruptive_steps = 0;
    for (int i = 0; i < 10; ++i) {
        lose_node(1);
        model.observed.nodes["node-9"].is_ready = false;
        model.run();
        model.pod(1).is_unschedulable = false;
        model.observed.nodes["node-9"].is_ready = true;
        model.run();
    }
    EXPECT_EQ(model.disruptive_steps, 0);
}

TEST_F(Volumes, E4_a_node_that_is_deleted_and_comes_back_costs_nothing) {
    model.disruptive_steps = 0;
    for (int i = 0; i < 10; ++i) {
        model.pod(1).created = model.now;
        lose_node(1);
        model.now = model.now + 4 * minute;
        model.run();
        model.observed.nodes["node-9"] = {};
        model.pod(1).is_unschedulable = false;
        model.run();
        model.observed.nodes.erase("node-9");
    }
    EXPECT_EQ(model.disruptive_steps, 0);
}

TEST_F(Volumes, E4_nodes_that_cannot_be_seen_are_not_gone) {
    lose_node(1);
    model.observed.are_nodes_current = false;
    model.disruptive_steps = 0;
    model.now = model.now + 60 * minute;
    model.run();
    EXPECT_EQ(model.disruptive_steps, 0);
}

TEST_F(Volumes, E5_a_volume_that_does_not_come_is_said_with_its_class_and_the_schedulers_reason) {
    model.has_room = false;
    model.cluster.spec.brokers.replicas = 4;
    model.edit();
    model.run();
    model.claim(3).phase = "Pending";
    model.run();
    EXPECT_EQ(model.condition(condition::storage_ready).reason, "VolumePending");
    const std::string message = model.condition(condition::storage_ready).message;
    EXPECT_NE(message.find("no volume of class fast yet"), std::string::npos) << message;
    EXPECT_NE(message.find("Insufficient"), std::string::npos) << message;
    EXPECT_TRUE(model.is(condition::ready)) << "the other brokers are unaffected";
    EXPECT_TRUE(model.restarted.empty());
}

TEST_F(Volumes, E6_a_claim_that_somebody_deletes_is_flagged_and_its_broker_replaced_in_turn) {
    model.claim(1).is_deleting = true;
    model.blocked[1] = "orders-3";
    model.run();
    EXPECT_EQ(model.condition(condition::storage_ready).reason, "VolumeDeleted");
    EXPECT_TRUE(model.restarted.empty());
    model.blocked.clear();
    model.run();
    EXPECT_EQ(model.restarted, std::vector<std::string>{"demo-brokers-1"});
    EXPECT_TRUE(model.is(condition::storage_ready)) << model.condition(condition::storage_ready).message;
}

TEST_F(Volumes, E6_a_deleted_claim_with_the_only_copy_of_something_keeps_its_broker_running) {
    model.claim(1).is_deleting = true;
    model.only_copies[1] = "notes-0";
    model.cluster.spec.config["num.io.threads"] = "5";  // nor is it restarted for something else
    model.edit();
    model.run();
    EXPECT_EQ(model.restarted, std::vector<std::string>{"demo-brokers-2"});  // 0 is the active controller, and the last
    EXPECT_EQ(model.condition(condition::stalled).reason, "DataLost");
    model.only_copies.clear();
    model.run();
    EXPECT_EQ(model.restarted, (std::vector<std::string>{"demo-brokers-2", "demo-brokers-1", "demo-brokers-0"}));
    EXPECT_FALSE(model.is(condition::stalled));
}

TEST_F(Volumes, E6_a_broker_that_cannot_start_is_not_replaced_over_its_last_copy_either) {
    model.claim(1).is_deleting = true;
    model.only_copies[1] = "notes-0";
    model.pod(1).is_ready = model.pod(1).is_running = false;
    model.pod(1).is_unschedulable = true;
    model.run();
    EXPECT_TRUE(model.restarted.empty());
    EXPECT_EQ(model.condition(condition::stalled).reason, "DataLost");
}

TEST_F(Volumes, E7_volumes_grow_without_a_restart) {
    const std::string set = model.child("StatefulSet", "demo-brokers")["metadata"]["uid"];
    model.cluster.spec.brokers.storage.size = "20Gi";
    model.edit();
    model.run();
    for (int64_t id = 0; id < 3; ++id) EXPECT_EQ(model.claim(id).capacity_bytes, 20 * gib);
    EXPECT_TRUE(model.restarted.empty());
    EXPECT_NE(model.child("StatefulSet", "demo-brokers")["metadata"]["uid"], set);
    EXPECT_EQ(model.replicas(), 3);
    EXPECT_TRUE(model.cluster.status.growth.empty());
    EXPECT_TRUE(model.is(condition::ready));
}

TEST_F(Volumes, E7_a_class_that_does_not_grow_harms_nobody) {
    model.observed.classes_may_grow["fast"] = false;
    model.cluster.spec.brokers.storage.size = "20Gi";
    model.edit();
    model.run();
    EXPECT_EQ(model.condition(condition::storage_ready).reason, "ExpansionUnsupported");
    EXPECT_EQ(model.claim(0).requested_bytes, 10 * gib);
    EXPECT_TRUE(model.is(condition::ready));
    model.cluster.spec.brokers.storage.size = "10Gi";
    model.edit();
    model.run();
    EXPECT_TRUE(model.is(condition::storage_ready));
    EXPECT_FALSE(model.is(condition::stalled));
}

TEST_F(Volumes, E7_one_that_fails_to_grow_is_named) {
    model.claim(1).resize_error = "quota";
    model.cluster.spec.brokers.storage.size = "20Gi";
    model.edit();
    model.run();
    EXPECT_EQ(model.condition(condition::storage_ready).reason, "ExpansionFailed");
    EXPECT_EQ(model.claim(2).capacity_bytes, 20 * gib);
    EXPECT_TRUE(model.is(condition::ready));
}

TEST_F(Volumes, E7_one_that_was_enlarged_by_hand_stays_as_it_is) {
    model.claim(1).requested_bytes = 30 * gib;
    model.run();
    EXPECT_EQ(model.claim(1).requested_bytes, 30 * gib);
    EXPECT_TRUE(model.is(condition::storage_ready));
}

TEST_F(Volumes, volumes_do_not_shrink) {
    model.cluster.spec.brokers.storage.size = "5Gi";
    model.edit();
    model.run();
    EXPECT_EQ(model.condition(condition::storage_ready).reason, "CannotShrink");
    EXPECT_TRUE(model.is(condition::ready));
}

TEST_F(Volumes, E10_a_broker_that_refuses_its_volume_says_which) {
    model.pod(1).is_ready = model.pod(1).is_running = false;
    model.pod(1).failure = "CrashLoopBackOff";
    model.pod(1).message = "/var/lib/milena/data/log belongs to node 2";
    const ClusterPlan plan = model.plan();
    EXPECT_TRUE(plan.steps.empty());
    model.apply(plan);
    EXPECT_NE(model.condition(condition::brokers_healthy).message.find("demo-brokers-1 is Failing: /var/lib"),
              std::string::npos);
    EXPECT_EQ(model.condition(condition::stalled).reason, "BrokerFailing");
}

TEST_F(Volumes, volumes_that_outlived_their_cluster_are_taken_with_its_id) {
    const std::string id = model.cluster.status.cluster_id;
    Model again;
    again.cluster.metadata.uid = "another";
    again.observed.claims = model.observed.claims;
    again.run();
    EXPECT_EQ(again.cluster.status.cluster_id, id);
}

TEST_F(Volumes, the_rack_of_the_node_is_told_to_the_pod) {
    Model racks;
    racks.cluster.spec.rack = api::Rack{"zone"};
    racks.observed.nodes["node-1"].labels["zone"] = "a";
    racks.run();
    EXPECT_EQ(racks.pod(0).annotations.at("milena.dev/rack"), "a");
    EXPECT_EQ(racks.cluster.status.brokers[0].rack, "a");
}

}  // namespace
}  // namespace milena::plan
