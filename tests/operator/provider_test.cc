// What a cluster for tests neither gives nor enforces, and the fake API server stands for: addresses of load balancers,
// network policies, volumes that grow in their own time.
#include <gtest/gtest.h>

#include "api/time_text.h"
#include "operator/running.h"

namespace milena {
namespace {

std::string said(const fake::FakeKube& fake, const char* type, const char* part = "status") {
    return condition_of(fake.find("KafkaCluster", "a", "demo"), type, part);
}

void edit(fake::FakeKube& fake, const std::function<void(json& spec)>& change) {
    json object = fake.find("KafkaCluster", "a", "demo").value();
    change(object["spec"]);
    fake.put(object);
}

// --- Load balancers

// As ContentBrokers, whose addresses change while they run.
class MovingBrokers final : public admin::Brokers {
  public:
    plan::Answers ask(const plan::Questions& questions) override {
        plan::Answers answers = content_.ask(questions);
        if (answers.config_schema)
            (**answers.config_schema)["advertised.listeners"] = {plan::Change::live_per_broker, {}, "list"};
        return answers;
    }
    Result<void, admin::Refusal> order(const plan::Action& action) override {
        if (const auto* alter = std::get_if<plan::AlterBrokerConfig>(&action); alter != nullptr && alter->broker) {
            const std::lock_guard lock(mutex_);
            const auto found = alter->set.find("advertised.listeners");
            moved_[*alter->broker] = found == alter->set.end() ? "" : found->second;
        }
        return content_.order(action);
    }
    std::map<int64_t, std::string> moved() const {
        const std::lock_guard lock(mutex_);
        return moved_;
    }

  private:
    ContentBrokers content_;
    mutable std::mutex mutex_;
    std::map<int64_t, std::string> moved_;
};

struct LoadBalancers : testing::Test {
    LoadBalancers() {
        json object = cluster();
        object["metadata"]["creationTimestamp"] = api::time_text(clock.wall());
        object["spec"]["listeners"] = {
            {{"name", "plain"}, {"type", "Internal"}, {"port", 9092}},
            {{"name", "outside"}, {"type", "LoadBalancer"}, {"port", 9094}, {"annotations", {{"scheme", "internal"}}}}};
        fake.put(object);
        running = std::make_unique<Running>(fake, false, "one", std::make_shared<KeptTopics>(), brokers);
    }
    std::optional<json> service(int id) const {
        return fake.find("Service", "a", "demo-outside-" + std::to_string(id));
    }
    void give(int id, const json& address) {
        json given = service(id).value();
        given["status"]["loadBalancer"]["ingress"] = json::array({address});
        fake.put(given);
    }
    bool are_asked_for() {
        return fake.await([&] { return service(0) && service(1) && service(2); });
    }
    std::string bootstrap() const {
        const json listeners = (*fake.find("KafkaCluster", "a", "demo"))["status"].value("listeners", json::array());
        return listeners.size() < 2 ? "" : listeners[1].value("bootstrap", "");
    }
    std::string file_of(int id) const {
        const auto map = fake.find("ConfigMap", "a", "demo-config");
        return map ? (*map)["data"].value("demo-brokers-" + std::to_string(id) + ".properties", "") : "";
    }

