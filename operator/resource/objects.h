// Each object that a cluster consists of, as a pure function of what is wanted. What is here is what we own by
// server-side apply; fields that others set are left alone. No function knows what is there already.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "api/kafka_cluster.h"
#include "resource/pools.h"

namespace milena::resource {

struct Address {
    std::string host;
    int64_t port = 0;
    bool operator==(const Address&) const = default;
};
// "host:port"; an IPv6 address in brackets.
std::string text_of(const Address& address);

struct Wanted {
    const api::KafkaCluster& cluster;
    Founding founding;
    std::string image;
    std::map<std::string, std::string> config;  // of Kafka, as brokers may have it
    // Where brokers are reached from outside, by listener and node id, as far as it is known.
    std::map<std::pair<std::string, int64_t>, Address> external;
    // Listeners that brokers are told of; an external one only when its addresses are known.
    std::vector<api::Listener> listeners;
};

namespace label {
inline constexpr const char* cluster = "milena.dev/cluster";
inline constexpr const char* pool = "milena.dev/pool";
inline constexpr const char* broker = "milena.dev/broker";  // "true": a broker, not only a controller
}  // namespace label

namespace annotation {
inline constexpr const char* applied = "milena.dev/applied";    // digest of what we applied last
inline constexpr const char* revision = "milena.dev/revision";  // of pods: what they were started with, but for config
inline constexpr const char* config = "milena.dev/config";      // of pods: the settings that they were started with
inline constexpr const char* rack = "milena.dev/rack";          // of pods: from the labels of their node
// Of pods: where clients of external listeners were told to come when the pod started.
inline constexpr const char* advertised = "milena.dev/advertised";
inline constexpr const char* founding = "milena.dev/founding";        // of the ConfigMap
inline constexpr const char* cluster_id = "milena.dev/cluster-id";    // of claims
inline constexpr const char* live_config = "milena.dev/live-config";  // of the ConfigMap: set in the running cluster
inline constexpr const char* live_done = "milena.dev/live-config-done";
inline constexpr const char* moved = "milena.dev/moved";  // of the ConfigMap: addresses that running brokers were given
inline constexpr const char* replicas = "milena.dev/replicas";  // of sets: how many we wanted last
inline constexpr const char* leaving = "milena.dev/leaving";    // of sets: node ids that are emptied or gone
}  // namespace annotation

nlohmann::json service_account(const Wanted& wanted);
// The files of all nodes; `replicas` by pool, `annotations` besides.
nlohmann::json config_map(const Wanted& wanted, const std::map<std::string, int64_t>& replicas,
                          const std::map<std::string, std::string>& annotations);
nlohmann::json nodes_service(const Wanted& wanted);
nlohmann::json internal_bootstrap_service(const Wanted& wanted);
nlohmann::json external_bootstrap_service(const Wanted& wanted, const api::Listener& listener);
// `node_port` is kept once it was given; 0: none yet.
nlohmann::json broker_service(const Wanted& wanted, const api::Listener& listener, const Pool& pool, int64_t node_id,
                              int64_t node_port);
nlohmann::json disruption_budget(const Wanted& wanted);
nlohmann::json network_policy(const Wanted& wanted);
nlohmann::json pod_monitor(const Wanted& wanted);
nlohmann::json stateful_set(const Wanted& wanted, const Pool& pool, int64_t replicas,
                            const std::vector<int64_t>& leaving);

// A listener's name as Kafka has it: in capitals.
std::string kafka_name(const api::Listener& listener);

// server.properties of one node.
std::string properties(const Wanted& wanted, const Pool& pool, int64_t node_id);

// What a pod would have to be restarted for, settings aside: made of what the user asked, not of how this operator puts
// it into a pod, so that an upgrade of the operator restarts nobody.
std::string revision(const Wanted& wanted, const Pool& pool);

// --- the parts that they have in common

std::string selector_text(const api::KafkaCluster& cluster);  // of the brokers' pods
nlohmann::json pod_selector(const api::KafkaCluster& cluster);
nlohmann::json object(const api::KafkaCluster& cluster, const char* api_version, const char* kind,
                      const std::string& name);
// A short text that differs wherever the object does.
std::string digest(const nlohmann::json& object);

}  // namespace milena::resource
