#include "resource/objects.h"

namespace milena::resource {

using Json = nlohmann::json;

namespace {

Json port(const std::string& name, int64_t number) {
    return {{"name", name}, {"port", number}, {"targetPort", number}, {"protocol", "TCP"}};
}

Json service(const Wanted& wanted, const std::string& name, Json selector, Json ports) {
    Json made = object(wanted.cluster, "v1", "Service", name);
    made["spec"] = {{"selector", std::move(selector)}, {"ports", std::move(ports)}};
    return made;
}

Json brokers_of(const api::KafkaCluster& cluster) {
    Json selector = pod_selector(cluster);
    selector[label::broker] = "true";
    return selector;
}

const char* service_type(const api::Listener& listener) {
    switch (listener.type) {
        case api::ListenerType::internal: return "ClusterIP";
        case api::ListenerType::node_port: return "NodePort";
        case api::ListenerType::load_balancer: return "LoadBalancer";
    }
    return "ClusterIP";
}

void make_external(Json& made, const api::Listener& listener) {
    made["spec"]["type"] = service_type(listener);
    if (!listener.annotations.empty()) made["metadata"]["annotations"] = listener.annotations;
}

}  // namespace

// The names of the nodes must resolve before they are ready: that is how controllers find each other.
Json nodes_service(const Wanted& wanted) {
    Json ports = Json::array(
        {port("controller", controller_port), port("replication", replication_port), port("metrics", metrics_port)});
    for (const api::Listener& listener : listeners_of(wanted.cluster.spec))
        ports.push_back(port(listener.name, listener.port));
    Json made = service(wanted, nodes_service_name(wanted.cluster), pod_selector(wanted.cluster), std::move(ports));
    made["spec"]["clusterIP"] = "None";
    made["spec"]["publishNotReadyAddresses"] = true;
    return made;
}

// null: there is no internal listener.
Json internal_bootstrap_service(const Wanted& wanted) {
    Json ports = Json::array();
    for (const api::Listener& listener : listeners_of(wanted.cluster.spec))
        if (listener.type == api::ListenerType::internal) ports.push_back(port(listener.name, listener.port));
    if (ports.empty()) return nullptr;
    Json made =
        service(wanted, wanted.cluster.metadata.name + "-bootstrap", brokers_of(wanted.cluster), std::move(ports));
    made["spec"]["type"] = "ClusterIP";
    return made;
}

Json external_bootstrap_service(const Wanted& wanted, const api::Listener& listener) {
    Json made = service(wanted, bootstrap_service_name(wanted.cluster, listener), brokers_of(wanted.cluster),
                        Json::array({port(listener.name, listener.port)}));
    make_external(made, listener);
    return made;
}

Json broker_service(const Wanted& wanted, const api::Listener& listener, const Pool& pool, int64_t node_id,
                    int64_t node_port) {
    Json ports = Json::array({port(listener.name, listener.port)});
    if (node_port != 0) ports[0]["nodePort"] = node_port;
    Json selector{{"statefulset.kubernetes.io/pod-name", pod_name(wanted.cluster, pool.name, node_id)}};
    Json made =
        service(wanted, broker_service_name(wanted.cluster, listener, node_id), std::move(selector), std::move(ports));
    // Who leads a partition is reached whatever its node's kubelet says, or fails to say.
    made["spec"]["publishNotReadyAddresses"] = true;
    made["metadata"]["labels"]["milena.dev/listener"] = listener.name;
    make_external(made, listener);
    return made;
}

}  // namespace milena::resource
