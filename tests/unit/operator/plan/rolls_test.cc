// C: brokers and rolls. Each test has the id of its scenario.
#include <gtest/gtest.h>

#include "unit/operator/plan/model.h"

namespace milena::plan {
namespace {

namespace condition = api::condition;

struct Rolls : testing::Test {
    Rolls() {
        model.run();
        model.disruptive_steps = 0;
    }
    void change(const std::string& name, const std::string& value) {
        model.cluster.spec.config[name] = value;
        model.edit();
    }
    // What was refused is taken back: then all is as wanted, and nobody has restarted for it.
    void take_back(const std::string& name) {
        model.cluster.spec.config.erase(name);
        model.edit();
        model.run();
        EXPECT_TRUE(model.is(condition::config_applied)) << model.condition(condition::config_applied).message;
        EXPECT_FALSE(model.is(condition::stalled));
        EXPECT_EQ(model.restarted.size(), 3u);
    }
    void upgrade(const std::string& version) {
        model.cluster.spec.version = version;
        model.edit();
    }
    void upgrade_while_broker_1_recovers() {
        model.recovering.insert(1);
        model.pod(1).is_ready = false;
        upgrade("2");
    }
    Model model;
};

TEST_F(Rolls, a_new_cluster_becomes_ready_without_a_restart) {
    EXPECT_TRUE(model.is(condition::ready)) << model.condition(condition::ready).message;
    EXPECT_FALSE(model.is(condition::reconciling)) << model.condition(condition::reconciling).message;
    EXPECT_FALSE(model.is(condition::stalled)) << model.condition(condition::stalled).message;
    for (const char* type : {condition::brokers_healthy, condition::config_applied, condition::storage_ready,
                             condition::listeners_ready, condition::balanced})
        EXPECT_TRUE(model.is(type)) << type << ": " << model.condition(type).message;
    for (const char* type : {condition::upgrade_in_progress, condition::draining, condition::paused})
        EXPECT_EQ(model.condition(type).status, api::Truth::no) << type;
    EXPECT_EQ(model.cluster.status.brokers.size(), 3u);
    EXPECT_EQ(model.cluster.status.version, "1");
    EXPECT_EQ(model.cluster.status.controllers, "0,1,2");
    EXPECT_EQ(model.cluster.status.bootstrap, "demo-bootstrap.shop.svc:9092");
    EXPECT_TRUE(model.restarted.empty());
}

TEST_F(Rolls, at_rest_only_the_features_are_asked_now_and_then_and_nothing_is_written) {
    const ClusterPlan asking = plan_cluster({model.cluster, model.observed, {}, model.settings, model.now});
    Questions features;
    features.features = true;
    EXPECT_EQ(asking.questions, features);
    const auto status = model.cluster.status;
    const ClusterPlan plan = model.plan();
    EXPECT_TRUE(plan.steps.empty());
    EXPECT_EQ(plan.status, status);
    EXPECT_EQ(plan.look_again, std::chrono::minutes(1));
}

TEST_F(Rolls, C1_a_live_setting_changes_without_a_restart) {
    change("log.retention.ms", "1000");
    model.run();
    EXPECT_TRUE(model.restarted.empty());
    EXPECT_EQ(model.dynamic_config.at("log.retention.ms"), "1000");
    EXPECT_TRUE(model.is(condition::config_applied)) << model.condition(condition::config_applied).message;
}

TEST_F(Rolls, C1_a_live_setting_that_is_taken_back_is_as_before) {
    change("log.retention.ms", "1000");
    model.run();
    model.cluster.spec.config.clear();
    model.edit();
    model.run();
    EXPECT_TRUE(model.dynamic_config.empty());
    EXPECT_TRUE(model.restarted.empty());
}

TEST_F(Rolls, C1_a_live_setting_that_pods_were_started_with_gets_its_default_when_it_goes) {
    Model other;
    other.cluster.spec.config["log.retention.ms"] = "1000";
    other.run();
    EXPECT_TRUE(other.dynamic_config.empty());
    other.cluster.spec.config.clear();
    other.edit();
    other.run();
    EXPECT_EQ(other.dynamic_config.at("log.retention.ms"), "604800000");
    other.cluster.spec.version = "2";  // restarted, they need it no more
    other.edit();
    other.run();
    EXPECT_TRUE(other.dynamic_config.empty());
}

TEST_F(Rolls, C2_a_setting_that_needs_a_restart_rolls_one_by_one_the_active_controller_last) {
    Model five(5);
    five.run();
    five.controller = 1;
    five.cluster.spec.config["num.io.threads"] = "4";
    five.edit();
    five.run();
    EXPECT_EQ(five.restarted, (std::vector<std::string>{"demo-brokers-3", "demo-brokers-4", "demo-brokers-0",
                                                        "demo-brokers-2", "demo-brokers-1"}));
    EXPECT_EQ(five.disruptive_steps, 5);
    EXPECT_TRUE(five.is(condition::config_applied));
    EXPECT_TRUE(five.is(condition::ready));
}

TEST_F(Rolls, C3_at_min_isr_the_roll_waits_and_says_for_which_topic) {
    model.blocked = {{0, "orders-3: only 2 of 3 replicas are in sync"}, {1, "orders-3"}, {2, "orders-3"}};
    change("num.io.threads", "4");
    model.run();
    EXPECT_TRUE(model.restarted.empty());
    EXPECT_NE(model.condition(condition::reconciling).message.find("orders-3"), std::string::npos);
    EXPECT_EQ(model.condition(condition::reconciling).reason, api::roll_waits);
    EXPECT_TRUE(model.is(condition::ready));
    model.blocked.clear();
    model.apply(model.plan());
    EXPECT_EQ(model.condition(condition::reconciling).reason, "Working") << "one is restarted now";
    model.run();
    EXPECT_EQ(model.restarted.size(), 3u);
}

TEST_F(Rolls, a_roll_waits_for_a_broker_that_is_away_and_without_a_roll_nothing_does) {
    model.recovering.insert(1);
    model.pod(1).is_ready = false;
    model.run();
    EXPECT_EQ(model.condition(condition::reconciling).reason, "Working");
    change("num.io.threads", "4");
    model.run();
    EXPECT_EQ(model.condition(condition::reconciling).reason, api::roll_waits);
    EXPECT_TRUE(model.restarted.empty());
}

TEST_F(Rolls, C4_only_copies_pause_and_an_event_says_so) {
    model.only_copies[1] = "notes-0";
    change("num.io.threads", "4");
    model.run();
    EXPECT_EQ(model.restarted.size(), 3u);
    EXPECT_TRUE(model.has_event("PartitionsUnavailable"));
}

TEST_F(Rolls, C4_only_copies_block_if_so_wanted_and_all_others_are_restarted) {
    model.cluster.spec.when_partitions_unavailable = api::OutagePolicy::block;
    model.only_copies[1] = "notes-0";
    change("num.io.threads", "4");
    model.run();
    EXPECT_EQ(std::ranges::count(model.restarted, "demo-brokers-1"), 0);
    EXPECT_FALSE(model.restarted.empty());
    EXPECT_EQ(model.condition(condition::reconciling).reason, api::roll_waits);
    EXPECT_NE(model.condition(condition::reconciling).message.find("notes-0"), std::string::npos);
    EXPECT_TRUE(model.has_event("RestartBlocked"));
    EXPECT_FALSE(model.has_event("PartitionsUnavailable"));
    model.only_copies.clear();
    model.run();
    EXPECT_EQ(model.restarted.size(), 3u);
    EXPECT_EQ(model.condition(condition::reconciling).status, api::Truth::no);
}

TEST_F(Rolls, C5_an_image_that_crashes_stops_after_the_first_broker_and_reverting_heals) {
    model.broken_images.insert("milena:2");
    upgrade("2");
    model.run();
    EXPECT_EQ(model.restarted.size(), 1u);
    EXPECT_EQ(model.condition(condition::stalled).reason, "RolloutFailed");
    EXPECT_TRUE(model.is(condition::ready)) << "one broker away is what replicas are for";
    EXPECT_TRUE(model.is(condition::upgrade_in_progress));
    Pod& crashing = model.observed.pods.at(model.restarted[0]);
    crashing.failure.clear();
    crashing.is_running = true;
    crashing.restarts = 3;
    model.apply(model.plan());
    EXPECT_EQ(model.condition(condition::stalled).reason, "RolloutFailed") << "it runs for a moment between crashes";
    crashing.is_running = false;
    upgrade("1");
    model.run();
    EXPECT_EQ(model.restarted.size(), 2u);
    EXPECT_EQ(model.restarted[0], model.restarted[1]);
    EXPECT_FALSE(model.is(condition::stalled));
    EXPECT_TRUE(model.is(condition::brokers_healthy));
}

TEST_F(Rolls, H_a_version_too_far_away_is_refused_with_the_path_to_it) {
    upgrade("1.4.0");  // from "1", of which nothing is known
    model.run();
    EXPECT_EQ(model.restarted.size(), 3u);
    for (const auto& [version, first] : std::map<std::string, std::string>{
             {"1.6.0", "first to 1.5"}, {"1.2.9", "first to 1.3"}, {"2.1.0", "last minor version of 1, then to 2.0"}}) {
        upgrade(version);
        model.run();
        EXPECT_EQ(model.condition(condition::stalled).reason, "VersionSkipped") << version;
        EXPECT_NE(model.condition(condition::stalled).message.find(first), std::string::npos)
            << model.condition(condition::stalled).message;
        EXPECT_EQ(model.restarted.size(), 3u) << version;
        EXPECT_TRUE(model.is(condition::ready));
    }
    model.cluster.spec.config["log.retention.ms"] = "1234";
    model.edit();
    model.run();
    EXPECT_TRUE(model.is(condition::config_applied)) << "all else goes on";
    for (const char* version : {"1.5.2", "1.6.0", "2.0.0", "1.9.1"}) {
        upgrade(version);
        model.run();
        EXPECT_FALSE(model.is(condition::stalled)) << version;
        EXPECT_EQ(model.cluster.status.version, version);
    }
}

// One that has begun to roll goes on to where it can.
TEST_F(Rolls, H_a_version_too_far_away_in_the_middle_of_a_roll_comes_after_the_roll) {
    upgrade("1.4.0");
    model.run();
    upgrade("1.5.0");
    const auto is_begun = [&] {
        return std::ranges::any_of(model.observed.pods, [](const auto& each) {
            return each.second.image == "milena:1.5.0" && each.second.is_running;
        });
    };
    for (int i = 0; i < 20 && !is_begun(); ++i) model.go_on();
    ASSERT_TRUE(is_begun());
    upgrade("1.6.0");
    model.run();
    EXPECT_EQ(model.cluster.status.version, "1.6.0");
    EXPECT_FALSE(model.is(condition::stalled));
    EXPECT_EQ(model.restarted.size(), 9u);
}

TEST_F(Rolls, C6_an_image_that_is_not_there_stops_after_the_first_broker_and_mending_heals) {
    model.missing_images.insert("milena:2");
    upgrade("2");
    model.run();
    EXPECT_EQ(model.restarted.size(), 1u);
    EXPECT_EQ(model.condition(condition::stalled).reason, "RolloutFailed");
    upgrade("3");
    model.run();
    EXPECT_EQ(model.restarted.size(), 4u);
    EXPECT_FALSE(model.is(condition::stalled));
    EXPECT_EQ(model.cluster.status.version, "3");
}

TEST_F(Rolls, C7_unschedulable_pods_stop_after_the_first_broker_and_mending_needs_no_manual_delete) {
    model.has_room = false;
    model.cluster.spec.brokers.resources.requests["cpu"] = "1000";
    model.edit();
    model.run();
    EXPECT_EQ(model.restarted.size(), 1u);
    EXPECT_NE(model.condition(condition::stalled).message.find("Insufficient cpu"), std::string::npos);
    model.has_room = true;
    model.cluster.spec.brokers.resources.requests["cpu"] = "1";
    model.edit();
    model.run();
    EXPECT_EQ(model.restarted.size(), 4u);
    EXPECT_FALSE(model.is(condition::stalled));
}

TEST_F(Rolls, C8_a_broker_that_recovers_its_logs_is_left_alone) {
    upgrade_while_broker_1_recovers();
    for (int i = 0; i < 10; ++i) {
        model.run();
        model.now = model.now + 3'600'000 / 10;
    }
    EXPECT_TRUE(model.restarted.empty());
    EXPECT_NE(model.condition(condition::reconciling).message.find("40 %"), std::string::npos);
    model.recovering.clear();
    model.run();
    EXPECT_EQ(model.restarted.size(), 3u);
}

TEST_F(Rolls, C8_one_that_runs_hopelessly_is_replaced_when_the_spec_is_mended) {
    upgrade_while_broker_1_recovers();
    model.run();
    model.now = model.now + 3'600'000;
    model.recovering.clear();
    model.pod(1).is_ready = false;
    model.apply(model.plan());
    EXPECT_EQ(model.restarted, std::vector<std::string>{"demo-brokers-1"});
}

TEST_F(Rolls, C8_one_whose_node_is_away_is_waited_for_however_long_that_takes) {
    model.pod(1).node = "node-2";
    model.observed.nodes["node-2"].is_ready = false;
    upgrade_while_broker_1_recovers();
    model.run();
    model.now = model.now + 3'600'000;
    model.recovering.clear();
    model.apply(model.plan());
    EXPECT_TRUE(model.restarted.empty());
    const std::string told = model.condition(condition::reconciling).message;
    EXPECT_NE(told.find("waiting for broker 1, which stands on node node-2, and that isn't ready"), std::string::npos);
    EXPECT_EQ(model.cluster.status.brokers[1].state, "NodeAway");
    EXPECT_EQ(model.condition(condition::brokers_healthy).message,
              "demo-brokers-1 is NodeAway: node node-2 isn't ready");
    model.observed.nodes["node-2"].is_ready = true;
    model.run();
    EXPECT_EQ(model.restarted.size(), 3u);
}

TEST_F(Rolls, C9_two_edits_during_a_roll_are_one_more_pass_and_never_two_brokers_down) {
    change("num.io.threads", "4");
    for (int i = 0; i < 4 && model.restarted.empty(); ++i) model.go_on();
    EXPECT_EQ(model.restarted.size(), 1u);
    change("num.io.threads", "5");
    model.go_on();
    change("num.io.threads", "6");
    model.run();
    EXPECT_LE(model.restarted.size(), 5u);
    for (int64_t id = 0; id < 3; ++id)
        EXPECT_NE(model.pod(id).annotations.at("milena.dev/config").find("\"6\""), std::string::npos);
}

TEST_F(Rolls, C10_a_pod_that_a_user_deletes_counts) {
    model.pod(2).is_deleting = true;
    change("num.io.threads", "4");
    const ClusterPlan plan = model.plan();
    EXPECT_EQ(std::ranges::count_if(plan.steps, &Step::is_disruptive), 0);
    model.apply(plan);
    EXPECT_TRUE(model.restarted.empty());
    model.run();
    EXPECT_EQ(model.restarted.size(), 2u) << "the third came back with the new setting by itself";
}

TEST_F(Rolls, C12_with_a_controller_down_no_other_controller_is_restarted) {
    model.recovering.insert(2);
    model.pod(2).is_ready = false;
    change("num.io.threads", "4");
    model.run();
    EXPECT_TRUE(model.restarted.empty());
}

TEST_F(Rolls, the_next_broker_waits_until_the_last_one_has_caught_up) {
    change("num.io.threads", "4");
    model.behind.insert(0);
    model.controller = 2;
    model.run();
    EXPECT_EQ(model.restarted, std::vector<std::string>{"demo-brokers-0"});
    EXPECT_NE(model.condition(condition::reconciling).message.find("catch up"), std::string::npos);
    model.behind.clear();
    model.run();
    EXPECT_EQ(model.restarted.size(), 3u);
}

TEST_F(Rolls, a_setting_that_nobody_knows_is_refused_and_nothing_is_harmed) {
    change("log.retention.mss", "4");
    change("num.io.threads", "4");
    model.run();
    EXPECT_EQ(model.condition(condition::config_applied).reason, "Refused");
    EXPECT_EQ(model.condition(condition::stalled).reason, "ConfigRefused");
    EXPECT_EQ(model.restarted.size(), 3u) << "the other setting is applied";
    take_back("log.retention.mss");
}

TEST_F(Rolls, a_live_value_that_brokers_refuse_is_said_and_no_file_has_it) {
    model.refused_values = {"-5"};
    change("log.retention.ms", "-5");
    change("num.io.threads", "4");
    model.run();
    EXPECT_EQ(model.condition(condition::config_applied).reason, "Refused");
    EXPECT_EQ(model.condition(condition::stalled).reason, "ConfigRefused");
    EXPECT_EQ(model.condition(condition::stalled).message,
              "spec.config: log.retention.ms: INVALID_CONFIG: Invalid value -5");
    EXPECT_EQ(model.restarted.size(), 3u) << "the other setting is applied";
    EXPECT_EQ(model.child("ConfigMap", "demo-config").dump().find("-5"), std::string::npos);
    EXPECT_TRUE(model.dynamic_config.empty());
    take_back("log.retention.ms");
}

TEST_F(Rolls, a_value_that_is_none_of_the_settings_type_is_refused_before_anybody_restarts_with_it) {
    change("num.io.threads", "many");
    model.run();
    EXPECT_EQ(model.condition(condition::stalled).message,
              "spec.config: num.io.threads can't be \"many\": its type is int");
    EXPECT_TRUE(model.restarted.empty());
    change("num.io.threads", " 4 ");
    model.run();
    EXPECT_FALSE(model.is(condition::stalled));
    EXPECT_EQ(model.restarted.size(), 3u);
}

TEST_F(Rolls, while_brokers_do_not_say_what_they_take_all_stays_as_it_was) {
    change("log.retention.ms", "1000");
    Answers answers;
    answers.config_schema =
        Result<ConfigSchema, std::string>(ConfigSchema{{"log.retention.ms", {Change::live, "604800000", "long"}}});
    answers.refused_settings = Result<std::map<std::string, std::string>, std::string>(unexpected(std::string("gone")));
    const ClusterPlan plan = plan_cluster({model.cluster, model.observed, answers, model.settings, model.now});
    EXPECT_EQ(api::find_condition(plan.status.conditions, condition::config_applied)->message, "gone");
    EXPECT_TRUE(plan.steps.empty());
    EXPECT_TRUE(plan.look_again);
}

TEST_F(Rolls, that_settings_were_changed_is_written_only_if_they_were) {
    change("log.retention.ms", "1000");
    const ClusterPlan plan = model.plan();
    bool is_set = false;
    for (const Step& step : plan.steps) {
        const auto* apply = std::get_if<Apply>(&step.action);
        const bool says_done = apply != nullptr && apply->object.dump().find("live-config-done") != std::string::npos;
        EXPECT_EQ(step.needs_all_before, says_done);
        is_set |= says_done;
    }
    EXPECT_TRUE(is_set);
}

TEST_F(Rolls, a_setting_of_birth_is_refused) {
    change("key.of.birth", "other");
    model.run();
    EXPECT_EQ(model.condition(condition::config_applied).reason, "Refused");
    EXPECT_TRUE(model.restarted.empty());
}

TEST_F(Rolls, paused_means_that_nothing_is_done) {
    model.cluster.spec.paused = true;
    change("num.io.threads", "4");
    model.child("StatefulSet", "demo-brokers")["spec"]["replicas"] = 3;
    const ClusterPlan plan = model.plan();
    EXPECT_TRUE(plan.steps.empty());
    model.apply(plan);
    EXPECT_TRUE(model.is(condition::paused));
    EXPECT_TRUE(model.is(condition::ready));
    model.cluster.spec.paused = false;
    model.edit();
    model.run();
    EXPECT_EQ(model.restarted.size(), 3u);
}

TEST_F(Rolls, restarts_wait_for_the_maintenance_window) {
    model.cluster.spec.maintenance_windows = {{{}, "22:00", 60}};
    change("num.io.threads", "4");
    const auto plan = model.plan();
    ASSERT_TRUE(plan.look_again);
    model.run();
    EXPECT_TRUE(model.restarted.empty());
    EXPECT_GT(*model.plan().look_again, std::chrono::minutes(1)) << "nothing is asked meanwhile";
    model.now = model.now + std::chrono::duration_cast<std::chrono::milliseconds>(*model.plan().look_again).count();
    model.run();
    EXPECT_EQ(model.restarted.size(), 3u);
}

TEST_F(Rolls, what_an_operator_upgrade_puts_into_pods_restarts_nobody) {
    model.child("StatefulSet", "demo-brokers")["spec"]["template"]["spec"]["dnsPolicy"] = "ClusterFirst";
    model.child("StatefulSet", "demo-brokers")["spec"]["template"]["spec"]["containers"][0]["env"] =
        nlohmann::json::array();
    model.run();
    EXPECT_TRUE(model.restarted.empty());
    EXPECT_FALSE(
        model.child("StatefulSet", "demo-brokers")["spec"]["template"]["spec"]["containers"][0]["env"].empty());
}

TEST_F(Rolls, foreign_changes_of_children_are_undone) {
    model.child("Service", "demo-bootstrap")["spec"]["ports"][0]["port"] = 1;
    model.observed.children.erase({"PodDisruptionBudget", "demo-nodes"});
    model.run();
    EXPECT_EQ(model.child("Service", "demo-bootstrap")["spec"]["ports"][0]["port"], 9092);
    EXPECT_TRUE(model.observed.children.contains({"PodDisruptionBudget", "demo-nodes"}));
}

TEST_F(Rolls, an_object_of_somebody_else_is_not_overwritten) {
    model.child("Service", "demo-bootstrap")["metadata"].erase("ownerReferences");
    model.child("Service", "demo-bootstrap")["spec"]["ports"][0]["port"] = 1;
    model.run();
    EXPECT_EQ(model.child("Service", "demo-bootstrap")["spec"]["ports"][0]["port"], 1);
    EXPECT_EQ(model.condition(condition::stalled).reason, "ForeignObject");
}

TEST(NewCluster, a_bad_image_from_the_beginning_is_replaced_although_all_are_down) {
    Model model;
    model.broken_images.insert("milena:1");
    model.run();
    EXPECT_EQ(model.condition(condition::stalled).reason, "BrokerFailing");
    EXPECT_EQ(model.condition(condition::ready).status, api::Truth::no);
    model.cluster.spec.version = "2";
    model.edit();
    model.run();
    EXPECT_TRUE(model.is(condition::ready)) << model.condition(condition::ready).message;
    EXPECT_FALSE(model.is(condition::stalled));
}

TEST(NewCluster, node_ports_are_in_the_status_and_outlive_their_services) {
    Model model;
    model.cluster.spec.listeners = {{"plain", api::ListenerType::internal, 9092, {}},
                                    {"outside", api::ListenerType::node_port, 9094, {}}};
    model.run();
    EXPECT_TRUE(model.is(condition::listeners_ready)) << model.condition(condition::listeners_ready).message;
    ASSERT_EQ(model.cluster.status.listeners.size(), 2u);
    const auto addresses = model.cluster.status.listeners[1].addresses;
    ASSERT_EQ(addresses.size(), 3u);
    EXPECT_EQ(addresses[0].host, "10.0.0.1");
    EXPECT_TRUE(model.restarted.empty());
    model.observed.children.erase({"Service", "demo-outside-1"});
    model.run();
    EXPECT_EQ(model.cluster.status.listeners[1].addresses, addresses);
    EXPECT_TRUE(model.restarted.empty());
}

struct Balanced : testing::Test {
    Balanced() {
        model.cluster.spec.listeners = {{"plain", api::ListenerType::internal, 9092, {}},
                                        {"outside", api::ListenerType::load_balancer, 9094, {}}};
        model.go_on();
        for (int64_t id = 0; id < 3; ++id) give(id, "192.0.2." + std::to_string(id));
        model.run();
    }
    nlohmann::json& service(int64_t id) { return model.child("Service", "demo-outside-" + std::to_string(id)); }
    void give(int64_t id, const std::string& ip) { service(id)["status"]["loadBalancer"]["ingress"] = {{{"ip", ip}}}; }
    // Where the broker sends clients, if that isn't what its file said when it started.
    std::string moved(int64_t id) {
        const auto& own = model.dynamic_of[id];
        return own.contains("advertised.listeners") ? own.at("advertised.listeners") : "";
    }
    std::string told(int64_t id) { return model.pod(id).annotations["milena.dev/advertised"]; }
    using Names = std::vector<std::string>;
    Model model;
};

TEST_F(Balanced, the_first_addresses_restart_nobody) {
    EXPECT_TRUE(model.is(condition::ready)) << model.condition(condition::ready).message;
    EXPECT_EQ(told(1), R"({"outside":"192.0.2.1:9094"})");
    EXPECT_TRUE(model.restarted.empty());
}

TEST_F(Balanced, a_broker_whose_address_has_changed_is_given_the_new_one_while_it_runs) {
    give(1, "198.51.100.1");
    model.run();
    EXPECT_TRUE(model.restarted.empty());
    EXPECT_EQ(moved(1), "OUTSIDE://198.51.100.1:9094");
    EXPECT_EQ(moved(0) + moved(2), "");
    EXPECT_TRUE(model.has_event("AddressChanged"));
    EXPECT_TRUE(model.is(condition::ready));
    EXPECT_EQ(model.cluster.status.listeners[1].addresses[1].host, "198.51.100.1");
    give(1, "198.51.100.2");
    model.run();
    EXPECT_EQ(moved(1), "OUTSIDE://198.51.100.2:9094");
    EXPECT_TRUE(model.restarted.empty());
}

TEST_F(Balanced, what_a_broker_was_given_is_taken_back_when_its_file_is_right) {
    give(1, "198.51.100.1");
    model.run();
    model.cluster.spec.config["num.io.threads"] = "5";
    model.edit();
    model.run();
    EXPECT_EQ(model.restarted.size(), 3u);
    EXPECT_EQ(told(1), R"({"outside":"198.51.100.1:9094"})");
    EXPECT_EQ(moved(1), "");
    give(1, "198.51.100.2");
    model.run();
    give(1, "198.51.100.1");
    model.run();
    EXPECT_EQ(moved(1), "") << "where it was when it started";
}

// The disks are those of an earlier resource.
TEST_F(Balanced, what_nobody_knows_of_is_taken_back) {
    model.dynamic_of[1]["advertised.listeners"] = "OUTSIDE://203.0.113.9:9094";
    model.child("ConfigMap", "demo-config")["metadata"]["annotations"].erase("milena.dev/moved");
    model.run();
    EXPECT_EQ(moved(1), "");
}

TEST_F(Balanced, killed_at_any_step_the_operator_leaves_brokers_where_clients_find_them) {
    const Model before = model;
    for (size_t step = 0; step < 12; ++step) {
        model = before;
        model.crash_after = step;
        give(0, "198.51.100.1");
        model.run();
        EXPECT_EQ(moved(0), "OUTSIDE://198.51.100.1:9094") << step;
        model.crash_after = step;
        give(0, "192.0.2.0");
        model.run();
        EXPECT_EQ(moved(0), "") << step;
        EXPECT_TRUE(model.restarted.empty());
    }
}

TEST_F(Balanced, a_broker_of_an_older_version_is_restarted_and_no_other) {
    model.is_older_version = true;
    give(1, "198.51.100.1");
    model.run();
    EXPECT_EQ(model.restarted, Names{"demo-brokers-1"});
    EXPECT_EQ(told(1), R"({"outside":"198.51.100.1:9094"})");
    EXPECT_EQ(moved(1), "");
}

TEST_F(Balanced, a_new_address_comes_with_the_roll_to_another_version) {
    model.cluster.spec.version = "2";
    model.edit();
    give(1, "198.51.100.1");
    model.run();
    EXPECT_EQ(model.restarted.size(), 3u);
    EXPECT_EQ(told(1), R"({"outside":"198.51.100.1:9094"})");
    EXPECT_EQ(moved(1), "");
}

TEST_F(Balanced, an_address_that_is_only_gone_is_waited_for) {
    service(1).erase("status");
    model.run();
    EXPECT_TRUE(model.restarted.empty());
    give(1, "192.0.2.1");
    model.run();
    EXPECT_TRUE(model.restarted.empty()) << "it is as before";
    give(1, "198.51.100.1");
    model.run();
    service(1).erase("status");
    model.run();
    EXPECT_EQ(moved(1), "OUTSIDE://198.51.100.1:9094");
    EXPECT_TRUE(model.restarted.empty());
}

TEST_F(Balanced, pods_that_an_older_operator_started_are_given_only_an_address_that_changes) {
    for (int64_t id = 0; id < 3; ++id) model.pod(id).annotations.erase("milena.dev/advertised");
    model.run();
    EXPECT_TRUE(model.restarted.empty());
    for (int64_t id = 0; id < 3; ++id) model.pod(id).annotations.erase("milena.dev/advertised");
    give(2, "198.51.100.2");
    model.run();
    EXPECT_TRUE(model.restarted.empty());
    EXPECT_EQ(moved(2), "OUTSIDE://198.51.100.2:9094");
}

TEST_F(Balanced, brokers_that_join_restart_nobody) {
    model.cluster.spec.brokers.replicas = 4;
    model.edit();
    model.run();
    give(3, "192.0.2.3");
    model.run();
    EXPECT_EQ(told(3), R"({"outside":"192.0.2.3:9094"})");
    EXPECT_TRUE(model.restarted.empty());
}

TEST(NewCluster, a_load_balancer_that_never_comes_holds_nobody_up_for_long) {
    Model model;
    model.cluster.spec.listeners = {{"plain", api::ListenerType::internal, 9092, {}},
                                    {"outside", api::ListenerType::load_balancer, 9094, {}}};
    model.run();
    EXPECT_TRUE(model.observed.pods.empty());
    model.now = model.now + 120'000;
    model.run();
    EXPECT_TRUE(model.is(condition::ready)) << model.condition(condition::ready).message;
    EXPECT_EQ(model.condition(condition::listeners_ready).reason, "AddressPending");
    for (int id = 0; id < 3; ++id)
        model.child("Service", "demo-outside-" + std::to_string(id))["status"]["loadBalancer"]["ingress"] = {
            {{"ip", "192.0.2." + std::to_string(id)}}};
    model.run();
    EXPECT_EQ(model.restarted.size(), 3u) << "one roll, when all have an address";
    EXPECT_TRUE(model.is(condition::listeners_ready));
    EXPECT_EQ(model.cluster.status.listeners[1].bootstrap, "192.0.2.0:9094,192.0.2.1:9094,192.0.2.2:9094");
}

}  // namespace
}  // namespace milena::plan
