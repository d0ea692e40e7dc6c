// G: topics. A model of one topic in the brokers; each test has the id of its scenario.
#include "plan/topic_plan.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace milena::plan {
namespace {

namespace condition = api::condition;

struct Topics : testing::Test {
    Topics() {
        topic.metadata.name = "orders";
        topic.metadata.name_space = "shop";
        topic.metadata.generation = 1;
        topic.spec.cluster_ref.name = "demo";
        topic.spec.partitions = 3;
        topic.spec.replication_factor = 2;
        topic.spec.config["retention.ms"] = "1000";
    }

    TopicPlan plan() {
        TopicInput input{topic, cluster, Result<std::optional<TopicInfo>, std::string>(live)};
        input.brokers = brokers;
        input.older_twin = older_twin;
        input.is_namespace_deleting = is_namespace_deleting;
        input.is_cluster_paused = is_paused;
        input.many_vanished = many_vanished;
        input.now = Timestamp(1'796'000'000'000);
        return plan_topic(input);
    }

    void act(const Action& action) {
        if (const auto* create = std::get_if<CreateTopic>(&action)) {
            live.emplace();
            live->id = "id-" + std::to_string(++ids);
            live->config = create->config;
            grow(create->partitions, create->replication_factor.value_or(2));
        } else if (const auto* more = std::get_if<CreatePartitions>(&action)) {
            grow(more->count, static_cast<int64_t>(live->partitions[0].replicas.size()));
        } else if (const auto* alter = std::get_if<AlterTopicConfig>(&action)) {
            for (const auto& [name, value] : alter->set) live->config[name] = value;
            for (const std::string& name : alter->remove) live->config.erase(name);
        } else if (const auto* reassign = std::get_if<Reassign>(&action)) {
            for (const auto& [index, replicas] : reassign->replicas) {
                live->partitions[static_cast<size_t>(index)].replicas = replicas;
                live->partitions[static_cast<size_t>(index)].in_sync = replicas;
            }
        } else if (const auto* gone = std::get_if<DeleteTopic>(&action)) {
            ASSERT_EQ(gone->id, live->id);
            live.reset();
        } else if (const auto* finalizer = std::get_if<SetFinalizer>(&action)) {
            topic.metadata.finalizers.clear();
            if (finalizer->is_present) topic.metadata.finalizers.push_back(api::topic_finalizer);
        } else if (const auto* event = std::get_if<Event>(&action)) {
            events.push_back(event->reason);
        }
    }

    void grow(int64_t partitions, int64_t factor) {
        for (auto i = static_cast<int64_t>(live->partitions.size()); i < partitions; ++i) {
            TopicPartition partition{i, i % 3, {}, {}, false};
            for (int64_t r = 0; r < factor; ++r) partition.replicas.push_back((i + r) % 3);
            partition.in_sync = partition.replicas;
            live->partitions.push_back(partition);
        }
    }

    // Until there is nothing left to do. How many steps it took.
    size_t run() {
        size_t steps = 0;
        for (int i = 0; i < 20; ++i) {
            const TopicPlan made = plan();
            const bool is_same = made.status == topic.status;
            topic.status = made.status;
            for (const Step& step : made.steps) act(step.action);
            steps += made.steps.size();
            if (made.steps.empty() && is_same) return steps;
        }
        ADD_FAILURE() << "no end";
        return steps;
    }

    void remove() { topic.metadata.deletion_timestamp = "2026-11-30T00:00:00Z"; }
    const api::Condition& of(const char* type) { return *api::find_condition(topic.status.conditions, type); }
    bool is(const char* type) { return api::is_true(topic.status.conditions, type); }

