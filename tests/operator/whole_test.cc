// The operator as a whole, with its watches, workers and election, against the fake API server.
#include <gtest/gtest.h>

#include "operator/running.h"

namespace milena {
namespace {

using fake::Fault;
using nlohmann::json;

// Kinds and names of all that there is, but for events.
std::set<std::string> names(const fake::FakeKube& fake) {
    std::set<std::string> found;
    for (const char* kind : {"StatefulSet", "Service", "ConfigMap", "PodDisruptionBudget", "NetworkPolicy",
                             "ServiceAccount", "Pod", "PersistentVolumeClaim"})
        for (const json& object : fake.list(kind)) found.insert(std::string(kind) + " " + kube::key_of(object).name);
    return found;
}

TEST(Operator, a_cluster_gets_its_objects_and_becomes_ready_and_then_there_is_silence) {
    fake::FakeKube fake;
    fake.put(cluster());
    Running running(fake);
    ASSERT_TRUE(becomes_ready(fake)) << fake.find("KafkaCluster", "a", "demo")->dump(1);
    for (const char* kind : {"StatefulSet", "Service", "ConfigMap", "PodDisruptionBudget", "ServiceAccount"})
        EXPECT_FALSE(fake.list(kind).empty()) << kind;
    const json object = *fake.find("KafkaCluster", "a", "demo");
    EXPECT_EQ(3, object["status"]["readyReplicas"]);
    EXPECT_EQ(object["metadata"]["generation"], object["status"]["observedGeneration"]);
    EXPECT_EQ(3u, fake.list("Pod").size());
    EXPECT_EQ(0, fake.count("DELETE"));
    // Nothing is written twice: each object at most as often as its plan has changed.
    EXPECT_LE(fake.count("PATCH"), 40);
}

TEST(Operator, what_somebody_has_deleted_comes_back) {
    fake::FakeKube fake;
    fake.put(cluster());
    Running running(fake);
    ASSERT_TRUE(becomes_ready(fake));
    const std::string name = kube::key_of(fake.list("Service").front()).name;
    fake.remove("Service", "a", name);
    EXPECT_TRUE(fake.await([&] { return fake.find("Service", "a", name).has_value(); }));
}

TEST(Operator, A5_an_object_of_somebody_else_is_spared_and_said) {
    fake::FakeKube fake;
    {
        fake::FakeKube other;
        other.put(cluster());
        Running running(other);
        ASSERT_TRUE(becomes_ready(other));
        json foreign = other.list("ConfigMap").front();
        foreign["metadata"] = {{"namespace", "a"}, {"name", kube::key_of(foreign).name}};
        foreign["data"] = {{"whose", "theirs"}};
        fake.put(foreign);
    }
    fake.put(cluster());
    Running running(fake);
    ASSERT_TRUE(fake.await([&] { return condition(fake, "Stalled") == "True"; }));
    EXPECT_EQ("theirs", fake.list("ConfigMap").front()["data"]["whose"]);
}

TEST(Operator, A6_what_the_server_finds_invalid_is_said_and_not_tried_in_a_hot_loop) {
    fake::FakeKube fake;
    fake.inject(
        {.method = "PATCH", .path_part = "/statefulsets/", .times = 1'000'000, .status = 422, .reason = "Invalid"});
    fake.put(cluster());
    Running running(fake);
    ASSERT_TRUE(fake.await([&] { return condition(fake, "Stalled") == "True"; }));
    const int before = fake.count("PATCH", "/statefulsets/");
    EXPECT_LE(before, 12);
    EXPECT_NE(std::string::npos, running.it->metrics().find("milena_operator_steps_refused_total{kind=\"KafkaCluster\","
                                                            "reason=\"Invalid\"}"));
}

void set_retention(fake::FakeKube& fake, const json& value) {
    json object = *fake.find("KafkaCluster", "a", "demo");
    object["spec"]["config"] = value.is_null() ? json::object() : json{{"log.retention.ms", value}};
    fake.put(object);
}

// Told by the brokers when they were asked, or only when it came to be done.
void is_refused_and_heals(std::atomic<bool> ContentBrokers::* refusal) {
    fake::FakeKube fake;
    fake.put(cluster());
    const auto brokers = std::make_shared<ContentBrokers>();
    Running running(fake, false, "one", std::make_shared<KeptTopics>(), brokers);
    ASSERT_TRUE(becomes_ready(fake));
    (*brokers).*refusal = true;
    set_retention(fake, "-5");
    const auto says = [&](const char* type, const char* part) {
        return condition_of(fake.find("KafkaCluster", "a", "demo"), type, part);
    };
    ASSERT_TRUE(fake.await([&] { return says("Stalled", "reason") == "ConfigRefused"; }));
    EXPECT_NE(std::string::npos, says("Stalled", "message").find("-5 is too little")) << says("Stalled", "message");
    EXPECT_EQ("Refused", says("ConfigApplied", "reason"));
    set_retention(fake, nullptr);
    EXPECT_TRUE(fake.await([&] { return says("Stalled", "status") == "False"; }));
    EXPECT_TRUE(fake.await([&] { return says("ConfigApplied", "status") == "True"; }));
    EXPECT_TRUE(becomes_ready(fake));
}

TEST(Operator, A15_what_brokers_run_without_and_may_not_be_written_is_said_and_the_rest_goes_on) {
    fake::FakeKube fake;
    for (const char* part : {"/networkpolicies/", "/podmonitors/"})
        fake.inject({.method = "PATCH", .path_part = part, .times = 1'000'000, .status = 403, .reason = "Forbidden"});
    fake.put(cluster());
    const auto brokers = std::make_shared<ContentBrokers>();
    Running running(fake, false, "one", std::make_shared<KeptTopics>(), brokers);
    ASSERT_TRUE(becomes_ready(fake));
    const auto stalled = [&](const char* part) {
        return condition_of(fake.find("KafkaCluster", "a", "demo"), "Stalled", part);
    };
    EXPECT_EQ("Forbidden", stalled("reason"));
    EXPECT_NE(std::string::npos, stalled("message").find("NetworkPolicy demo-nodes")) << stalled("message");
    set_retention(fake, "1000");
    EXPECT_TRUE(fake.await([&] { return brokers->orders > 0; }));
    fake.forget_faults();
    set_retention(fake, "2000");
    EXPECT_TRUE(fake.await([&] { return stalled("status") == "False"; }));
    EXPECT_EQ(1u, fake.list("NetworkPolicy").size());
}

TEST(Operator, A15_what_brokers_run_without_and_may_not_be_read_is_said_and_the_rest_goes_on) {
    fake::FakeKube fake;
    fake.inject(
        {.method = "LIST", .path_part = "/networkpolicies", .times = 1'000'000, .status = 403, .reason = "Forbidden"});
    fake.put(cluster());
    const auto brokers = std::make_shared<ContentBrokers>();
    Running running(fake, false, "one", std::make_shared<KeptTopics>(), brokers);
    ASSERT_TRUE(becomes_ready(fake));
    const auto stalled = [&](const char* part) {
        return condition_of(fake.find("KafkaCluster", "a", "demo"), "Stalled", part);
    };
    EXPECT_EQ("KindUnreadable", stalled("reason"));
    EXPECT_NE(std::string::npos, stalled("message").find("NetworkPolicy")) << stalled("message");
    EXPECT_EQ(0, fake.count("PATCH", "/networkpolicies/"));
    set_retention(fake, "1000");
    EXPECT_TRUE(fake.await([&] { return brokers->orders > 0; }));
}

TEST(Operator, a_live_setting_that_brokers_refuse_is_said_and_heals_when_it_is_taken_back) {
    is_refused_and_heals(&ContentBrokers::refuses_when_asked);
    is_refused_and_heals(&ContentBrokers::refuses_when_ordered);
}

TEST(Operator, what_the_server_stumbles_over_is_tried_again_and_said_meanwhile) {
    fake::FakeKube fake;
    fake.inject(
        {.method = "PATCH", .path_part = "/statefulsets/", .times = 5, .status = 500, .reason = "InternalError"});
    fake.put(cluster());
    Running running(fake);
    const auto says_why = [&] {
        const auto found = fake.find("KafkaCluster", "a", "demo");
        for (const json& each : found->value("status", json::object()).value("conditions", json::array()))
            if (each["type"] == "Reconciling" && each["reason"] == "InternalError")
                return each["message"].get<std::string>().find("StatefulSet") != std::string::npos;
        return false;
    };
    EXPECT_TRUE(fake.await(says_why));
    EXPECT_TRUE(becomes_ready(fake));
    EXPECT_FALSE(says_why());
}

TEST(Operator, a_namespace_that_is_going_is_asked_once_and_left_alone) {
    fake::FakeKube fake;
    fake.inject({.method = "PATCH",
                 .path_part = "/gone-nodes",
                 .times = 1'000'000,
                 .status = 403,
                 .reason = "NamespaceTerminating"});
    fake.put(cluster("gone"));
    Running running(fake);
    ASSERT_TRUE(fake.await([&] { return fake.count("PATCH", "/gone") == 1; }));
    fake.put(cluster());
    ASSERT_TRUE(becomes_ready(fake));
    EXPECT_EQ(1, fake.count("PATCH", "/gone"));
}

// A14: the operator itself deletes nothing because resources are gone.
TEST(Operator, A14_resources_that_vanish_are_no_order) {
    fake::FakeKube fake;
    for (int i = 0; i < 3; ++i) fake.put(cluster("c" + std::to_string(i)));
    Running running(fake);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(becomes_ready(fake, "c" + std::to_string(i)));
    const size_t claims = fake.list("PersistentVolumeClaim").size();
    for (int i = 0; i < 3; ++i) fake.remove("KafkaCluster", "a", "c" + std::to_string(i));
    fake.put(cluster("last"));
    ASSERT_TRUE(becomes_ready(fake, "last"));
    EXPECT_EQ(0, fake.count("DELETE"));
    EXPECT_EQ(claims + 3, fake.list("PersistentVolumeClaim").size());
}

TEST(Operator, an_invalid_resource_is_told_so_and_harms_no_other) {
    fake::FakeKube fake;
    json wrong = cluster("wrong");
    wrong["spec"]["brokers"]["replicas"] = "many";
    fake.put(wrong);
    fake.put(cluster());
    Running running(fake);
    EXPECT_TRUE(becomes_ready(fake));
    EXPECT_EQ("True", condition(fake, "Stalled", "wrong"));
}

// B, of the API server's requests: killed at each write of a creation, before it was done and after. Another one goes
// on, and what there is in the end is the same, and nothing was deleted.
// Killed at this write, before or after it was done; false: the creation had fewer.
bool is_killed_and_recovers(Fault::Kind kind, int at, const std::set<std::string>& expected) {
    fake::FakeKube fake;
    fake.put(cluster());
    // Nothing that it still tries after that one is heard.
    fake.inject({.kind = kind, .method = "PATCH", .after = at, .times = 1});
    fake.inject({.method = "PATCH", .after = at, .times = 1'000'000, .status = 503});
    {
        Running killed(fake);
        const bool has_come = fake.await([&] {
            run_nodes(fake);
            return fake.count("PATCH") > at || condition(fake, "Ready") == "True";
        });
        EXPECT_TRUE(has_come);
    }
    if (fake.count("PATCH") <= at) return false;
    fake.forget_faults();
    Running next(fake);
    EXPECT_TRUE(becomes_ready(fake)) << "killed at write " << at;
    EXPECT_EQ(expected, names(fake)) << "killed at write " << at;
    EXPECT_EQ(0, fake.count("DELETE"));
    return true;
}

// B, of the requests to the API server: another one goes on, what there is in the end is the same, and nothing was
// deleted.
TEST(Operator, B_killed_at_each_write_of_a_creation_it_ends_the_same) {
    std::set<std::string> expected;
    {
        fake::FakeKube fake;
        fake.put(cluster());
        Running running(fake);
        ASSERT_TRUE(becomes_ready(fake));
        expected = names(fake);
    }
    int kills = 0;
    for (const Fault::Kind kind : {Fault::Kind::dropped, Fault::Kind::lost_answer})
        for (int at = 0; is_killed_and_recovers(kind, at, expected); ++at) ++kills;
    std::printf("kills: %d\n", kills);
    EXPECT_GE(kills, 2 * 7);  // of as many objects as a cluster has at least
}

TEST(Operator, B2_of_two_one_acts_and_the_other_follows_when_it_ends) {
    fake::FakeKube fake;
    fake.put(cluster());
    auto first = std::make_unique<Running>(fake, true, "first");
    ASSERT_TRUE(becomes_ready(fake));
    Running second(fake, true, "second");
    ASSERT_TRUE(fake.await([&] { return second.it->is_ready(); }));
    EXPECT_TRUE(first->it->is_leader());
    EXPECT_FALSE(second.it->is_leader());
    first.reset();
    fake.put(cluster("next"));
    EXPECT_TRUE(becomes_ready(fake, "next"));
    EXPECT_TRUE(second.it->is_leader());
}

TEST(Operator, A11_a_server_that_is_away_ends_leadership_and_nothing_is_written_after) {
    fake::FakeKube fake;
    fake.put(cluster());
    Running running(fake, true);
    ASSERT_TRUE(becomes_ready(fake));
    fake.pause();
    running.thread.join();
    running.thread = std::thread([] {});
    EXPECT_FALSE(running.has_ended_well);
    EXPECT_FALSE(running.it->is_leader());
    fake.resume();
    const int writes = fake.count("PATCH");
    const auto errors = [&] {
        const std::string text = running.it->metrics();
        const size_t line = text.find("milena_operator_reconcile_errors_total{");
        return text.substr(line, text.find('\n', line) - line);
    };
    const std::string before = errors();
    fake.put(cluster("next"));
    ASSERT_TRUE(fake.await([&] { return errors() != before; }));  // it has tried
    EXPECT_EQ(writes, fake.count("PATCH"));
}

TEST(Operator, its_metrics_say_what_it_watches_and_how_old_that_is) {
    fake::FakeKube fake;
    fake.put(cluster());
    Running running(fake);
    ASSERT_TRUE(becomes_ready(fake));
    for (const char* line : {"milena_operator_leader 1", "milena_operator_watch_age_seconds{kind=\"Pod\"}",
                             "milena_operator_store_objects{kind=\"KafkaCluster\"} 1",
                             "milena_operator_reconcile_seconds_bucket{kind=\"KafkaCluster\"",
                             "milena_operator_queue_age_seconds{kind=\"KafkaCluster\"}",
                             "milena_operator_brokers_desired{resource_namespace=\"a\",resource=\"demo\"} 3",
                             "milena_operator_brokers_ready{resource_namespace=\"a\",resource=\"demo\"} 3",
                             "milena_operator_roll_waiting_seconds{resource_namespace=\"a\",resource=\"demo\"} 0",
                             "milena_operator_condition{resource_namespace=\"a\",resource=\"demo\","
                             "kind=\"KafkaCluster\",type=\"Ready\",status=\"True\"} 1",
                             "milena_operator_steps_total{kind=\"KafkaCluster\"}"})
        EXPECT_TRUE(fake.await([&] { return running.it->metrics().find(line) != std::string::npos; })) << line;
    EXPECT_TRUE(running.it->is_live());
}

}  // namespace
}  // namespace milena
