#include "resource/objects.h"

#include <gtest/gtest.h>

namespace milena::resource {
namespace {

using Json = nlohmann::json;

struct Objects : testing::Test {
    Objects() {
        cluster.metadata.name = "demo";
        cluster.metadata.name_space = "shop";
        cluster.metadata.uid = "0b0e0a8e-6f2b-4b5a-9d54-0d5e5a4b1c11";
        cluster.spec.version = "1";
        cluster.spec.brokers.replicas = 4;
        cluster.spec.brokers.storage.size = "10Gi";
    }
    Wanted wanted() {
        return {cluster, found(cluster), "milena:1", cluster.spec.config, external, listeners_of(cluster.spec)};
    }
    Pool pool(size_t index = 0) { return pools_of(cluster.spec)[index]; }
    static std::string line(const std::string& text, const std::string& name) {
        const size_t at = text.find("\n" + name + "=");
        if (at == std::string::npos) return "";
        const size_t begin = at + name.size() + 2;
        return text.substr(begin, text.find('\n', begin) - begin);
    }

    api::KafkaCluster cluster;
    std::map<std::pair<std::string, int64_t>, Address> external;
};

TEST_F(Objects, the_first_three_brokers_are_controllers_as_well) {
    const std::string first = properties(wanted(), pool(), 0), last = properties(wanted(), pool(), 3);
    EXPECT_EQ(line(first, "process.roles"), "broker,controller");
    EXPECT_EQ(line(first, "controller.quorum.voters"),
              "0@demo-brokers-0.demo-nodes.shop.svc:9190,1@demo-brokers-1.demo-nodes.shop.svc:9190,"
              "2@demo-brokers-2.demo-nodes.shop.svc:9190");
    EXPECT_EQ(line(first, "listeners"), "PLAIN://:9092,REPLICATION://:9191,CONTROLLER://:9190");
    EXPECT_EQ(line(first, "listener.security.protocol.map"), "PLAIN:PLAINTEXT,REPLICATION:GRPC,CONTROLLER:GRPC");
    EXPECT_EQ(line(first, "log.dirs"), "/var/lib/milena/data/log");
    EXPECT_EQ(line(first, "min.insync.replicas"), "2");
    EXPECT_EQ(line(last, "process.roles"), "broker");
    EXPECT_EQ(line(last, "listeners"), "PLAIN://:9092,REPLICATION://:9191");
    EXPECT_EQ(line(last, "node.id"), "3");
}

TEST_F(Objects, pools_have_roles_and_node_ids_of_their_own) {
    api::NodePool controllers;
    controllers.name = "quorum";
    controllers.roles = {"Controller"};
    controllers.first_node_id = 1000;
    controllers.storage.size = "1Gi";
    cluster.spec.node_pools = {controllers};
    EXPECT_EQ(found(cluster).voters, (std::vector<int64_t>{1000, 1001, 1002}));
    EXPECT_EQ(line(properties(wanted(), pool(), 0), "process.roles"), "broker");
    const std::string file = properties(wanted(), pool(1), 1001);
    EXPECT_EQ(line(file, "process.roles"), "controller");
    EXPECT_EQ(line(file, "listeners"), "CONTROLLER://:9190");
    EXPECT_EQ(stateful_set(wanted(), pool(1), 3, {})["spec"]["ordinals"]["start"], 1000);
}

TEST_F(Objects, users_settings_come_before_our_defaults_and_are_escaped) {
    cluster.spec.config = {{"min.insync.replicas", "1"}, {"odd", " a\\b\nnode.id=9"}};
    const std::string file = properties(wanted(), pool(), 0);
    EXPECT_EQ(line(file, "min.insync.replicas"), "1");
    EXPECT_EQ(line(file, "odd"), "\\ a\\\\b\\nnode.id=9");
    EXPECT_EQ(line(file, "node.id"), "0");
}

TEST_F(Objects, the_cluster_id_is_the_same_for_the_same_resource_only) {
    const std::string id = found(cluster).cluster_id;
    EXPECT_EQ(id, found(cluster).cluster_id);
    EXPECT_EQ(id.size(), 22u);
    EXPECT_NE(id[0], '-');
    cluster.metadata.uid = "1b0e0a8e-6f2b-4b5a-9d54-0d5e5a4b1c11";
    EXPECT_NE(found(cluster).cluster_id, id);
    EXPECT_EQ(parse_founding(founding_text(found(cluster))), found(cluster));
    EXPECT_FALSE(parse_founding("{}"));
}

TEST_F(Objects, pods_pass_pod_security_restricted) {
    const Json set = stateful_set(wanted(), pool(), 4, {});
    const Json& pod = set["spec"]["template"]["spec"];
    EXPECT_EQ(pod["securityContext"]["runAsNonRoot"], true);
    EXPECT_EQ(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    for (const Json& container : pod["containers"]) {
        EXPECT_EQ(container["securityContext"]["allowPrivilegeEscalation"], false);
        EXPECT_EQ(container["securityContext"]["capabilities"]["drop"], Json::array({"ALL"}));
    }
    EXPECT_EQ(set["spec"]["updateStrategy"]["type"], "OnDelete");
    EXPECT_EQ(set["spec"]["podManagementPolicy"], "Parallel");
}

TEST_F(Objects, with_racks_a_pod_waits_until_it_is_told_its_rack) {
    EXPECT_FALSE(stateful_set(wanted(), pool(), 4, {})["spec"]["template"]["spec"].contains("initContainers"));
    cluster.spec.rack = api::Rack{"topology.kubernetes.io/zone"};
    const Json pod = stateful_set(wanted(), pool(), 4, {})["spec"]["template"]["spec"];
    EXPECT_EQ(pod["initContainers"][0]["args"][0], "await");
    EXPECT_EQ(pod["initContainers"][0]["securityContext"], pod["containers"][0]["securityContext"]);
    EXPECT_EQ(pod["volumes"][1]["name"], "rack");
    EXPECT_EQ(pod["topologySpreadConstraints"][0]["topologyKey"], "topology.kubernetes.io/zone");
    EXPECT_EQ(pod["topologySpreadConstraints"].size(), 2u);
    cluster.spec.rack = api::Rack{"kubernetes.io/hostname"};
    EXPECT_EQ(stateful_set(wanted(), pool(), 4, {})["spec"]["template"]["spec"]["topologySpreadConstraints"].size(),
              1u);
}

TEST_F(Objects, what_does_not_concern_a_pod_does_not_change_its_revision) {
    const std::string before = revision(wanted(), pool());
    cluster.spec.brokers.replicas = 7;
    cluster.spec.brokers.storage.size = "20Gi";
    cluster.spec.config["num.io.threads"] = "3";
    EXPECT_NE(revision({cluster, found(cluster), "milena:2", {}, {}, listeners_of(cluster.spec)}, pool()), before);
    EXPECT_EQ(revision(wanted(), pool()), before);
    cluster.spec.brokers.resources.requests["cpu"] = "2";
    EXPECT_NE(revision(wanted(), pool()), before);
}

// Another text here restarts every broker of every cluster when the operator is upgraded.
TEST_F(Objects, a_revision_is_what_it_always_was) {
    EXPECT_EQ(revision(wanted(), pool()), "f850d7c2f26b865d");
    cluster.spec.listeners = {{"plain", api::ListenerType::internal, 9092, {}},
                              {"outside", api::ListenerType::load_balancer, 9094, {}}};
    cluster.spec.rack = api::Rack{"topology.kubernetes.io/zone"};
    cluster.spec.brokers.resources.requests["cpu"] = "2";
    external[{"outside", 0}] = {"192.0.2.1", 9094};
    EXPECT_EQ(revision(wanted(), pool()), "680d23e21f491a04");
}

TEST_F(Objects, selectors_of_sets_and_services_find_the_pods) {
    const Json set = stateful_set(wanted(), pool(), 4, {3});
    const Json& labels = set["spec"]["template"]["metadata"]["labels"];
    for (const Json& selector : {set["spec"]["selector"]["matchLabels"], nodes_service(wanted())["spec"]["selector"],
                                 internal_bootstrap_service(wanted())["spec"]["selector"],
                                 disruption_budget(wanted())["spec"]["selector"]["matchLabels"],
                                 network_policy(wanted())["spec"]["podSelector"]["matchLabels"],
                                 pod_monitor(wanted())["spec"]["selector"]["matchLabels"]})
        for (const auto& [name, value] : selector.items()) EXPECT_EQ(labels[name], value) << name;
    EXPECT_EQ(set["metadata"]["annotations"][annotation::leaving], "3");
}

TEST_F(Objects, users_labels_do_not_replace_those_that_sets_select_by) {
    cluster.spec.pod_template.emplace();
    cluster.spec.pod_template->labels = {{label::cluster, "other"}, {"team", "a"}};
    const Json labels = stateful_set(wanted(), pool(), 4, {})["spec"]["template"]["metadata"]["labels"];
    EXPECT_EQ(labels[label::cluster], "demo");
    EXPECT_EQ(labels["team"], "a");
}

TEST_F(Objects, everything_is_owned_by_the_resource) {
    const std::vector<Json> all{service_account(wanted()),
                                nodes_service(wanted()),
                                internal_bootstrap_service(wanted()),
                                disruption_budget(wanted()),
                                network_policy(wanted()),
                                pod_monitor(wanted()),
                                stateful_set(wanted(), pool(), 4, {}),
                                config_map(wanted(), {{"brokers", 4}}, {})};
    for (const Json& made : all) {
        EXPECT_EQ(made["metadata"]["ownerReferences"][0]["uid"], cluster.metadata.uid) << made["kind"];
        EXPECT_EQ(made["metadata"]["ownerReferences"][0]["controller"], true);
        EXPECT_EQ(made["metadata"]["namespace"], "shop");
    }
    EXPECT_EQ(all.back()["data"].size(), 4u);
}

TEST_F(Objects, brokers_are_told_of_an_external_listener_when_its_address_is_known) {
    cluster.spec.listeners = {{"outside", api::ListenerType::node_port, 9094, {}}};
    EXPECT_EQ(line(properties(wanted(), pool(), 3), "listeners"), "REPLICATION://:9191");
    external[{"outside", 3}] = {"${env:HOST_IP}", 30123};
    EXPECT_EQ(line(properties(wanted(), pool(), 3), "advertised.listeners"),
              "OUTSIDE://${env:HOST_IP}:30123,REPLICATION://demo-brokers-3.demo-nodes.shop.svc:9191");
    EXPECT_TRUE(internal_bootstrap_service(wanted()).is_null());
    EXPECT_EQ(broker_service(wanted(), cluster.spec.listeners[0], pool(), 3, 30123)["spec"]["ports"][0]["nodePort"],
              30123);
}

TEST_F(Objects, a_broker_that_is_not_ready_is_reached_under_its_own_addresses_and_under_no_common_one) {
    const auto is_published = [](const Json& made) { return made["spec"].value("publishNotReadyAddresses", false); };
    cluster.spec.listeners = {{"plain", api::ListenerType::internal, 9092, {}},
                              {"outside", api::ListenerType::node_port, 9094, {}}};
    EXPECT_TRUE(is_published(nodes_service(wanted())));
    EXPECT_TRUE(is_published(broker_service(wanted(), cluster.spec.listeners[1], pool(), 3, 0)));
    EXPECT_FALSE(is_published(internal_bootstrap_service(wanted())));
    EXPECT_FALSE(is_published(external_bootstrap_service(wanted(), cluster.spec.listeners[1])));
}

TEST(Names, end_with_the_node_id) {
    EXPECT_EQ(node_id_of("demo-brokers-12"), 12);
    EXPECT_EQ(node_id_of("data-demo-cold-1001"), 1001);
    EXPECT_EQ(node_id_of("demo"), -1);
    EXPECT_EQ(node_id_of("demo-x"), -1);
}

}  // namespace
}  // namespace milena::resource
