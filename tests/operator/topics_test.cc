// G, A14 and B: KafkaTopics by the operator as a whole, against the fake API server and brokers that keep topics.
#include <gtest/gtest.h>

#include "cases.h"
#include "operator/running.h"
#include "reconcile/letting_go.h"

namespace milena {
namespace {

using fake::Fault;

// A cluster that is ready.
struct TopicsOfACluster : testing::Test {
    TopicsOfACluster() {
        fake.put(name_space("a"));
        fake.put(cluster());
        running = std::make_unique<Running>(fake);
        EXPECT_TRUE(becomes_ready(fake));
    }

    std::optional<json> find(const std::string& name) const { return fake.find("KafkaTopic", "a", name); }
    std::string of(const std::string& name, const std::string& type, const char* part = "status") const {
        return condition_of(find(name), type, part);
    }
    bool becomes(const std::string& name, const std::string& type, const std::string& value,
                 const char* part = "status") {
        return fake.await([&] { return of(name, type, part) == value; });
    }
    void edit(const std::string& name, const std::function<void(json& spec)>& change) {
        json object = find(name).value();
        change(object["spec"]);
        fake.put(object);
    }
    bool has_event(const std::string& reason) const {
        for (const json& event : fake.list("Event"))
            if (event.value("reason", "") == reason) return true;
        return false;
    }
    KeptTopics& kept() { return *running->topics; }

