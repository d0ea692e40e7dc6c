#include "resource/objects.h"

namespace milena::resource {

nlohmann::json disruption_budget(const Wanted& wanted) {
    nlohmann::json made =
        object(wanted.cluster, "policy/v1", "PodDisruptionBudget", wanted.cluster.metadata.name + "-nodes");
    made["spec"] = {{"maxUnavailable", 1}, {"selector", {{"matchLabels", pod_selector(wanted.cluster)}}}};
    return made;
}

}  // namespace milena::resource
