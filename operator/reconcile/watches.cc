#include "reconcile/watches.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "api/metadata.h"

namespace milena::reconcile {
namespace {

using kube::Change;
using kube::ObjectKey;
using kube::Priority;
using nlohmann::json;

constexpr const char* cluster_label = "milena.dev/cluster";
constexpr const char* by_cluster = "cluster";
constexpr const char* by_topic = "topic";
constexpr const char* by_readiness = "readiness";
constexpr std::array children = {"StatefulSet",    "Service",    "ConfigMap", "PodDisruptionBudget",  "NetworkPolicy",
                                 "ServiceAccount", "PodMonitor", "Pod",       "PersistentVolumeClaim"};
// Where they may not be read, or aren't there, the rest goes on.
constexpr std::array dispensable = {"PodMonitor",   "PodDisruptionBudget", "NetworkPolicy", "Node",
                                    "StorageClass", "PersistentVolume",    "KafkaTopic"};
constexpr std::array own_kinds = {"KafkaCluster", "KafkaTopic"};

std::string cluster_of(const json& object) {
    const auto labels = api::metadata_of(object).labels;
    const auto name = labels.find(cluster_label);
    return name != labels.end() ? name->second : "";
}

int64_t observed_generation_of(const json& object) {
    const json& observed = api::member(api::member(object, "status"), "observedGeneration");
    return observed.is_number_integer() ? observed.get<int64_t>() : -1;
}

std::string readiness_of(const json& object) {
    const json& ready = api::condition_at(object, "Ready");
    return ready.is_null() ? "Unknown" : api::text_at(ready, "status");
}

// Somebody has edited it, and waits; or it is only our own status that came back.
void add(kube::WorkQueue& queue, const Change& change) {
    const bool is_edit = api::metadata_of(change.object).generation != observed_generation_of(change.object);
    queue.add(change.key, is_edit ? Priority::user_edit : Priority::status);
}

}  // namespace

Watches::Watches(kube::Client& client, const WatchesConfig& config, kube::WorkQueue& clusters, kube::WorkQueue& topics,
                 env::Clock& clock, env::Random& random)
    : client_(client),
      clusters_(clusters),
      topics_(topics),
      clock_(clock),
      random_(random),
      vanishing_topics_("KafkaTopic", config.vanishing) {
    add_kind("KafkaCluster", config, [this](const Change& change) { cluster_changed(change); });
    add_kind("KafkaTopic", config, [this](const Change& change) { topic_changed(change); });
    for (const char* kind : children)
        add_kind(kind, config,
                 [&clusters](const Change& change) { clusters.add({change.key.space, cluster_of(change.object)}); });
    add_kind("Node", config, [this](const Change& change) { node_changed(change); });
    add_kind("StorageClass", config, [](const Change&) {});
    add_kind("PersistentVolume", config, [](const Change&) {});
}

void Watches::add_kind(const std::string& kind, const WatchesConfig& config, kube::Store::Listener listener) {
    const bool is_child = std::find(children.begin(), children.end(), kind) != children.end();
    std::map<std::string, kube::Store::Index> indices;
    if (is_child)
        indices[by_cluster] = [](const json& object) {
            return std::vector{kube::key_of(object).space + "/" + cluster_of(object)};
        };
    if (kind == "KafkaTopic") {
        indices[by_cluster] = [](const json& object) {
            return std::vector{topic_place_of(object).cluster.to_string()};
        };
        indices[by_topic] = [](const json& object) { return std::vector{topic_place_of(object).to_string()}; };
        indices[by_readiness] = [](const json& object) {
            return std::vector{readiness_of(object) + "/" + topic_place_of(object).cluster.to_string()};
        };
    }
    Watched& watched = kinds_[kind];
    watched.is_required = std::find(dispensable.begin(), dispensable.end(), kind) == dispensable.end();
    watched.store = std::make_unique<kube::Store>(std::move(indices));
    watched.store->listen(std::move(listener));
    kube::ReflectorConfig own = config.reflector;
    own.type = kube::resource_type(kind);
    own.may_be_absent = kind == "PodMonitor";
    if (own.type.is_namespaced) own.space = config.space;
    if (is_child) own.label_selector = cluster_label;
    watched.reflector = std::make_unique<kube::Reflector>(client_, *watched.store, own, clock_, random_);
}

// The kubelet writes its node every few minutes; what a plan looks at changes when something happens.
void Watches::node_changed(const Change& change) {
    const auto old = nodes_.find(change.key);
    if (change.kind == Change::Kind::removed) {
        nodes_.erase(change.key);
    } else {
        plan::Node node = plan::node_of(change.object);
        if (old != nodes_.end() && old->second == node) return;
        nodes_.insert_or_assign(change.key, std::move(node));
    }
    for (const ObjectKey& cluster : store("KafkaCluster").keys()) clusters_.add(cluster);
}

// Of a cluster the topics look at four things; its status changes all the time.
void Watches::cluster_changed(const Change& change) {
    add(clusters_, change);
    std::string face;
    if (change.kind == Change::Kind::put) {
        const json& spec = api::member(change.object, "spec");
        face =
            json::array({readiness_of(change.object), api::member(spec, "paused"), api::member(spec, "topicNamespaces"),
                         kube::metadata_text(change.object, "deletionTimestamp")})
                .dump();
    }
    std::string& seen = clusters_seen_[change.key];
    if (seen == face) return;
    seen = face;
    if (face.empty()) clusters_seen_.erase(change.key);
    for (const ObjectKey& topic : store("KafkaTopic").keys_by(by_cluster, change.key.to_string())) topics_.add(topic);
}

// What we write ourselves comes back, and is nothing new.
void Watches::topic_changed(const Change& change) {
    vanishing_topics_.note(change, clock_.now());
    if (change.kind == Change::Kind::removed) {
        topics_seen_.erase(change.key);
        topics_.add(change.key);
        const std::string place = topic_place_of(change.object).to_string();
        for (const ObjectKey& twin : store("KafkaTopic").keys_by(by_topic, place)) topics_.add(twin);
        return;
    }
    const api::ObjectMeta meta = api::metadata_of(change.object);
    const std::string face = meta.uid + " " + std::to_string(meta.generation) + " " + meta.deletion_timestamp;
    std::string& seen = topics_seen_[change.key];
    if (seen == face) return;
    seen = face;
    add(topics_, change);
}

void Watches::start() {
    topics_.add(all_topics, Priority::resync);
    for (auto& [kind, watched] : kinds_) watched.reflector->start();
}

void Watches::stop() {
    for (auto& [kind, watched] : kinds_) watched.reflector->stop();
}

const kube::Store& Watches::store(const std::string& kind) const { return *kinds_.at(kind).store; }

bool Watches::are_synced() const {
    for (const auto& [kind, watched] : kinds_) {
        // A kind that may not be read is not waited for.
        const bool is_settled =
            watched.store->is_synced() || (!watched.is_required && watched.reflector->stats().error.has_value());
        if (!is_settled) return false;
    }
    return true;
}

// "0" is the version of a kind that isn't installed.
bool Watches::knows(const std::string& kind) const {
    const std::string version = store(kind).resource_version();
    return !version.empty() && version != "0";
}

std::vector<json> Watches::topics_at(const TopicPlace& place) const {
    return store("KafkaTopic").find_by(by_topic, place.to_string());
}

std::vector<Watches::TopicCount> Watches::topic_counts() const {
    std::vector<TopicCount> counts;
    for (const auto& [value, count] : store("KafkaTopic").counts_by(by_readiness)) {
        const size_t cluster = value.find('/') + 1, name = value.find('/', cluster) + 1;
        counts.push_back(
            {{value.substr(cluster, name - 1 - cluster), value.substr(name)}, value.substr(0, cluster - 1), count});
    }
    return counts;
}

std::string Watches::version_seen() const {
    if (are_behind()) return "";
    std::string highest;
    for (const char* kind : own_kinds)
        if (const std::string own = store(kind).resource_version(); highest.empty() || kube::is_older(highest, own))
            highest = own;
    return highest;
}

void Watches::require(const std::string& version) {
    if (version.empty()) return;
    for (const char* kind : own_kinds) kinds_.at(kind).reflector->require(version);
}

// A kind that may not be read is not waited for.
bool Watches::are_behind() const {
    for (const char* kind : own_kinds) {
        const Watched& watched = kinds_.at(kind);
        const bool is_given_up = !watched.is_required && watched.reflector->stats().error.has_value();
        if (!is_given_up && watched.reflector->is_behind()) return true;
    }
    return false;
}

plan::Observed Watches::observe(const ObjectKey& cluster) const {
    plan::Observed observed;
    const std::string key = cluster.to_string();
    for (const char* kind : children) {
        const std::string name(kind);
        if (name == "Pod" || name == "PersistentVolumeClaim") continue;
        for (json& object : store(name).find_by(by_cluster, key)) {
            std::string own = kube::key_of(object).name;
            observed.children.emplace(plan::ObjectKey{name, std::move(own)}, std::move(object));
        }
    }
    for (const json& object : store("Pod").find_by(by_cluster, key)) {
        plan::Pod pod = plan::pod_of(object);
        observed.pods.emplace(pod.name, std::move(pod));
    }
    observed.knows_nodes = knows("Node");
    observed.are_nodes_current = observed.knows_nodes && !kinds_.at("Node").reflector->stats().error.has_value();
    for (const char* accessory : {"PodDisruptionBudget", "NetworkPolicy"})
        if (!knows(accessory)) observed.unreadable.insert(accessory);
    for (const ObjectKey& node : store("Node").keys())
        if (const auto object = store("Node").find(node)) observed.nodes.emplace(node.name, plan::node_of(*object));
    for (const json& object : store("PersistentVolumeClaim").find_by(by_cluster, key)) {
        plan::Claim claim = plan::claim_of(object);
        if (const auto volume = store("PersistentVolume").find({"", claim.volume}))
            claim.local_node = plan::local_node_of(*volume, observed.nodes);
        observed.claims.emplace(claim.name, std::move(claim));
    }
    for (const ObjectKey& key_of_class : store("StorageClass").keys())
        if (const auto object = store("StorageClass").find(key_of_class)) {
            const auto may = object->find("allowVolumeExpansion");
            observed.classes_may_grow[key_of_class.name] =
                may != object->end() && may->is_boolean() && may->get<bool>();
        }
    observed.has_pod_monitors = knows("PodMonitor");
    return observed;
}

}  // namespace milena::reconcile
