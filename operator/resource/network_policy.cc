#include "resource/objects.h"

namespace milena::resource {

using Json = nlohmann::json;

namespace {

Json port(int64_t number) { return {{"port", number}, {"protocol", "TCP"}}; }

}  // namespace

// Clients and monitoring come from anywhere; what brokers say to each other, only from nodes of the cluster and from
// the operator.
Json network_policy(const Wanted& wanted) {
    Json made =
        object(wanted.cluster, "networking.k8s.io/v1", "NetworkPolicy", wanted.cluster.metadata.name + "-nodes");
    Json open = Json::array({port(metrics_port)});
    for (const api::Listener& listener : listeners_of(wanted.cluster.spec)) open.push_back(port(listener.port));
    const Json nodes{{"podSelector", {{"matchLabels", pod_selector(wanted.cluster)}}}};
    const Json an_operator{{"namespaceSelector", Json::object()},
                           {"podSelector", {{"matchLabels", {{"app.kubernetes.io/name", "milena-operator"}}}}}};
    made["spec"] = {
        {"podSelector", {{"matchLabels", pod_selector(wanted.cluster)}}},
        {"policyTypes", {"Ingress"}},
        {"ingress", Json::array({Json{{"ports", open}}, Json{{"ports", {port(controller_port), port(replication_port)}},
                                                             {"from", {nodes, an_operator}}}})}};
    return made;
}

}  // namespace milena::resource
