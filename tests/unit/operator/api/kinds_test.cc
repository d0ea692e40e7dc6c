#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "api/kafka_cluster.h"
#include "api/kafka_topic.h"

namespace milena::api {
namespace {

using Json = nlohmann::json;

Json small_cluster() {
    return {{"metadata", {{"name", "demo"}, {"namespace", "shop"}, {"uid", "u"}, {"generation", 3}}},
            {"spec", {{"version", "0.1.0"}, {"brokers", {{"replicas", 3}, {"storage", {{"size", "10Gi"}}}}}}}};
}

FieldErrors refused(const Json& object) {
    const auto cluster = read_cluster(object);
    return cluster ? validate(*cluster) : cluster.error();
}

TEST(KafkaClusterKind, ten_lines_are_enough) {
    const auto cluster = read_cluster(small_cluster());
    ASSERT_TRUE(cluster);
    EXPECT_EQ(cluster->spec.brokers.replicas, 3);
    EXPECT_EQ(cluster->metadata.generation, 3);
    EXPECT_EQ(volumes_of(cluster->spec.brokers.storage), (std::vector<Volume>{{"data", "10Gi", ""}}));
    EXPECT_TRUE(validate(*cluster).empty());
}

TEST(KafkaClusterKind, what_is_written_is_read_again) {
    KafkaClusterSpec spec;
    spec.image = "registry/milena:1";
    spec.brokers = {
        5, {{{"cpu", "500m"}}, {{"memory", "1Gi"}}}, {"", "", {{"a", "1Gi", "fast"}}, RetentionPolicy::remove}, {}};
    PodTemplate labelled;
    labelled.labels = {{"a", "b"}};
    spec.node_pools = {{"cold", {"Broker"}, 1000, 2, {}, {"5Gi", "slow", {}, {}}, labelled}};
    spec.config = {{"log.retention.hours", "1"}};
    spec.listeners = {{"outside", ListenerType::node_port, 9094, {{"a", "b"}}}};
    spec.rack = Rack{"topology.kubernetes.io/zone"};
    spec.paused = true;
    spec.maintenance_windows = {{{"Monday"}, "22:30", 90}};
    spec.topic_namespaces = {"*"};
    const auto again = read_as<KafkaClusterSpec>(written(spec), "spec");
    ASSERT_TRUE(again) << text_of(again.error());
    EXPECT_EQ(*again, spec);
}

TEST(KafkaClusterKind, quantities_may_be_numbers) {
    Json object = small_cluster();
    object["spec"]["brokers"]["resources"]["requests"]["cpu"] = 2;
    const auto cluster = read_cluster(object);
    ASSERT_TRUE(cluster);
    EXPECT_EQ(cluster->spec.brokers.resources.requests.at("cpu"), "2");
}

// F: each of these is what a user or a fuzzer may send; the answer names the field.
struct Wrong {
    const char* pointer;
    Json value;
    const char* path;
};

class WrongCluster : public testing::TestWithParam<Wrong> {};

TEST_P(WrongCluster, F_is_refused_with_the_path_of_the_field) {
    Json object = small_cluster();
    object[Json::json_pointer(GetParam().pointer)] = GetParam().value;
    const FieldErrors errors = refused(object);
    ASSERT_FALSE(errors.empty()) << object.dump();
    EXPECT_EQ(errors[0].path, GetParam().path) << text_of(errors);
}

const Json two_listeners = {{{"name", "a"}, {"port", 9092}}, {{"name", "a"}, {"port", 9093}}};
const Json one_port = {{{"name", "a"}, {"port", 9092}}, {{"name", "b"}, {"port", 9092}}};
const Json pool = {{"name", "p"}, {"roles", {"Broker"}}, {"firstNodeId", 1000}, {"storage", {{"size", "1Gi"}}}};

Json volume(const char* name) { return {{"name", name}, {"size", "1Gi"}}; }

Json with(Json object, const char* name, Json value) {
    object[name] = std::move(value);
    return object;
}

INSTANTIATE_TEST_SUITE_P(
    F, WrongCluster,
    testing::Values(
        Wrong{"/spec", "text", "spec"}, Wrong{"/spec/brokers", nullptr, "spec.brokers"},
        Wrong{"/spec/brokers", Json::array(), "spec.brokers"},
        Wrong{"/spec/brokers/replicas", 0, "spec.brokers.replicas"},
        Wrong{"/spec/brokers/replicas", -1, "spec.brokers.replicas"},
        Wrong{"/spec/brokers/replicas", 501, "spec.brokers.replicas"},
        Wrong{"/spec/brokers/replicas", 1.5, "spec.brokers.replicas"},
        Wrong{"/spec/brokers/replicas", 18446744073709551615ULL, "spec.brokers.replicas"},
        Wrong{"/spec/brokers/replicas", "3", "spec.brokers.replicas"},
        Wrong{"/spec/brokers/storage/size", "10 Gi", "spec.brokers.storage.size"},
        Wrong{"/spec/brokers/storage/size", "-1Gi", "spec.brokers.storage.size"},
        Wrong{"/spec/brokers/storage/size", "", "spec.brokers.storage"},
        Wrong{"/spec/brokers/storage",
              {{"volumes", Json::array({volume("a"), volume("config")})}},
              "spec.brokers.storage.volumes[1].name"},
        Wrong{"/spec/brokers/storage/deletionPolicy", "Perhaps", "spec.brokers.storage.deletionPolicy"},
        Wrong{"/spec/brokers/resources", {{"requests", {{"cpu", "much"}}}}, "spec.brokers.resources.requests.cpu"},
        Wrong{"/spec/image", "a", "spec"}, Wrong{"/spec/image", std::string(600, 'a'), "spec.image"},
        Wrong{"/spec/version", "größer", "spec.version"}, Wrong{"/spec/paused", "yes", "spec.paused"},
        Wrong{"/spec/listeners", two_listeners, "spec.listeners[1].name"},
        Wrong{"/spec/listeners", one_port, "spec.listeners[1].port"},
        Wrong{"/spec/listeners", Json::array({{{"name", "a"}, {"port", 9644}}}), "spec.listeners[0].port"},
        Wrong{"/spec/listeners", Json::array({{{"name", "A"}}}), "spec.listeners[0].name"},
        Wrong{"/spec/listeners", Json::array({{{"name", "a"}, {"type", "NodePort"}}}), "spec.listeners"},
        Wrong{"/spec/listeners", Json(std::vector<Json>(500, Json::object())), "spec.listeners"},
        Wrong{"/spec/listeners", Json::array({7}), "spec.listeners[0]"},
        Wrong{"/spec/nodePools", Json::array({pool, with(pool, "name", "q")}), "spec.nodePools[1].firstNodeId"},
        Wrong{"/spec/nodePools", Json::array({with(pool, "roles", Json::array())}), "spec.nodePools[0].roles"},
        Wrong{"/spec/nodePools", Json::array({with(pool, "roles", {"King"})}), "spec.nodePools[0].roles[0]"},
        Wrong{"/spec/nodePools", Json::array({with(pool, "name", "brokers")}), "spec.nodePools[0].name"},
        Wrong{"/spec/config", {{"node.id", "7"}}, "spec.config.node.id"},
        Wrong{"/spec/config", {{"num.partitions", 3}}, "spec.config.num.partitions"},
        Wrong{"/spec/maintenanceWindows", Json::array({{{"start", "24:00"}}}), "spec.maintenanceWindows[0].start"},
        Wrong{"/spec/topicNamespaces", {"a", "a"}, "spec.topicNamespaces[1]"},
        Wrong{"/metadata/name", std::string(63, 'a'), "metadata.name"},
        Wrong{"/metadata/name", "1st", "metadata.name"}));

TEST(KafkaClusterKind, a_volume_rack_is_in_the_way_of_racks_only) {
    Json object = small_cluster();
    object["spec"]["brokers"]["storage"] = {{"volumes", Json::array({volume("rack")})}};
    EXPECT_TRUE(refused(object).empty());
    object["spec"]["rack"] = {{"topologyKey", "zone"}};
    EXPECT_EQ(refused(object).at(0).path, "spec.brokers.storage.volumes[0].name");
}

TEST(KafkaClusterKind, A22_fields_of_a_newer_version_are_left_alone) {
    Json object = small_cluster();
    object["spec"]["tomorrow"] = {{"a", 1}};
    EXPECT_TRUE(read_cluster(object));
}

TEST(KafkaClusterKind, a_status_that_cannot_be_read_counts_as_empty) {
    Json object = small_cluster();
    object["status"] = {{"replicas", "many"}};
    const auto cluster = read_cluster(object);
    ASSERT_TRUE(cluster);
    EXPECT_EQ(cluster->status, KafkaClusterStatus{});
}

TEST(KafkaTopicKind, its_name_is_the_resources_unless_given) {
    Json object{{"metadata", {{"name", "orders"}, {"namespace", "shop"}}},
                {"spec", {{"clusterRef", {{"name", "demo"}}}, {"partitions", 12}}}};
    auto topic = read_topic(object);
    ASSERT_TRUE(topic);
    EXPECT_EQ(topic->topic_name(), "orders");
    EXPECT_EQ(topic->cluster_namespace(), "shop");
    EXPECT_EQ(topic->spec.deletion_policy, RetentionPolicy::retain);
    object["spec"]["topicName"] = "Orders_V2";
    topic = read_topic(object);
    ASSERT_TRUE(topic);
    EXPECT_EQ(topic->topic_name(), "Orders_V2");
    EXPECT_TRUE(validate(*topic).empty());
    object["spec"]["topicName"] = "..";
    EXPECT_FALSE(read_topic(object));
}

TEST(KafkaTopicKind, more_replicas_in_sync_than_there_are_cannot_be_asked_for) {
    const auto errors_with = [](const char* minimum, const Json& replication_factor) {
        const Json object{{"metadata", {{"name", "orders"}}},
                          {"spec",
                           {{"clusterRef", {{"name", "demo"}}},
                            {"replicationFactor", replication_factor},
                            {"config", {{"min.insync.replicas", minimum}}}}}};
        const auto topic = read_topic(object);
        return topic ? validate(*topic) : topic.error();
    };
    EXPECT_EQ(errors_with("3", 2).at(0).path, "spec.config.min.insync.replicas");
    EXPECT_EQ(errors_with("10", 9).size(), 1u) << "as numbers, not as texts";
    EXPECT_TRUE(errors_with("2", 2).empty());
    EXPECT_TRUE(errors_with("3", nullptr).empty()) << "how many there are is the cluster's to say";
    EXPECT_TRUE(errors_with("two", 1).empty()) << "that is for the brokers to refuse";
}

}  // namespace
}  // namespace milena::api
