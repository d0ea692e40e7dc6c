#include "resource/objects.h"

namespace milena::resource {

nlohmann::json config_map(const Wanted& wanted, const std::map<std::string, int64_t>& replicas,
                          const std::map<std::string, std::string>& annotations) {
    nlohmann::json made = object(wanted.cluster, "v1", "ConfigMap", config_map_name(wanted.cluster));
    made["metadata"]["annotations"] = annotations;
    made["metadata"]["annotations"][annotation::founding] = founding_text(wanted.founding);
    nlohmann::json& data = made["data"] = nlohmann::json::object();
    for (const Pool& pool : pools_of(wanted.cluster.spec)) {
        const auto count = replicas.find(pool.name);
        for (int64_t i = 0; count != replicas.end() && i < count->second; ++i) {
            const int64_t node_id = pool.first_node_id + i;
            data[pod_name(wanted.cluster, pool.name, node_id) + ".properties"] = properties(wanted, pool, node_id);
        }
    }
    return made;
}

}  // namespace milena::resource
