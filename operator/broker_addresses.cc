#include "broker_addresses.h"

#include "admin/cluster_brokers.h"
#include "admin/kafka_topics.h"
#include "resource/pools.h"

namespace milena {
namespace {

struct Addresses {
    std::map<int64_t, std::string> nodes;  // ClusterAdmin's
    std::vector<admin::BrokerAddress> listeners;
};

Addresses addresses_of(const api::KafkaCluster& cluster, const plan::Observed& observed) {
    Addresses found;
    const auto own = resource::listeners_of(cluster.spec);
    for (const resource::Pool& pool : resource::pools_of(cluster.spec))
        for (const auto& [name, pod] : observed.pods) {
            const int64_t node_id = resource::node_id_of(name);
            if (!pod.is_running || pod.is_deleting || !pool.has(node_id)) continue;
            const std::string host = resource::host_name(cluster, pool.name, node_id);
            found.nodes[node_id] =
                host + ":" + std::to_string(pool.is_broker ? resource::replication_port : resource::controller_port);
            for (const api::Listener& listener : own)
                if (pool.is_broker && listener.type == api::ListenerType::internal) {
                    found.listeners.push_back({host, std::to_string(listener.port)});
                    break;
                }
        }
    return found;
}

}  // namespace

std::shared_ptr<admin::Brokers> brokers_of(const api::KafkaCluster& cluster, const plan::Observed& observed) {
    Addresses found = addresses_of(cluster, observed);
    return admin::make_cluster_brokers(std::move(found.nodes), std::move(found.listeners));
}

std::shared_ptr<admin::Topics> topics_of(const api::KafkaCluster& cluster, const plan::Observed& observed) {
    return admin::make_kafka_topics(addresses_of(cluster, observed).listeners);
}

}  // namespace milena
