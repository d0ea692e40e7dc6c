#include "resource/pools.h"

#include <algorithm>

#include "base/parse_number.h"
#include "base/uuid.h"

namespace milena::resource {

using Json = nlohmann::json;

namespace {

template <class Nodes>
Pool pool_of(const api::KafkaClusterSpec& spec, const Nodes& nodes) {
    Pool pool;
    pool.replicas = nodes.replicas;
    pool.resources = nodes.resources;
    pool.storage = nodes.storage;
    pool.pod_template = nodes.pod_template ? *nodes.pod_template : spec.pod_template.value_or(api::PodTemplate{});
    return pool;
}

bool has_role(const api::NodePool& pool, std::string_view role) {
    return std::ranges::find(pool.roles, role) != pool.roles.end();
}

// 128 bits out of a Kubernetes uid; a uid of another form is hashed.
Uuid uuid_of(const std::string& uid) {
    uint64_t high = 0xcbf29ce484222325ULL, low = 0x84222325cbf29ce4ULL;
    for (const char c : uid) {
        high = (high ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
        low = (low ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL + (high >> 32);
    }
    return Uuid::from_random(high & ~(uint64_t{1} << 63), low);  // the first character is no "-"
}

}  // namespace

std::vector<Pool> pools_of(const api::KafkaClusterSpec& spec) {
    std::vector<Pool> pools{pool_of(spec, spec.brokers)};
    pools[0].name = "brokers";
    for (const api::NodePool& nodes : spec.node_pools) {
        Pool& pool = pools.emplace_back(pool_of(spec, nodes));
        pool.name = nodes.name;
        pool.first_node_id = nodes.first_node_id;
        pool.is_broker = has_role(nodes, "Broker");
        pool.is_controller = has_role(nodes, "Controller");
    }
    return pools;
}

bool Founding::is_voter(int64_t node_id) const { return std::ranges::find(voters, node_id) != voters.end(); }

Founding found(const api::KafkaCluster& cluster) {
    Founding founding;
    founding.cluster_id = uuid_of(cluster.metadata.uid).to_string();
    int64_t brokers = 0;
    for (const Pool& pool : pools_of(cluster.spec)) {
        if (pool.is_broker) brokers += pool.replicas;
        for (int64_t i = 0; pool.is_controller && i < pool.replicas; ++i)
            founding.voters.push_back(pool.first_node_id + i);
    }
    if (founding.voters.empty())
        founding.voters = cluster.spec.brokers.replicas >= 3 ? std::vector<int64_t>{0, 1, 2} : std::vector<int64_t>{0};
    founding.replication_factor = std::min<int64_t>(3, brokers);
    return founding;
}

std::string founding_text(const Founding& founding) {
    return Json{{"clusterId", founding.cluster_id},
                {"voters", founding.voters},
                {"replicationFactor", founding.replication_factor}}
        .dump();
}

std::optional<Founding> parse_founding(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object() || !json.contains("clusterId") || !json["clusterId"].is_string() ||
        !json.contains("voters") || !json["voters"].is_array() || !json.contains("replicationFactor") ||
        !json["replicationFactor"].is_number_integer())
        return std::nullopt;
    Founding founding{json["clusterId"].get<std::string>(), {}, json["replicationFactor"].get<int64_t>()};
    for (const Json& voter : json["voters"])
        if (voter.is_number_integer()) founding.voters.push_back(voter.get<int64_t>());
    return founding;
}

std::string set_name(const api::KafkaCluster& cluster, const std::string& pool) {
    return cluster.metadata.name + "-" + pool;
}

std::string pod_name(const api::KafkaCluster& cluster, const std::string& pool, int64_t node_id) {
    return set_name(cluster, pool) + "-" + std::to_string(node_id);
}

std::string claim_name(const std::string& volume, const std::string& pod) { return volume + "-" + pod; }

int64_t node_id_of(const std::string& name) {
    const size_t dash = name.rfind('-');
    if (dash == std::string::npos) return -1;
    return parse_number<int64_t>(std::string_view(name).substr(dash + 1)).value_or(-1);
}

std::string nodes_service_name(const api::KafkaCluster& cluster) { return cluster.metadata.name + "-nodes"; }

std::string bootstrap_service_name(const api::KafkaCluster& cluster, const api::Listener& listener) {
    const bool is_internal = listener.type == api::ListenerType::internal;
    return cluster.metadata.name + (is_internal ? "" : "-" + listener.name) + "-bootstrap";
}

std::string broker_service_name(const api::KafkaCluster& cluster, const api::Listener& listener, int64_t node_id) {
    return cluster.metadata.name + "-" + listener.name + "-" + std::to_string(node_id);
}

std::string config_map_name(const api::KafkaCluster& cluster) { return cluster.metadata.name + "-config"; }

std::string host_name(const api::KafkaCluster& cluster, const std::string& pool, int64_t node_id) {
    return pod_name(cluster, pool, node_id) + "." + nodes_service_name(cluster) + "." + cluster.metadata.name_space +
           ".svc";
}

std::vector<api::Listener> listeners_of(const api::KafkaClusterSpec& spec) {
    if (!spec.listeners.empty()) return spec.listeners;
    return {{"plain", api::ListenerType::internal, 9092, {}}};
}

}  // namespace milena::resource
