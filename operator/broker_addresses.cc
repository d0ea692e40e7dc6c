#include "broker_addresses.h"

#include "admin/cluster_brokers.h"
#include "resource/pools.h"

namespace milena {

std::shared_ptr<admin::Brokers> brokers_of(const api::KafkaCluster& cluster, const plan::Observed& observed) {
    std::map<int64_t, std::string> nodes;
    std::vector<admin::HostPort> listeners;
    const auto own = resource::listeners_of(cluster.spec);
    for (const resource::Pool& pool : resource::pools_of(cluster.spec))
        for (const auto& [name, pod] : observed.pods) {
            const int64_t node_id = resource::node_id_of(name);
            if (!pod.is_running || pod.is_deleting || !pool.has(node_id)) continue;
            const std::string host = resource::host_name(cluster, pool.name, node_id);
            nodes[node_id] =
                host + ":" + std::to_string(pool.is_broker ? resource::replication_port : resource::controller_port);
            for (const api::Listener& listener : own)
                if (pool.is_broker && listener.type == api::ListenerType::internal) {
                    listeners.push_back({host, listener.port});
                    break;
                }
        }
    return admin::make_cluster_brokers(std::move(nodes), std::move(listeners));
}

}  // namespace milena