    api::KafkaTopic topic;
    ClusterState cluster = ClusterState::ready;
    std::optional<TopicInfo> live;
    std::map<int64_t, std::string> brokers{{0, "a"}, {1, "b"}, {2, "c"}};
    std::string older_twin;
    bool is_namespace_deleting = false, is_paused = false, many_vanished = false;
    std::vector<std::string> events;
    int ids = 0;
};

TEST_F(Topics, G_create) {
    EXPECT_EQ(run(), 1u) << "one request";
    ASSERT_TRUE(live);
    EXPECT_TRUE(is(condition::ready));
    EXPECT_TRUE(is(condition::in_sync));
    EXPECT_EQ(topic.status.topic_id, live->id);
    EXPECT_EQ(topic.status.in_sync, "3/3");
    EXPECT_EQ(topic.status.health, "Healthy");
    EXPECT_EQ(topic.status.observed_generation, 1);
}

TEST_F(Topics, G_more_partitions) {
    run();
    topic.spec.partitions = 5;
    topic.metadata.generation = 2;
    run();
    EXPECT_EQ(live->partitions.size(), 5u);
    EXPECT_EQ(topic.status.partitions, 5);
}

TEST_F(Topics, G_config) {
    run();
    topic.spec.config = {{"cleanup.policy", "compact"}};
    topic.metadata.generation = 2;
    run();
    EXPECT_EQ(live->config, topic.spec.config);
}

TEST_F(Topics, G_replication_factor_up_and_down) {
    run();
    topic.spec.replication_factor = 3;
    topic.metadata.generation = 2;
    run();
    for (const auto& partition : live->partitions) EXPECT_EQ(partition.replicas.size(), 3u);
    topic.spec.replication_factor = 1;
    topic.metadata.generation = 3;
    run();
    for (const auto& partition : live->partitions) EXPECT_EQ(partition.replicas, std::vector{partition.leader});
    EXPECT_FALSE(is(condition::replicas_changing));
}

TEST_F(Topics, G_replication_factor_waits_for_what_is_moving) {
    run();
    topic.spec.replication_factor = 3;
    topic.metadata.generation = 2;
    for (auto& partition : live->partitions) partition.is_moving = true;
    const TopicPlan made = plan();
    EXPECT_TRUE(made.steps.empty());
    EXPECT_TRUE(api::is_true(made.status.conditions, condition::replicas_changing));
    EXPECT_TRUE(made.look_again);
}

TEST_F(Topics, G_more_replicas_than_brokers_is_said) {
    topic.spec.replication_factor = 4;
    run();
    EXPECT_FALSE(live);
    EXPECT_EQ(of(condition::stalled).reason, "TooFewBrokers");
    topic.spec.replication_factor = 2;
    run();
    topic.spec.replication_factor = 4;
    topic.metadata.generation = 2;
    run();
    EXPECT_EQ(of(condition::stalled).reason, "TooFewBrokers");
    EXPECT_TRUE(is(condition::ready)) << "the topic serves all the same";
}

TEST_F(Topics, G_delete_with_Delete_takes_the_topic_and_Retain_leaves_it) {
    topic.spec.deletion_policy = api::RetentionPolicy::remove;
    run();
    EXPECT_EQ(topic.metadata.finalizers.size(), 1u);
    remove();
    run();
    EXPECT_FALSE(live);
    EXPECT_TRUE(topic.metadata.finalizers.empty());
}

TEST_F(Topics, G_delete_with_Retain_needs_no_finalizer) {
    run();
    EXPECT_TRUE(topic.metadata.finalizers.empty());
    remove();
    run();
    EXPECT_TRUE(live);
}

TEST_F(Topics, G_a_policy_that_changes_takes_the_finalizer_along) {
    topic.spec.deletion_policy = api::RetentionPolicy::remove;
    run();
    topic.spec.deletion_policy = api::RetentionPolicy::retain;
    run();
    EXPECT_TRUE(topic.metadata.finalizers.empty());
}

TEST_F(Topics, G_adopt_matching) {
    act(CreateTopic{"orders", 3, 2, topic.spec.config});
    run();
    EXPECT_TRUE(is(condition::ready));
    EXPECT_EQ(topic.status.topic_id, "id-1");
    EXPECT_EQ(events, std::vector<std::string>{"TopicAdopted"});
}

TEST_F(Topics, G_adopt_different_is_a_conflict_unless_Any) {
    topic.spec.deletion_policy = api::RetentionPolicy::remove;
    act(CreateTopic{"orders", 4, 2, {}});
    run();
    EXPECT_TRUE(is(condition::conflict));
    EXPECT_NE(of(condition::conflict).message.find("partitions are 4, not 3"), std::string::npos);
    EXPECT_TRUE(topic.metadata.finalizers.empty());
    EXPECT_TRUE(live->config.empty());
    topic.spec.adoption = api::Adoption::any;
    topic.spec.partitions = 4;
    topic.metadata.generation = 2;
    run();
    EXPECT_FALSE(is(condition::conflict));
    EXPECT_EQ(live->config, topic.spec.config);
}

TEST_F(Topics, G_adopt_Never_takes_only_what_it_has_made) {
    topic.spec.adoption = api::Adoption::never;
    run();
    EXPECT_TRUE(is(condition::ready));
    api::KafkaTopic other = topic;
    topic.status = {};
    run();
    EXPECT_TRUE(is(condition::conflict));
}

TEST_F(Topics, B_killed_between_the_creation_and_the_status_the_topic_is_known_again) {
    for (const auto adoption : {api::Adoption::never, api::Adoption::matching}) {
        live.reset();
        topic.status = {};
        topic.spec.adoption = adoption;
        for (int i = 0; i < 3 && !live; ++i) {
            const TopicPlan made = plan();
            for (const Step& step : made.steps) act(step.action);
            if (!live) topic.status = made.status;  // killed after the creation: its status is lost
        }
        ASSERT_TRUE(live);
        run();
        EXPECT_TRUE(is(condition::ready)) << static_cast<int>(adoption);
    }
}

TEST_F(Topics, G_two_resources_for_one_topic) {
    older_twin = "shop/orders-first";
    topic.spec.deletion_policy = api::RetentionPolicy::remove;
    act(CreateTopic{"orders", 9, 1, {}});
    EXPECT_EQ(run(), 0u);
    EXPECT_TRUE(is(condition::conflict));
    remove();
    run();
    EXPECT_TRUE(live) << "it never had the topic";
}

TEST_F(Topics, G_drift_Enforce) {
    run();
    live->config = {{"retention.ms", "5"}, {"flush.ms", "1"}};
    run();
    EXPECT_EQ(live->config, topic.spec.config);
    EXPECT_EQ(events, std::vector<std::string>{"DriftUndone"});
}

TEST_F(Topics, G_drift_Warn) {
    topic.spec.drift = api::Drift::warn;
    run();
    live->config["retention.ms"] = "5";
    EXPECT_EQ(run(), 0u);
    EXPECT_EQ(of(condition::in_sync).reason, "Drifted");
    EXPECT_NE(of(condition::in_sync).message.find("retention.ms is 5, not 1000"), std::string::npos);
    EXPECT_TRUE(is(condition::ready));
    topic.metadata.generation = 2;  // an edit counts again
    run();
    EXPECT_EQ(live->config, topic.spec.config);
}

TEST_F(Topics, G_drift_Ignore) {
    topic.spec.drift = api::Drift::ignore;
    run();
    live->config["retention.ms"] = "5";
    EXPECT_EQ(run(), 0u);
    EXPECT_EQ(of(condition::in_sync).status, api::Truth::unknown);
}

TEST_F(Topics, G_partitions_that_somebody_has_added_cannot_be_removed) {
    run();
    grow(5, 2);
    run();
    EXPECT_EQ(of(condition::stalled).reason, "PartitionsCannotShrink");
    EXPECT_EQ(live->partitions.size(), 5u);
}

TEST_F(Topics, G_deleted_by_a_client) {
    run();
    live.reset();
    run();
    EXPECT_TRUE(live);
    EXPECT_TRUE(is(condition::ready));
    topic.spec.drift = api::Drift::warn;
    live.reset();
    run();
    EXPECT_FALSE(live);
    EXPECT_EQ(of(condition::ready).reason, "TopicDeleted");
}

TEST_F(Topics, G_made_anew_by_a_client_it_is_not_deleted_in_place_of_the_old_one) {
    topic.spec.deletion_policy = api::RetentionPolicy::remove;
    run();
    live->id = "another";
    remove();
    run();
    EXPECT_TRUE(live);
    EXPECT_TRUE(topic.metadata.finalizers.empty());
}

TEST_F(Topics, G_cluster_absent_then_there) {
    cluster = ClusterState::missing;
    EXPECT_EQ(run(), 0u);
    EXPECT_EQ(of(condition::ready).reason, "ClusterMissing");
    cluster = ClusterState::not_ready;
    EXPECT_EQ(run(), 0u);
    EXPECT_EQ(of(condition::ready).status, api::Truth::unknown);
    cluster = ClusterState::ready;
    run();
    EXPECT_TRUE(is(condition::ready));
}

TEST_F(Topics, G_a_finalizer_has_an_exit) {
    topic.spec.deletion_policy = api::RetentionPolicy::remove;
    run();
    remove();
    for (const ClusterState state : {ClusterState::missing, ClusterState::deleting, ClusterState::not_allowed}) {
        cluster = state;
        topic.metadata.finalizers = {api::topic_finalizer};
        run();
        EXPECT_TRUE(topic.metadata.finalizers.empty()) << static_cast<int>(state);
    }
    cluster = ClusterState::not_ready;
    topic.metadata.finalizers = {api::topic_finalizer};
    run();
    EXPECT_TRUE(is(condition::deletion_blocked));
    is_namespace_deleting = true;
    run();
    EXPECT_TRUE(topic.metadata.finalizers.empty());
    EXPECT_TRUE(live);
}

TEST_F(Topics, A14_G_when_many_vanish_at_once_nothing_is_deleted) {
    topic.spec.deletion_policy = api::RetentionPolicy::remove;
    run();
    remove();
    many_vanished = true;
    run();
    EXPECT_TRUE(live);
    EXPECT_EQ(of(condition::deletion_blocked).reason, "ManyAtOnce");
    many_vanished = false;
    run();
    EXPECT_FALSE(live);
    EXPECT_TRUE(are_many_vanished(20, 20));
    EXPECT_TRUE(are_many_vanished(20, 12));
    EXPECT_FALSE(are_many_vanished(1000, 100));
    EXPECT_FALSE(are_many_vanished(3, 3));
}

TEST_F(Topics, G_not_allowed_from_this_namespace) {
    cluster = ClusterState::not_allowed;
    EXPECT_EQ(run(), 0u);
    EXPECT_EQ(of(condition::stalled).reason, "NamespaceNotAllowed");
}

TEST_F(Topics, G_paused_nothing_is_done) {
    is_paused = true;
    EXPECT_EQ(run(), 0u);
    EXPECT_FALSE(live);
    EXPECT_TRUE(is(condition::paused));
    is_paused = false;
    run();
    EXPECT_TRUE(is(condition::ready));
    EXPECT_FALSE(is(condition::paused));
}

TEST_F(Topics, G_brokers_that_do_not_answer_are_asked_again) {
    run();
    TopicInput input{topic, cluster,
                     Result<std::optional<TopicInfo>, std::string>(unexpected(std::string("NOT_CONTROLLER")))};
    const TopicPlan made = plan_topic(input);
    EXPECT_TRUE(made.steps.empty());
    EXPECT_TRUE(made.look_again);
    EXPECT_EQ(made.status.topic_id, topic.status.topic_id);
}

TEST_F(Topics, F_an_illegal_name_is_said) {
    topic.spec.topic_name = "a/b";
    EXPECT_EQ(run(), 0u);
    EXPECT_EQ(of(condition::stalled).reason, "InvalidSpec");
}

TEST_F(Topics, health_is_what_the_worst_partition_has) {
    run();
    live->partitions[1].in_sync = {1};
    run();
    EXPECT_EQ(topic.status.health, "UnderReplicated");
    EXPECT_EQ(topic.status.in_sync, "2/3");
    live->min_in_sync = 2;
    run();
    EXPECT_EQ(topic.status.health, "UnderMinIsr");
    EXPECT_TRUE(is(condition::ready)) << "it can be read";
    EXPECT_EQ(of(condition::ready).message,
              "1 of 3 partitions (1) is under min.insync.replicas, and producers with acks=all are refused");
    live->partitions[2].leader = -1;
    run();
    EXPECT_EQ(topic.status.health, "Offline");
    EXPECT_FALSE(is(condition::ready));
    EXPECT_EQ(of(condition::ready).reason, "PartitionsOffline");
    EXPECT_EQ(of(condition::ready).message, "1 of 3 partitions (2) is without a leader");
    EXPECT_TRUE(is(condition::in_sync)) << "it is what the resource says";
    live->partitions[2].leader = 0;
    live->partitions[1].in_sync = {1, 2};
    run();
    EXPECT_TRUE(is(condition::ready));
    EXPECT_EQ(of(condition::ready).message, "");
}

// What brokers refuse is said, and that it is creating is not forgotten: the topic may be there all the same.
TEST_F(Topics, G_what_brokers_refuse_is_said_and_the_topic_is_known_again) {
    topic.spec.adoption = api::Adoption::never;
    TopicPlan made = plan();
    topic.status = made.status;
    made = plan();
    ASSERT_EQ(1u, made.steps.size());
    const Timestamp now(1'796'000'001'000);
    say_failed(made, topic, "create topic orders: REQUEST_TIMED_OUT", false, now);
    topic.status = made.status;
    EXPECT_EQ("create topic orders: REQUEST_TIMED_OUT", of(condition::ready).message);
    EXPECT_FALSE(is(condition::stalled));
    made = plan();
    say_failed(made, topic, "create topic orders: POLICY_VIOLATION", true, now);
    topic.status = made.status;
    EXPECT_TRUE(is(condition::stalled));
    EXPECT_EQ(1, topic.status.observed_generation);
    // The next attempt fails alike, later: nothing is to be written.
    made = plan();
    say_failed(made, topic, "create topic orders: POLICY_VIOLATION", true, Timestamp(1'796'000'009'000));
    EXPECT_EQ(topic.status, made.status);
    for (const Step& step : made.steps) act(step.action);
    run();
    EXPECT_TRUE(is(condition::ready));
    EXPECT_FALSE(is(condition::stalled));
}

TEST_F(Topics, figures_are_said_again_once_they_differ_by_a_tenth) {
    run();
    live->figures = {1000, 50, "g"};
    run();
    EXPECT_EQ(1000, topic.status.size_bytes);
    EXPECT_EQ(50, topic.status.lag);
    live->figures = {1100, 46, "g"};
    run();
    EXPECT_EQ(1000, topic.status.size_bytes);
    EXPECT_EQ(50, topic.status.lag);
    live->figures = {1101, 46, "h"};
    run();
    EXPECT_EQ(1101, topic.status.size_bytes);
    EXPECT_EQ(46, topic.status.lag);
    EXPECT_EQ("h", topic.status.lag_group);
    live->figures = {1101, std::nullopt, ""};
    run();
    EXPECT_FALSE(topic.status.lag);
    live->figures = {};  // not measured: what was said stays
    run();
    EXPECT_EQ(1101, topic.status.size_bytes);
}

TEST(Twins, one_has_the_topic_the_one_that_knows_its_id_else_the_oldest) {
    const auto made = [](const std::string& name, const std::string& created, const std::string& id = "") {
        api::KafkaTopic topic;
        topic.metadata.name = name;
        topic.metadata.name_space = "shop";
        topic.metadata.creation_timestamp = created;
        topic.status.topic_id = id;
        return topic;
    };
    const auto a = made("a", "2026-11-30T00:00:02Z"), b = made("b", "2026-11-30T00:00:01Z"),
               c = made("c", "2026-11-30T00:00:01Z"), d = made("d", "2026-11-30T00:00:03Z", "id");
    EXPECT_EQ("", twin_that_has_it(a, {a}));
    EXPECT_EQ("", twin_that_has_it(a, {}));
    EXPECT_EQ("shop/b", twin_that_has_it(a, {a, b, c}));
    EXPECT_EQ("shop/b", twin_that_has_it(c, {a, b, c}));
    EXPECT_EQ("", twin_that_has_it(b, {a, b, c}));
    EXPECT_EQ("shop/d", twin_that_has_it(b, {a, b, c, d}));
    EXPECT_EQ("", twin_that_has_it(d, {a, b, c, d}));
}

TEST(Reassigned, new_replicas_go_to_other_racks_and_to_those_with_the_fewest) {
    TopicInfo topic;
    topic.partitions = {{0, 0, {0}, {0}, false}, {1, 1, {1}, {1}, false}, {2, 0, {0}, {0}, false}};
    const auto moved = reassigned(topic, 2, {{0, "a"}, {1, "b"}, {2, "a"}, {3, "b"}});
    ASSERT_EQ(moved.size(), 3u);
    EXPECT_EQ(moved.at(0), (std::vector<int64_t>{0, 3}));
    EXPECT_EQ(moved.at(1), (std::vector<int64_t>{1, 2}));
    EXPECT_EQ(moved.at(2), (std::vector<int64_t>{0, 1}));
    EXPECT_TRUE(reassigned(topic, 5, {{0, ""}, {1, ""}}).empty());
}

}  // namespace
}  // namespace milena::plan