    env::SystemClock clock;
    fake::FakeKube fake;
    std::shared_ptr<MovingBrokers> brokers = std::make_shared<MovingBrokers>();
    std::unique_ptr<Running> running;
};

TEST_F(LoadBalancers, each_broker_has_one_and_waits_for_its_address_which_its_file_and_the_status_tell) {
    ASSERT_TRUE(are_asked_for());
    for (int id = 0; id < 3; ++id) {
        EXPECT_EQ("LoadBalancer", (*service(id))["spec"]["type"]);
        EXPECT_EQ("internal", (*service(id))["metadata"]["annotations"]["scheme"]);
    }
    ASSERT_TRUE(fake.await([&] { return said(fake, "ListenersReady", "reason") == "AddressPending"; }));
    EXPECT_TRUE(fake.list("StatefulSet").empty()) << "its brokers would have to be restarted";
    give(0, {{"ip", "192.0.2.10"}});
    give(1, {{"hostname", "broker-1.example.com"}});
    give(2, {{"ip", "2001:db8::2"}});
    ASSERT_TRUE(becomes_ready(fake)) << fake.find("KafkaCluster", "a", "demo")->dump(1);
    EXPECT_EQ("192.0.2.10:9094,broker-1.example.com:9094,[2001:db8::2]:9094", bootstrap());
    EXPECT_NE(std::string::npos, file_of(0).find("OUTSIDE://192.0.2.10:9094")) << file_of(0);
    EXPECT_NE(std::string::npos, file_of(1).find("OUTSIDE://broker-1.example.com:9094")) << file_of(1);
    EXPECT_EQ("True", said(fake, "ListenersReady"));
    EXPECT_EQ(0, fake.count("DELETE"));
}

TEST_F(LoadBalancers, an_address_that_changes_is_given_to_its_broker_while_it_runs) {
    ASSERT_TRUE(are_asked_for());
    for (int id = 0; id < 3; ++id) give(id, {{"ip", "192.0.2." + std::to_string(id)}});
    ASSERT_TRUE(becomes_ready(fake));
    give(1, {{"ip", "198.51.100.1"}});
    EXPECT_TRUE(fake.await([&] { return brokers->moved()[1] == "OUTSIDE://198.51.100.1:9094"; }));
    EXPECT_TRUE(fake.await([&] { return bootstrap() == "192.0.2.0:9094,198.51.100.1:9094,192.0.2.2:9094"; }));
    ASSERT_TRUE(becomes_ready(fake));
    for (const int id : {0, 2}) EXPECT_EQ("", brokers->moved()[id]) << "where its file says";
    EXPECT_EQ(0, fake.count("DELETE"));
}

TEST_F(LoadBalancers, go_with_their_brokers_and_with_their_listener) {
    ASSERT_TRUE(are_asked_for());
    for (int id = 0; id < 3; ++id) give(id, {{"ip", "192.0.2." + std::to_string(id)}});
    ASSERT_TRUE(becomes_ready(fake));
    edit(fake, [](json& spec) { spec["listeners"].erase(1); });
    EXPECT_TRUE(fake.await([&] {
        run_nodes(fake);
        return !service(0) && !service(1) && !service(2);
    }));
}

// --- Network policies

bool selects(const json& selector, const json& labels) {
    const json wanted = selector.value("matchLabels", json::object());
    return std::ranges::all_of(wanted.items(), [&](const auto& each) {
        return labels.contains(each.key()) && labels[each.key()] == each.value();
    });
}

struct Caller {
    std::string space;
    json labels;
};

bool is_let_in(const json& peer, const std::string& space, const Caller& caller) {
    if (peer.contains("namespaceSelector")) {
        EXPECT_EQ(json::object(), peer["namespaceSelector"]) << "labels of namespaces are not looked at here";
    } else if (caller.space != space) {
        return false;
    }
    return selects(peer.value("podSelector", json::object()), caller.labels);
}

bool lets_through(const json& rule, const std::string& space, const Caller& caller, int64_t port) {
    const auto is_port = [&](const json& each) {
        return each["port"] == port && each.value("protocol", "TCP") == "TCP";
    };
    const auto is_peer = [&](const json& each) { return is_let_in(each, space, caller); };
    return (!rule.contains("ports") || std::ranges::any_of(rule["ports"], is_port)) &&
           (!rule.contains("from") || std::ranges::any_of(rule["from"], is_peer));
}

// As a network that enforces them reads them: a pod that no policy selects is open, any other takes what one of the
// rules lets through.
bool reaches(const fake::FakeKube& fake, const Caller& caller, const json& pod, int64_t port) {
    const std::string space = kube::key_of(pod).space;
    bool is_open = true;
    for (const json& policy : fake.list("NetworkPolicy")) {
        if (kube::key_of(policy).space != space || !selects(policy["spec"]["podSelector"], pod["metadata"]["labels"]))
            continue;
        is_open = false;
        for (const json& rule : policy["spec"]["ingress"])
            if (lets_through(rule, space, caller, port)) return true;
    }
    return is_open;
}

TEST(NetworkPolicies, clients_reach_listeners_and_metrics_and_only_nodes_and_the_operator_what_is_between_nodes) {
    fake::FakeKube fake;
    for (const char* name : {"demo", "other"}) {
        json object = cluster(name);
        object["spec"]["listeners"] = {{{"name", "plain"}, {"type", "Internal"}, {"port", 9092}},
                                       {{"name", "nodes"}, {"type", "NodePort"}, {"port", 9094}}};
        fake.put(object);
    }
    fake.put({{"apiVersion", "v1"},
              {"kind", "Node"},
              {"metadata", {{"name", "node-1"}}},
              {"status", {{"addresses", {{{"type", "InternalIP"}, {"address", "10.0.0.1"}}}}}}});
    Running running(fake);
    ASSERT_TRUE(fake.await([&] {
        run_nodes(fake);
        return fake.list("Pod").size() == 6 && fake.list("NetworkPolicy").size() == 2;
    }));
    const json pod = fake.find("Pod", "a", "demo-brokers-0").value();
    const Caller client{"shop", {{"app", "orders"}}};
    const Caller an_operator{"milena-system", {{"app.kubernetes.io/name", "milena-operator"}}};
    const Caller node{"a", fake.find("Pod", "a", "demo-brokers-1").value()["metadata"]["labels"]};
    const Caller stranger{"a", fake.find("Pod", "a", "other-brokers-0").value()["metadata"]["labels"]};
    const Caller namesake{"b", node.labels};
    const std::set<int64_t> open{9092, 9094, 9644};
    std::set<int64_t> ports;
    for (const json& each : pod["spec"]["containers"][0]["ports"]) ports.insert(each["containerPort"].get<int64_t>());
    EXPECT_EQ((std::set<int64_t>{9092, 9094, 9190, 9191, 9644}), ports);
    for (const int64_t port : ports) {
        EXPECT_EQ(open.contains(port), reaches(fake, client, pod, port)) << port;
        EXPECT_EQ(open.contains(port), reaches(fake, stranger, pod, port)) << port;
        EXPECT_EQ(open.contains(port), reaches(fake, namesake, pod, port)) << port;
        EXPECT_TRUE(reaches(fake, node, pod, port)) << port;
        EXPECT_TRUE(reaches(fake, an_operator, pod, port)) << port;
    }
    EXPECT_FALSE(reaches(fake, client, pod, 22));
}

// --- Volumes

struct Volumes : testing::Test {
    // The provider enlarges what it is told to.
    void begin(bool may_grow) {
        fake.put({{"apiVersion", "storage.k8s.io/v1"},
                  {"kind", "StorageClass"},
                  {"metadata", {{"name", "fast"}}},
                  {"allowVolumeExpansion", may_grow}});
        json object = cluster();
        object["spec"]["brokers"]["storage"]["class"] = "fast";
        fake.put(object);
        running = std::make_unique<Running>(fake);
        ASSERT_TRUE(becomes_ready(fake));
        for (const json& pod : fake.list("Pod")) pods.insert(kube::uid_of(pod));
    }
    void resize(const char* size) {
        edit(fake, [&](json& spec) { spec["brokers"]["storage"]["size"] = size; });
    }
    json claim(int id) const {
        return fake.find("PersistentVolumeClaim", "a", "data-demo-brokers-" + std::to_string(id)).value();
    }
    bool is_asked_to_grow(int id) const { return claim(id)["spec"]["resources"]["requests"]["storage"] == "2Gi"; }
    bool are_asked_to_grow() {
        return fake.await([&] { return is_asked_to_grow(0) && is_asked_to_grow(1) && is_asked_to_grow(2); });
    }
    void enlarge(int id) {
        json object = claim(id);
        object["status"]["capacity"]["storage"] = "2Gi";
        object["status"].erase("conditions");
        fake.put(object);
    }
    void fail(int id, const char* message) {
        json object = claim(id);
        object["status"]["conditions"] = {
            {{"type", "ControllerResizeError"}, {"status", "True"}, {"message", message}}};
        fake.put(object);
    }
    bool becomes(const char* type, const char* part, const std::string& value) {
        return fake.await([&] { return said(fake, type, part) == value; });
    }
    std::string template_size() const {
        const std::vector<json> sets = fake.list("StatefulSet");
        if (sets.size() != 1) return "";
        return sets[0]["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"];
    }
    bool are_pods_untouched() const {
        std::set<std::string> now;
        for (const json& pod : fake.list("Pod")) now.insert(kube::uid_of(pod));
        return now == pods;
    }

