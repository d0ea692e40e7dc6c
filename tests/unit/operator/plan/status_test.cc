// What a status says in the first pass after an edit: `kubectl wait --for=condition=…` believes a condition whose
// observedGeneration is the resource's, so each has it, and none is what it was before the edit unless that is so.
#include <gtest/gtest.h>

#include "unit/operator/plan/model.h"

namespace milena::plan {
namespace {

namespace condition = api::condition;
using api::Truth;

struct Status : testing::Test {
    Status() { begin(3); }
    void begin(int64_t replicas) {
        model.cluster.spec.brokers.replicas = replicas;
        model.edit();
        model.run();
        for (auto& [id, broker] : model.brokers) broker.replicas = 10;
    }
    // The status that is written first.
    void edited() {
        model.edit();
        model.apply(model.plan());
        ASSERT_FALSE(model.cluster.status.conditions.empty());
        EXPECT_EQ(model.cluster.status.observed_generation, model.cluster.metadata.generation);
        for (const api::Condition& each : model.cluster.status.conditions)
            EXPECT_EQ(each.observed_generation, model.cluster.metadata.generation) << each.type;
        EXPECT_TRUE(model.is(condition::reconciling));
    }
    Truth of(const char* type) { return model.condition(type).status; }
    Model model;
};

TEST_F(Status, of_a_new_cluster_promises_nothing) {
    Model fresh;
    fresh.apply(fresh.plan());
    for (const char* type : {condition::ready, condition::brokers_healthy, condition::config_applied,
                             condition::storage_ready, condition::balanced})
        EXPECT_FALSE(fresh.is(type)) << type;
    EXPECT_TRUE(fresh.is(condition::reconciling));
}

TEST_F(Status, a_larger_cluster_is_not_balanced_until_the_new_brokers_have_their_share) {
    model.cluster.spec.brokers.replicas = 5;
    edited();
    EXPECT_TRUE(model.is(condition::ready)) << "it serves as before";
    for (const char* type : {condition::balanced, condition::brokers_healthy, condition::storage_ready})
        EXPECT_FALSE(model.is(type)) << type;
    model.run();
    EXPECT_TRUE(model.is(condition::balanced));
    EXPECT_TRUE(model.is(condition::storage_ready)) << model.condition(condition::storage_ready).message;
}

TEST_F(Status, new_brokers_that_do_not_come_leave_a_cluster_as_ready_as_it_was) {
    begin(5);
    model.has_room = false;
    model.cluster.spec.brokers.replicas = 8;
    edited();
    model.run();
    EXPECT_TRUE(model.is(condition::ready)) << model.condition(condition::ready).message;
    EXPECT_FALSE(model.is(condition::brokers_healthy));
    EXPECT_EQ(model.cluster.status.brokers[7].state, "Joining");
    EXPECT_NE(model.cluster.status.brokers[7].message.find("Insufficient"), std::string::npos);
    model.pod(3).is_ready = false;
    model.apply(model.plan());
    EXPECT_TRUE(model.is(condition::ready)) << "one is away";
    EXPECT_EQ(model.cluster.status.brokers[3].state, "Starting");
    model.pod(4).is_ready = false;
    model.apply(model.plan());
    EXPECT_EQ(of(condition::ready), Truth::no) << "two of those that had joined are away";
}

TEST_F(Status, a_new_cluster_is_ready_when_all_brokers_are) {
    Model fresh;
    fresh.recovering = {2};
    fresh.run();
    EXPECT_FALSE(fresh.is(condition::ready)) << "two of three have come";
    EXPECT_EQ(fresh.condition(condition::ready).reason, "Starting");
    fresh.recovering.clear();
    fresh.run();
    EXPECT_TRUE(fresh.is(condition::ready));
}

TEST_F(Status, a_cluster_that_has_served_is_ready_again_with_a_broker_less) {
    for (int64_t id = 0; id < 3; ++id) model.pod(id).is_ready = false;
    model.apply(model.plan());
    EXPECT_EQ(model.condition(condition::ready).reason, "NoQuorum");
    model.apply(model.plan());
    EXPECT_EQ(model.condition(condition::ready).reason, "NoQuorum") << "it doesn't start for the first time";
    model.pod(0).is_ready = true;
    model.apply(model.plan());
    EXPECT_FALSE(model.is(condition::ready));
    model.pod(1).is_ready = true;
    model.apply(model.plan());
    EXPECT_TRUE(model.is(condition::ready)) << model.condition(condition::ready).message;
    EXPECT_FALSE(model.is(condition::brokers_healthy));
    model.pod(1).is_ready = false;
    model.apply(model.plan());
    EXPECT_FALSE(model.is(condition::ready));
}

TEST_F(Status, a_larger_cluster_is_not_balanced_before_it_is_known_what_its_brokers_store) {
    model.run();
    model.cluster.spec.brokers.replicas = 4;
    model.edit();
    model.moves_left.unheard = {3};
    model.go_on(30);
    EXPECT_EQ(of(condition::balanced), Truth::unknown);
    EXPECT_EQ(model.condition(condition::balanced).message, "not known yet what these store: broker 3");
    model.moves_left = {2, {}};
    model.go_on(10);
    EXPECT_EQ(model.condition(condition::balanced).message, "2 replicas are still to be moved");
    model.moves_left = {};
    model.run();
    EXPECT_TRUE(model.is(condition::balanced));
}

TEST_F(Status, a_smaller_cluster_is_not_balanced_until_nobody_is_to_leave) {
    begin(5);
    ASSERT_TRUE(model.is(condition::balanced));
    model.cluster.spec.brokers.replicas = 3;
    edited();
    EXPECT_EQ(of(condition::balanced), Truth::no);
    EXPECT_EQ(of(condition::draining), Truth::yes);
    while (model.brokers.size() > 3) {
        EXPECT_TRUE(model.is(condition::reconciling)) << "as long as something of those that leave is there";
        model.go_on();
    }
    model.run();
    EXPECT_TRUE(model.is(condition::balanced));
    EXPECT_FALSE(model.is(condition::reconciling)) << model.condition(condition::reconciling).message;
}

TEST_F(Status, while_the_brokers_cannot_be_asked_whether_some_may_leave_it_says_so) {
    begin(5);
    model.cluster.spec.brokers.replicas = 3;
    model.edit();
    Answers answers;
    answers.widest_topic = Result<WidestTopic, std::string>(unexpected(std::string("nobody answers")));
    const ClusterPlan plan = plan_cluster({model.cluster, model.observed, answers, model.settings, model.now});
    EXPECT_EQ(api::find_condition(plan.status.conditions, condition::draining)->status, Truth::unknown);
    EXPECT_EQ(api::find_condition(plan.status.conditions, condition::balanced)->status, Truth::no);
}

TEST_F(Status, an_upgrade_is_under_way_until_the_last_broker_is_back) {
    model.cluster.spec.version = "2";
    edited();
    EXPECT_TRUE(model.is(condition::upgrade_in_progress));
    EXPECT_EQ(of(condition::config_applied), Truth::no) << "its brokers are still to be restarted";
    while (model.restarted.size() < 3) model.go_on();
    model.apply(model.plan());
    ASSERT_FALSE(model.observed.pods.at(model.restarted.back()).is_ready);
    EXPECT_TRUE(model.is(condition::upgrade_in_progress)) << "the last one is away";
    model.run();
    EXPECT_FALSE(model.is(condition::upgrade_in_progress));
}

TEST_F(Status, a_live_setting_is_applied_once_that_was_seen_to_be_done) {
    model.cluster.spec.config["log.retention.ms"] = "1000";
    edited();
    EXPECT_EQ(of(condition::config_applied), Truth::no) << "the brokers may have refused it";
    model.run();
    EXPECT_TRUE(model.is(condition::config_applied)) << model.condition(condition::config_applied).message;
}

TEST_F(Status, storage_is_not_ready_while_it_grows) {
    model.cluster.spec.brokers.storage.size = "20Gi";
    edited();
    EXPECT_EQ(model.condition(condition::storage_ready).reason, "Growing");
    model.run();
    EXPECT_TRUE(model.is(condition::storage_ready)) << model.condition(condition::storage_ready).message;
}

TEST_F(Status, an_edit_that_changes_nothing_leaves_all_as_it_was) {
    const auto before = model.cluster.status.conditions;
    model.edit();
    model.apply(model.plan());
    ASSERT_EQ(model.cluster.status.conditions.size(), before.size());
    for (const api::Condition& old : before) {
        const api::Condition& now = model.condition(old.type.c_str());
        EXPECT_EQ(now.status, old.status) << old.type;
        EXPECT_EQ(now.last_transition_time, old.last_transition_time) << old.type;
        EXPECT_EQ(now.observed_generation, model.cluster.metadata.generation) << old.type;
    }
}

TEST_F(Status, features_that_a_client_finalizes_are_seen_without_any_event) {
    model.features["metadata.version"] = {30, 30};
    const ClusterPlan rest = model.plan();
    ASSERT_TRUE(rest.look_again);
    EXPECT_LE(*rest.look_again, std::chrono::minutes(1));
    ASSERT_EQ(rest.status.features.size(), 1u);
    EXPECT_EQ(rest.status.features[0].finalized, 30);
}

TEST_F(Status, features_are_those_before_a_roll_until_it_has_settled) {
    model.cluster.spec.version = "2";
    model.edit();
    model.features["metadata.version"] = {29, 31};
    while (model.restarted.size() < 3) {
        model.go_on();
        EXPECT_EQ(model.cluster.status.features[0].max, 29) << "some are of the old version, some of the new one";
    }
    model.run();
    EXPECT_EQ(model.cluster.status.features[0].max, 31);
}

}  // namespace
}  // namespace milena::plan
