// The custom resource KafkaCluster: what a user wants of a cluster (spec), and what the operator has seen (status).
// Plain values; knows neither HTTP nor what the operator does about it. What each field means stands in describe().
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "api/conditions.h"
#include "api/field.h"
#include "api/json.h"
#include "api/metadata.h"

namespace milena::api {

inline constexpr const char* group = "milena.dev";
inline constexpr const char* version = "v1alpha1";
inline constexpr const char* api_version = "milena.dev/v1alpha1";

using Quantities = std::map<std::string, std::string>;

struct Resources {
    Quantities requests;
    Quantities limits;
    bool operator==(const Resources&) const = default;
};

struct Volume {
    std::string name;
    std::string size;
    std::string storage_class;
    bool operator==(const Volume&) const = default;
};

enum class RetentionPolicy : uint8_t { retain, remove };
std::array<std::string_view, 2> words_of(RetentionPolicy);

struct Storage {
    std::string size;  // of the one volume "data", unless there are `volumes`
    std::string storage_class;
    std::vector<Volume> volumes;
    RetentionPolicy deletion_policy = RetentionPolicy::retain;
    bool operator==(const Storage&) const = default;
};

// The volumes of each broker, in the order of log.dirs.
std::vector<Volume> volumes_of(const Storage& storage);

struct PodTemplate {
    std::map<std::string, std::string> labels;
    std::map<std::string, std::string> annotations;
    std::map<std::string, std::string> node_selector;
    nlohmann::json tolerations;                  // Kubernetes' own types
    nlohmann::json affinity;                     //
    nlohmann::json topology_spread_constraints;  // instead of the default spread
    nlohmann::json image_pull_secrets;
    std::string priority_class_name;
    std::string scheduler_name;
    std::optional<int64_t> termination_grace_period_seconds;
    bool operator==(const PodTemplate&) const = default;
};

struct Brokers {
    int64_t replicas = 3;
    Resources resources;
    Storage storage;
    std::optional<PodTemplate> pod_template;
    bool operator==(const Brokers&) const = default;
};

struct NodePool {
    std::string name;
    std::vector<std::string> roles;  // "Broker", "Controller"
    int64_t first_node_id = 0;
    int64_t replicas = 3;
    Resources resources;
    Storage storage;
    std::optional<PodTemplate> pod_template;
    bool operator==(const NodePool&) const = default;
};

// Whether a change may restart a broker that a partition can't spare.
enum class OutagePolicy : uint8_t { proceed, block };
std::array<std::string_view, 2> words_of(OutagePolicy);

enum class ListenerType : uint8_t { internal, node_port, load_balancer };
std::array<std::string_view, 3> words_of(ListenerType);

struct Listener {
    std::string name;
    ListenerType type = ListenerType::internal;
    int64_t port = 9092;
    std::map<std::string, std::string> annotations;  // of its Services
    bool operator==(const Listener&) const = default;
};

struct Rack {
    std::string topology_key;
    bool operator==(const Rack&) const = default;
};

struct MaintenanceWindow {
    std::vector<std::string> days;  // "Monday" …; none: every day
    std::string start;              // "22:30", UTC
    int64_t duration_minutes = 60;
    bool operator==(const MaintenanceWindow&) const = default;
};

struct KafkaClusterSpec {
    std::string version;
    std::string image;
    Brokers brokers;
    std::vector<NodePool> node_pools;
    std::map<std::string, std::string> config;
    std::vector<Listener> listeners;
    std::optional<Rack> rack;
    std::optional<PodTemplate> pod_template;
    bool paused = false;
    OutagePolicy when_partitions_unavailable = OutagePolicy::proceed;
    std::vector<MaintenanceWindow> maintenance_windows;
    std::vector<std::string> topic_namespaces;  // besides its own; "*": all
    bool operator==(const KafkaClusterSpec&) const = default;
};

struct BrokerStatus {
    int64_t id = 0;
    std::string pool;
    std::string pod;
    std::string node;
    std::string rack;
    std::string state;  // Ready, Starting, Draining, Missing …
    std::string message;
    bool operator==(const BrokerStatus&) const = default;
};

struct ListenerAddress {
    int64_t broker = 0;
    std::string host;
    int64_t port = 0;
    bool operator==(const ListenerAddress&) const = default;
};

struct ListenerStatus {
    std::string name;
    std::string type;
    std::string bootstrap;
    std::vector<ListenerAddress> addresses;
    bool operator==(const ListenerStatus&) const = default;
};

struct FeatureStatus {
    std::string name;
    int64_t finalized = 0;
    int64_t max = 0;
    bool operator==(const FeatureStatus&) const = default;
};

// The broker that was restarted last.
struct RollStatus {
    int64_t broker = 0;
    std::string pod;
    std::string uid;  // of the pod that was deleted
    std::string since;
    std::string reason;
    bool operator==(const RollStatus&) const = default;
};

// How far the growth of a pool's volumes has come.
struct GrowthStatus {
    std::string pool;
    std::string phase;  // Requested, ClaimsPatched, SetOrphaned, SetRecreated
    std::string set_uid;
    std::string message;
    bool operator==(const GrowthStatus&) const = default;
};

struct KafkaClusterStatus {
    int64_t observed_generation = 0;
    std::vector<Condition> conditions;
    std::string cluster_id;
    std::string version;  // of the brokers; while they differ, "0.1.0, 0.2.0"
    int64_t replicas = 0;
    int64_t ready_replicas = 0;
    std::string selector;
    std::string bootstrap;
    std::string controllers;  // node ids, "0,1,2"
    std::vector<BrokerStatus> brokers;
    std::vector<ListenerStatus> listeners;
    std::vector<FeatureStatus> features;
    std::optional<RollStatus> roll;
    std::vector<GrowthStatus> growth;
    bool operator==(const KafkaClusterStatus&) const = default;
};

struct KafkaCluster {
    ObjectMeta metadata;
    KafkaClusterSpec spec;
    KafkaClusterStatus status;
    bool operator==(const KafkaCluster&) const = default;
};

void describe(Visitor& v, PodTemplate& t);
void describe(Visitor& v, KafkaClusterSpec& spec);
void describe(Visitor& v, KafkaClusterStatus& status);

// A status that can't be read counts as empty: it is made anew. A spec that can't be read is the user's to mend.
Result<KafkaCluster, FieldErrors> read_cluster(const nlohmann::json& object);
// What no single field tells: names that are there twice, version and image both … The CEL rules say the same at
// admission; this is for objects that came by before them.
FieldErrors validate(const KafkaCluster& cluster);

}  // namespace milena::api
