#include "resource/objects.h"

namespace milena::resource {

nlohmann::json pod_monitor(const Wanted& wanted) {
    nlohmann::json made =
        object(wanted.cluster, "monitoring.coreos.com/v1", "PodMonitor", wanted.cluster.metadata.name + "-nodes");
    made["spec"] = {{"selector", {{"matchLabels", pod_selector(wanted.cluster)}}},
                    {"podTargetLabels", {label::cluster, label::pool}},
                    {"podMetricsEndpoints", nlohmann::json::array({{{"port", "metrics"}, {"path", "/metrics"}}})}};
    return made;
}

}  // namespace milena::resource
