#include "resource/objects.h"

namespace milena::resource {

using Json = nlohmann::json;

namespace {

constexpr int64_t user_id = 10001;  // of the image

Json http_probe(const char* path, int period_seconds, int failure_threshold, int timeout_seconds) {
    return {{"httpGet", {{"path", path}, {"port", "metrics"}, {"scheme", "HTTP"}}},
            {"periodSeconds", period_seconds},
            {"failureThreshold", failure_threshold},
            {"timeoutSeconds", timeout_seconds}};
}

Json field(const char* name, const char* path) {
    return {{"name", name}, {"valueFrom", {{"fieldRef", {{"apiVersion", "v1"}, {"fieldPath", path}}}}}};
}

Json container_ports(const Wanted& wanted, const Pool& pool) {
    const auto port = [](const std::string& name, int64_t number) {
        return Json{{"name", name}, {"containerPort", number}, {"protocol", "TCP"}};
    };
    Json ports = Json::array({port("metrics", metrics_port), port("controller", controller_port)});
    if (pool.is_broker) {
        ports.push_back(port("replication", replication_port));
        for (const api::Listener& listener : listeners_of(wanted.cluster.spec))
            ports.push_back(port(listener.name, listener.port));
    }
    return ports;
}

Json container(const Wanted& wanted, const Pool& pool) {
    Json mounts = Json::array({{{"name", "config"}, {"mountPath", "/etc/milena"}, {"readOnly", true}}});
    for (const api::Volume& volume : volumes_of(pool.storage))
        mounts.push_back({{"name", volume.name}, {"mountPath", "/var/lib/milena/" + volume.name}});
    Json env = Json::array({field("POD_NAME", "metadata.name"), field("HOST_IP", "status.hostIP")});
    if (wanted.cluster.spec.rack) env.push_back(field("KAFKA_BROKER_RACK", "metadata.annotations['milena.dev/rack']"));
    Json made{{"name", "milena"},
              {"image", wanted.image},
              {"imagePullPolicy", "IfNotPresent"},
              // Each pod finds its own file, and in it its node id.
              {"args", {"broker", "/etc/milena/$(POD_NAME).properties"}},
              {"env", std::move(env)},
              {"ports", container_ports(wanted, pool)},
              {"volumeMounts", std::move(mounts)},
              {"terminationMessagePolicy", "FallbackToLogsOnError"},
              // /healthz is served, and fine, while logs are recovered, however long that takes: a broker that recovers
              // is never killed for it.
              {"startupProbe", http_probe("/healthz", 1, 600, 5)},
              {"livenessProbe", http_probe("/healthz", 10, 6, 5)},
              {"readinessProbe", http_probe("/readyz", 1, 3, 3)},
              {"securityContext",
               {{"allowPrivilegeEscalation", false},
                {"readOnlyRootFilesystem", true},
                {"capabilities", {{"drop", {"ALL"}}}}}}};
    if (!pool.resources.requests.empty()) made["resources"]["requests"] = pool.resources.requests;
    if (!pool.resources.limits.empty()) made["resources"]["limits"] = pool.resources.limits;
    return made;
}

// A pod knows its rack when the operator has read it off the node that the pod has come to; until then it waits, but
// not for ever: brokers must start without an operator as well.
Json rack_container(const Wanted& wanted, const Json& milena) {
    return {{"name", "rack"},
            {"image", wanted.image},
            {"imagePullPolicy", "IfNotPresent"},
            {"args", {"await", "/etc/rack/rack", "--seconds", "30"}},
            {"volumeMounts", Json::array({{{"name", "rack"}, {"mountPath", "/etc/rack"}, {"readOnly", true}}})},
            {"securityContext", milena["securityContext"]}};
}

Json rack_volume() {
    return {{"name", "rack"},
            {"downwardAPI",
             {{"items",
               Json::array({{{"path", "rack"},
                             {"fieldRef",
                              {{"apiVersion", "v1"}, {"fieldPath", "metadata.annotations['milena.dev/rack']"}}}}})}}}};
}

Json default_spread(const Wanted& wanted, const Json& labels) {
    Json constraints = Json::array();
    const auto add = [&](const std::string& key) {
        constraints.push_back({{"topologyKey", key},
                               {"maxSkew", 1},
                               {"whenUnsatisfiable", "ScheduleAnyway"},
                               {"labelSelector", {{"matchLabels", labels}}}});
    };
    const std::string node = "kubernetes.io/hostname";
    const auto& rack = wanted.cluster.spec.rack;
    if (rack && rack->topology_key != node) add(rack->topology_key);  // Kubernetes refuses what is there twice
    add(node);
    return constraints;
}

void add_wishes(Json& spec, const api::PodTemplate& wishes) {
    if (!wishes.node_selector.empty()) spec["nodeSelector"] = wishes.node_selector;
    if (!wishes.tolerations.is_null()) spec["tolerations"] = wishes.tolerations;
    if (!wishes.affinity.is_null()) spec["affinity"] = wishes.affinity;
    if (!wishes.topology_spread_constraints.is_null())
        spec["topologySpreadConstraints"] = wishes.topology_spread_constraints;
    if (!wishes.image_pull_secrets.is_null()) spec["imagePullSecrets"] = wishes.image_pull_secrets;
    if (!wishes.priority_class_name.empty()) spec["priorityClassName"] = wishes.priority_class_name;
    if (!wishes.scheduler_name.empty()) spec["schedulerName"] = wishes.scheduler_name;
}

Json pod_template(const Wanted& wanted, const Pool& pool, const Json& labels) {
    Json spec{
        {"serviceAccountName", wanted.cluster.metadata.name + "-nodes"},
        {"automountServiceAccountToken", false},
        {"enableServiceLinks", false},  // KAFKA_… variables would be taken for settings
        {"terminationGracePeriodSeconds", pool.pod_template.termination_grace_period_seconds.value_or(60)},
        {"topologySpreadConstraints", default_spread(wanted, labels)},
        {"securityContext",
         {{"runAsNonRoot", true},
          {"runAsUser", user_id},
          {"runAsGroup", user_id},
          {"fsGroup", user_id},
          {"fsGroupChangePolicy", "OnRootMismatch"},
          {"seccompProfile", {{"type", "RuntimeDefault"}}}}},
        {"containers", Json::array({container(wanted, pool)})},
        {"volumes", Json::array({{{"name", "config"}, {"configMap", {{"name", config_map_name(wanted.cluster)}}}}})}};
    if (wanted.cluster.spec.rack) {
        spec["initContainers"] = Json::array({rack_container(wanted, spec["containers"][0])});
        spec["volumes"].push_back(rack_volume());
    }
    add_wishes(spec, pool.pod_template);
    Json pod_labels = object(wanted.cluster, "v1", "Pod", "")["metadata"]["labels"];
    for (const auto& [name, value] : pool.pod_template.labels) pod_labels[name] = value;
    pod_labels.update(labels);
    pod_labels["app.kubernetes.io/component"] = pool.is_broker ? "broker" : "controller";
    pod_labels[label::broker] = pool.is_broker ? "true" : "false";
    Json annotations = Json::object();
    for (const auto& [name, value] : pool.pod_template.annotations) annotations[name] = value;
    annotations[annotation::revision] = revision(wanted, pool);
    annotations[annotation::config] = Json(wanted.config).dump();
    return {{"metadata", {{"labels", std::move(pod_labels)}, {"annotations", std::move(annotations)}}},
            {"spec", std::move(spec)}};
}

Json claim_templates(const Wanted& wanted, const Pool& pool) {
    Json templates = Json::array();
    for (const api::Volume& volume : volumes_of(pool.storage)) {
        Json spec{{"accessModes", {"ReadWriteOnce"}}, {"resources", {{"requests", {{"storage", volume.size}}}}}};
        if (!volume.storage_class.empty()) spec["storageClassName"] = volume.storage_class;
        templates.push_back({{"apiVersion", "v1"},
                             {"kind", "PersistentVolumeClaim"},
                             {"metadata",
                              {{"name", volume.name},
                               {"labels", {{label::cluster, wanted.cluster.metadata.name}, {label::pool, pool.name}}},
                               {"annotations", {{annotation::cluster_id, wanted.founding.cluster_id}}}}},
                             {"spec", std::move(spec)}});
    }
    return templates;
}

}  // namespace

Json stateful_set(const Wanted& wanted, const Pool& pool, int64_t replicas, const std::vector<int64_t>& leaving) {
    const bool goes_with_it = pool.storage.deletion_policy == api::RetentionPolicy::remove;
    Json labels = pod_selector(wanted.cluster);
    labels[label::pool] = pool.name;
    Json made = object(wanted.cluster, "apps/v1", "StatefulSet", set_name(wanted.cluster, pool.name));
    made["metadata"]["labels"][label::pool] = pool.name;
    made["metadata"]["annotations"] = {{annotation::replicas, std::to_string(replicas)}};
    std::string ids;
    for (const int64_t id : leaving) ids += (ids.empty() ? "" : ",") + std::to_string(id);
    if (!ids.empty()) made["metadata"]["annotations"][annotation::leaving] = ids;
    made["spec"] = {{"serviceName", nodes_service_name(wanted.cluster)},
                    {"replicas", replicas},
                    {"podManagementPolicy", "Parallel"},
                    {"updateStrategy", {{"type", "OnDelete"}}},
                    {"selector", {{"matchLabels", labels}}},
                    // Whoever scales the set by hand must not lose data: claims of a broker that has been emptied are
                    // deleted by the operator.
                    {"persistentVolumeClaimRetentionPolicy",
                     {{"whenDeleted", goes_with_it ? "Delete" : "Retain"}, {"whenScaled", "Retain"}}},
                    {"template", pod_template(wanted, pool, labels)},
                    {"volumeClaimTemplates", claim_templates(wanted, pool)}};
    if (pool.first_node_id != 0) made["spec"]["ordinals"] = {{"start", pool.first_node_id}};
    return made;
}

}  // namespace milena::resource
