// The nodes of a cluster as pools: spec.brokers is the first of them, spec.nodePools are the others. Names, node ids
// and DNS names of nodes follow from a pool and a place in it, and from nothing else, so that they never change. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/kafka_cluster.h"

namespace milena::resource {

struct Pool {
    std::string name;  // "brokers" is spec.brokers
    bool is_broker = true;
    bool is_controller = false;  // all of its nodes; those of "brokers" are by Founding
    int64_t first_node_id = 0;
    int64_t replicas = 0;
    api::Resources resources;
    api::Storage storage;
    api::PodTemplate pod_template;

    bool has(int64_t node_id) const { return node_id >= first_node_id && node_id < first_node_id + 1000; }
};

std::vector<Pool> pools_of(const api::KafkaClusterSpec& spec);

// What was decided when the cluster began and can't be decided again. It is kept in an annotation of the ConfigMap.
struct Founding {
    std::string cluster_id;
    std::vector<int64_t> voters;  // node ids
    int64_t replication_factor = 1;

    bool is_voter(int64_t node_id) const;
    bool operator==(const Founding&) const = default;
};

// Of a cluster that begins now. The id comes from the resource's uid, so that a plan made twice is the same.
Founding found(const api::KafkaCluster& cluster);
std::string founding_text(const Founding& founding);
std::optional<Founding> parse_founding(const std::string& text);

// --- names

std::string set_name(const api::KafkaCluster& cluster, const std::string& pool);
std::string pod_name(const api::KafkaCluster& cluster, const std::string& pool, int64_t node_id);
std::string claim_name(const std::string& volume, const std::string& pod);
// The node id that a pod's or claim's name ends with; -1: none.
int64_t node_id_of(const std::string& name);
std::string nodes_service_name(const api::KafkaCluster& cluster);  // headless
std::string bootstrap_service_name(const api::KafkaCluster& cluster, const api::Listener& listener);
std::string broker_service_name(const api::KafkaCluster& cluster, const api::Listener& listener, int64_t node_id);
std::string config_map_name(const api::KafkaCluster& cluster);
std::string host_name(const api::KafkaCluster& cluster, const std::string& pool, int64_t node_id);

// spec.listeners, or the one that there is without them.
std::vector<api::Listener> listeners_of(const api::KafkaClusterSpec& spec);

inline constexpr int64_t controller_port = 9190;
inline constexpr int64_t replication_port = 9191;
inline constexpr int64_t metrics_port = 9644;

}  // namespace milena::resource