    fake::FakeKube fake;
    std::unique_ptr<Running> running;
    std::set<std::string> pods;
};

TEST_F(Volumes, E7_grow_one_after_the_other_and_no_pod_is_touched) {
    begin(true);
    resize("2Gi");
    ASSERT_TRUE(are_asked_to_grow());
    ASSERT_TRUE(becomes("StorageReady", "reason", "Growing")) << said(fake, "StorageReady", "reason");
    for (int id = 0; id < 3; ++id) {
        EXPECT_EQ("False", said(fake, "StorageReady"));
        enlarge(id);
    }
    EXPECT_TRUE(fake.await([&] {
        return said(fake, "StorageReady") == "True" && said(fake, "Reconciling") == "False" && template_size() == "2Gi";
    }));
    EXPECT_TRUE(are_pods_untouched());
    EXPECT_EQ(3u, fake.list("PersistentVolumeClaim").size());
}

TEST_F(Volumes, E7_of_a_class_that_does_not_grow_are_left_alone_and_that_is_said) {
    begin(false);
    resize("2Gi");
    ASSERT_TRUE(becomes("Stalled", "reason", "ExpansionUnsupported"));
    EXPECT_NE(std::string::npos, said(fake, "StorageReady", "message").find("allowVolumeExpansion"));
    EXPECT_FALSE(is_asked_to_grow(0));
    EXPECT_EQ("1Gi", template_size());
    EXPECT_EQ("True", said(fake, "Ready")) << "it serves as before";
    resize("1Gi");
    EXPECT_TRUE(becomes("Stalled", "status", "False"));
    EXPECT_TRUE(becomes("StorageReady", "status", "True"));
    EXPECT_TRUE(are_pods_untouched());
    EXPECT_EQ(0, fake.count("DELETE"));
}

TEST_F(Volumes, E7_one_that_its_provider_fails_to_enlarge_holds_no_other_up) {
    begin(true);
    resize("2Gi");
    ASSERT_TRUE(are_asked_to_grow());
    fail(1, "the project has no quota left");
    enlarge(0);
    enlarge(2);
    ASSERT_TRUE(becomes("StorageReady", "reason", "ExpansionFailed"));
    EXPECT_NE(std::string::npos, said(fake, "StorageReady", "message").find("no quota left"));
    const auto brokers = std::dynamic_pointer_cast<ContentBrokers>(running->brokers);
    const int orders = brokers->orders;
    edit(fake, [](json& spec) { spec["config"] = {{"log.retention.ms", "1000"}}; });
    EXPECT_TRUE(fake.await([&] { return brokers->orders > orders; })) << "its settings still change";
    enlarge(1);
    EXPECT_TRUE(becomes("StorageReady", "status", "True"));
    EXPECT_TRUE(are_pods_untouched());
}

TEST_F(Volumes, E7_do_not_shrink) {
    begin(true);
    resize("500Mi");
    ASSERT_TRUE(becomes("Stalled", "reason", "CannotShrink"));
    EXPECT_FALSE(fake.list("StatefulSet").empty());
    resize("1Gi");
    EXPECT_TRUE(becomes("Stalled", "status", "False"));
    EXPECT_TRUE(are_pods_untouched());
    EXPECT_EQ(0, fake.count("DELETE"));
}

}  // namespace
}  // namespace milena