    fake::FakeKube fake;
    std::unique_ptr<Running> running;
};

TEST_F(TopicsOfACluster, G_a_topic_is_created_grows_and_is_told_what_it_is) {
    fake.put(topic("orders"));
    ASSERT_TRUE(becomes("orders", "Ready", "True")) << find("orders")->dump(1);
    EXPECT_EQ(3u, kept().find("orders")->partitions.size());
    const json status = (*find("orders"))["status"];
    EXPECT_EQ(kept().find("orders")->id, status["topicId"].get<std::string>());
    EXPECT_EQ("3/3", status["inSync"]);
    EXPECT_EQ("Healthy", status["health"]);
    EXPECT_EQ(1, status["observedGeneration"]);
    EXPECT_EQ("True", of("orders", "InSync"));
    edit("orders", [](json& spec) {
        spec["partitions"] = 5;
        spec["replicationFactor"] = 3;
        spec["config"] = {{"cleanup.policy", "compact"}};
    });
    ASSERT_TRUE(fake.await([&] { return (*find("orders"))["status"].value("observedGeneration", 0) == 2; }));
    const plan::TopicInfo info = kept().find("orders").value();
    EXPECT_EQ(5u, info.partitions.size());
    for (const plan::TopicPartition& partition : info.partitions) EXPECT_EQ(3u, partition.replicas.size());
    EXPECT_EQ((std::map<std::string, std::string>{{"cleanup.policy", "compact"}}), info.config);
}

TEST_F(TopicsOfACluster, G_size_and_lag_are_told_without_an_event) {
    fake.put(topic("orders"));
    ASSERT_TRUE(becomes("orders", "Ready", "True"));
    kept().change([](auto& topics) { topics.at("orders").figures = {4096, 7, "readers"}; });
    ASSERT_TRUE(fake.await([&] { return (*find("orders"))["status"].value("lag", 0) == 7; }));
    EXPECT_EQ(4096, (*find("orders"))["status"]["sizeBytes"]);
    EXPECT_EQ("readers", (*find("orders"))["status"]["lagGroup"]);
}

// However long that takes: the next look is an interval after the last one, not after its end.
TEST_F(TopicsOfACluster, G_each_look_at_all_topics_measures_them) {
    kept().measuring = Milliseconds(30);
    fake.put(topic("orders"));
    ASSERT_TRUE(becomes("orders", "Ready", "True"));
    const int requests = kept().requests, measured = kept().measured;
    ASSERT_TRUE(fake.await([&] { return kept().requests >= requests + 12; }));
    EXPECT_GE(kept().measured, measured + 5);
}

TEST_F(TopicsOfACluster, G_what_a_client_changes_is_changed_back) {
    fake.put(topic("orders"));
    ASSERT_TRUE(becomes("orders", "Ready", "True"));
    kept().change([](auto& topics) { topics.at("orders").config["retention.ms"] = "5"; });
    ASSERT_TRUE(fake.await([&] { return kept().find("orders")->config.at("retention.ms") == "1000"; }));
    EXPECT_TRUE(fake.await([&] { return has_event("DriftUndone"); }));
    kept().change([](auto& topics) { topics.clear(); });
    ASSERT_TRUE(fake.await([&] { return kept().find("orders").has_value(); }));
    EXPECT_TRUE(fake.await([&] { return has_event("TopicRecreated"); }));
}

TEST_F(TopicsOfACluster, G_deleted_with_its_resource_only_if_that_says_so) {
    fake.put(topic("kept"));
    fake.put(topic("deleted", "Delete"));
    ASSERT_TRUE(becomes("kept", "Ready", "True"));
    ASSERT_TRUE(becomes("deleted", "Ready", "True"));
    fake.remove("KafkaTopic", "a", "kept");
    fake.remove("KafkaTopic", "a", "deleted");
    ASSERT_TRUE(fake.await([&] { return !find("kept") && !find("deleted"); }));
    EXPECT_TRUE(kept().find("kept"));
    EXPECT_FALSE(kept().find("deleted"));
}

// The operator was uninstalled.
TEST_F(TopicsOfACluster, G_that_were_let_go_of_can_be_deleted_without_an_operator) {
    for (const char* name : {"one", "two", "retained"}) {
        fake.put(topic(name, name == std::string("retained") ? "Retain" : "Delete"));
        ASSERT_TRUE(becomes(name, "Ready", "True"));
    }
    running.reset();
    env::SystemClock clock;
    const auto transport =
        kube::make_cpprest_transport(std::make_shared<kube::Access>(kube::AccessConfig{.server = fake.url()}, clock));
    kube::Client client(*transport);
    fake.inject({.method = "PATCH", .path_part = "/kafkatopics/one", .times = 1, .status = 409, .reason = "Conflict"});
    const auto count = reconcile::let_go_of_topics(client, "a", clock);
    ASSERT_TRUE(count.has_value()) << count.error().to_string();
    EXPECT_GE(*count, 2u);
    EXPECT_EQ(0u, reconcile::let_go_of_topics(client, "a", clock).value());
    fake.remove("KafkaTopic", "a", "one");
    EXPECT_FALSE(find("one"));
}

TEST_F(TopicsOfACluster, G_of_two_for_one_topic_one_has_it_and_the_other_follows) {
    fake.put(topic("orders"));
    ASSERT_TRUE(becomes("orders", "Ready", "True"));
    json second = topic("second");
    second["spec"]["topicName"] = "orders";
    fake.put(second);
    ASSERT_TRUE(becomes("second", "Conflict", "True"));
    EXPECT_NE(std::string::npos, of("second", "Conflict", "message").find("a/orders"));
    fake.remove("KafkaTopic", "a", "orders");
    EXPECT_TRUE(becomes("second", "Ready", "True"));
    EXPECT_EQ("False", of("second", "Conflict"));
}

TEST_F(TopicsOfACluster, G_what_brokers_refuse_is_said_and_harms_no_other) {
    kept().refuse("refused");
    fake.put(topic("refused"));
    fake.put(topic("orders"));
    ASSERT_TRUE(becomes("orders", "Ready", "True"));
    ASSERT_TRUE(becomes("refused", "Stalled", "True"));
    EXPECT_NE(std::string::npos, of("refused", "Ready", "message").find("POLICY_VIOLATION"));
    for (const char* line : {"milena_operator_topics{resource_namespace=\"a\",resource=\"demo\",ready=\"True\"} 1",
                             "milena_operator_topics{resource_namespace=\"a\",resource=\"demo\",ready=\"False\"} 1"})
        EXPECT_TRUE(fake.await([&] { return running->it->metrics().find(line) != std::string::npos; })) << line;
    const int writes = fake.count("PATCH", "/kafkatopics/refused/status");
    EXPECT_LE(writes, 2);
}

TEST_F(TopicsOfACluster, F_an_invalid_resource_is_told_so_and_harms_no_other) {
    json wrong = topic("wrong");
    wrong["spec"]["partitions"] = "many";
    fake.put(wrong);
    fake.put(topic("orders"));
    EXPECT_TRUE(becomes("orders", "Ready", "True"));
    EXPECT_TRUE(becomes("wrong", "Stalled", "True"));
}

TEST_F(TopicsOfACluster, G_paused_nothing_is_done_and_then_it_is) {
    json paused = *fake.find("KafkaCluster", "a", "demo");
    paused["spec"]["paused"] = true;
    fake.put(paused);
    ASSERT_TRUE(fake.await([&] { return condition(fake, "Paused") == "True"; }));
    fake.put(topic("orders"));
    ASSERT_TRUE(becomes("orders", "Paused", "True"));
    EXPECT_EQ(0u, kept().size());
    paused = *fake.find("KafkaCluster", "a", "demo");
    paused["spec"]["paused"] = false;
    fake.put(paused);
    EXPECT_TRUE(becomes("orders", "Ready", "True"));
}

TEST_F(TopicsOfACluster, G_a_cluster_that_is_deleted_first_holds_no_topic) {
    fake.put(topic("orders", "Delete"));
    ASSERT_TRUE(becomes("orders", "Ready", "True"));
    fake.remove("KafkaCluster", "a", "demo");
    ASSERT_TRUE(becomes("orders", "Ready", "ClusterMissing", "reason"));
    fake.remove("KafkaTopic", "a", "orders");
    EXPECT_TRUE(fake.await([&] { return !find("orders"); }));
    EXPECT_TRUE(kept().find("orders")) << "nobody could be asked";
}

// The namespace goes, and with it at some time the brokers: the topic is left to them.
TEST_F(TopicsOfACluster, G_a_namespace_that_is_deleted_holds_no_topic) {
    fake.put(topic("orders", "Delete"));
    ASSERT_TRUE(becomes("orders", "Ready", "True"));
    fake.remove("Namespace", "", "a");
    fake.remove("KafkaTopic", "a", "orders");
    EXPECT_TRUE(fake.await([&] { return !find("orders"); }));
    EXPECT_TRUE(kept().find("orders"));
}

TEST_F(TopicsOfACluster, A14_when_most_topics_go_at_once_nothing_is_deleted_and_it_is_said) {
    const auto name = [](int i) { return "t" + std::to_string(i); };
    for (int i = 0; i < 15; ++i) fake.put(topic(name(i), "Delete"));
    ASSERT_TRUE(fake.await([&] {
        for (int i = 0; i < 15; ++i)
            if (of(name(i), "Ready") != "True") return false;
        return true;
    }));
    for (int i = 0; i < 15; ++i) fake.remove("KafkaTopic", "a", name(i));
    for (int i = 0; i < 15; ++i) ASSERT_TRUE(becomes(name(i), "DeletionBlocked", "ManyAtOnce", "reason")) << i;
    EXPECT_EQ(15u, kept().size());
    EXPECT_NE(std::string::npos, running->it->metrics().find("milena_operator_brake{kind=\"KafkaTopic\"} 1"));
    // The way out, one at a time.
    edit(name(3), [](json& spec) { spec["deletionPolicy"] = "Retain"; });
    EXPECT_TRUE(fake.await([&] { return !find(name(3)); }));
    EXPECT_EQ(15u, kept().size());
}

TEST_F(TopicsOfACluster, A14_topics_that_go_with_their_namespace_keep_no_other_from_going) {
    json open = *fake.find("KafkaCluster", "a", "demo");
    open["spec"]["topicNamespaces"] = json::array({"b"});
    fake.put(open);
    fake.put(name_space("b"));
    const auto name = [](int i) { return "b" + std::to_string(i); };
    const auto find_b = [&](int i) { return fake.find("KafkaTopic", "b", name(i)); };
    for (int i = 0; i < 30; ++i) {
        json of_b = topic(name(i), i % 2 == 0 ? "Delete" : "Retain");
        of_b["metadata"]["namespace"] = "b";
        of_b["spec"]["clusterRef"]["namespace"] = "a";
        fake.put(of_b);
    }
    fake.put(topic("orders", "Delete"));
    ASSERT_TRUE(becomes("orders", "Ready", "True"));
    for (int i = 0; i < 30; ++i)
        ASSERT_TRUE(fake.await([&] { return condition_of(find_b(i), "Ready") == "True"; })) << name(i);
    fake.remove("Namespace", "", "b");
    for (int i = 0; i < 30; ++i) fake.remove("KafkaTopic", "b", name(i));
    fake.remove("KafkaTopic", "a", "orders");
    ASSERT_TRUE(fake.await([&] { return !find("orders"); })) << find("orders")->dump(1);
    EXPECT_FALSE(kept().find("orders"));
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(fake.await([&] { return !find_b(i); })) << name(i);
    EXPECT_EQ(30u, kept().size()) << "what goes with its namespace leaves its topic";
    EXPECT_NE(std::string::npos, running->it->metrics().find("milena_operator_brake{kind=\"KafkaTopic\"} 0"));
}

TEST_F(TopicsOfACluster, A14_topics_that_vanish_without_a_word_are_no_order) {
    for (const char* name : {"one", "two"}) fake.put(topic(name));
    for (const char* name : {"one", "two"}) ASSERT_TRUE(becomes(name, "Ready", "True"));
    for (const char* name : {"one", "two"}) fake.remove("KafkaTopic", "a", name);
    fake.put(topic("last"));
    ASSERT_TRUE(becomes("last", "Ready", "True"));
    EXPECT_EQ(3u, kept().size());
}

TEST(Topics, G_a_topic_waits_for_its_cluster) {
    fake::FakeKube fake;
    fake.put(topic("orders"));
    Running running(fake);
    const auto reason = [&] { return condition_of(fake.find("KafkaTopic", "a", "orders"), "Ready", "reason"); };
    ASSERT_TRUE(fake.await([&] { return reason() == "ClusterMissing"; }));
    fake.put(cluster());
    ASSERT_TRUE(becomes_ready(fake));
    EXPECT_TRUE(fake.await([&] { return reason() == "Serving"; }));
}

// Says how long it took; how long it may take on a real cluster is said in tests/e2e/test_figures.py.
TEST_F(TopicsOfACluster, a_thousand_topics_become_ready_with_few_writes) {
    const int count = static_cast<int>(cases(1000));
    std::vector<std::string> names;
    for (int i = 0; i < count; ++i) names.push_back("t" + std::to_string(i));
    for (const std::string& name : names) fake.put(topic(name, "Delete"));
    const auto begin = std::chrono::steady_clock::now();
    for (const std::string& name : names) ASSERT_TRUE(fake.await([&] { return of(name, "Ready") == "True"; })) << name;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const int writes = fake.count("PATCH", "/kafkatopics/") + fake.count("PUT", "/kafkatopics/");
    std::printf("%d topics in %.1f s, %.2f writes each, %d requests to brokers\n", count, seconds,
                static_cast<double>(writes) / count, kept().requests.load());
    std::map<std::string, int> by_path;
    for (const fake::Logged& logged : fake.log())
        if (logged.method == "PATCH") ++by_path[logged.path.substr(0, logged.path.rfind("/status"))];
    for (const std::string& name : names)
        EXPECT_LE(by_path["/apis/milena.dev/v1alpha1/namespaces/a/kafkatopics/" + name], 3);
    EXPECT_LE(writes, 3 * count);
    EXPECT_LT(kept().requests, count) << "many topics are a few requests";
}

// Killed at this write to a topic, before or after it was done; false: the life of the topic had fewer.
bool is_killed_and_recovers(Fault::Kind kind, int at) {
    fake::FakeKube fake;
    const auto kept = std::make_shared<KeptTopics>();
    const auto find = [&] { return fake.find("KafkaTopic", "a", "orders"); };
    const auto is_ready = [&] { return condition_of(find(), "Ready") == "True"; };
    fake.put(name_space("a"));
    fake.put(cluster());
    fake.inject({.kind = kind, .method = "PATCH", .path_part = "/kafkatopics/", .after = at, .times = 1});
    // Nothing that it still tries after that one is heard.
    fake.inject({.method = "PATCH", .path_part = "/kafkatopics/", .after = at, .times = 1'000'000, .status = 503});
    const auto was_killed = [&] { return fake.count("PATCH", "/kafkatopics/") > at; };
    {
        Running killed(fake, false, "killed", kept);
        EXPECT_TRUE(becomes_ready(fake));
        json made = topic("orders", "Delete");
        made["spec"]["adoption"] = "Never";
        fake.put(made);
        EXPECT_TRUE(fake.await([&] { return was_killed() || is_ready(); }));
        if (!was_killed()) {
            fake.remove("KafkaTopic", "a", "orders");
            EXPECT_TRUE(fake.await([&] { return was_killed() || !find(); }));
        }
    }
    if (!was_killed()) return false;
    fake.forget_faults();
    Running next(fake, false, "next", kept);
    const bool is_deleting = find() && !kube::metadata_text(*find(), "deletionTimestamp").empty();
    if (find() && !is_deleting) {
        EXPECT_TRUE(fake.await(is_ready)) << "killed at write " << at << find()->dump(1);
        EXPECT_TRUE(kept->find("orders"));
        fake.remove("KafkaTopic", "a", "orders");
    }
    EXPECT_TRUE(fake.await([&] { return !find(); })) << "killed at write " << at;
    EXPECT_FALSE(kept->find("orders")) << "killed at write " << at;
    return true;
}

TEST(Topics, B_killed_at_each_write_of_its_life_a_topic_ends_the_same) {
    int kills = 0;
    for (const Fault::Kind kind : {Fault::Kind::dropped, Fault::Kind::lost_answer})
        for (int at = 0; is_killed_and_recovers(kind, at); ++at) ++kills;
    std::printf("kills: %d\n", kills);
    EXPECT_GE(kills, 2 * 4);  // it says that it creates, holds, says that it is ready, lets go
}

// A13: who takes the lease over from one that had seen more does nothing until it has seen as much.
TEST(Topics, A13_an_old_server_is_not_believed_after_another_leader) {
    fake::FakeKube fake;
    fake.put(cluster());
    fake.put({{"apiVersion", "coordination.k8s.io/v1"},
              {"kind", "Lease"},
              {"metadata",
               {{"namespace", "a"},
                {"name", "milena-operator"},
                {"annotations", {{"milena.dev/resource-version", std::to_string(fake.version() + 1000)}}}}},
              {"spec", {{"holderIdentity", ""}, {"leaseDurationSeconds", 1}}}});
    Running running(fake, true);
    ASSERT_TRUE(fake.await([&] { return running.it->is_leader() && running.it->is_ready(); }));
    ASSERT_TRUE(fake.await([&] { return fake.count("LIST", "/kafkaclusters") >= 3; }));
    EXPECT_EQ(0, fake.count("PATCH"));
    fake.change([](fake::Objects& objects) { objects.skip_versions(1000); });
    EXPECT_TRUE(becomes_ready(fake));
}

}  // namespace
}  // namespace milena
