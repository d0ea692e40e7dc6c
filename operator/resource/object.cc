#include <cstdio>

#include "api/digest.h"
#include "resource/objects.h"

namespace milena::resource {

using Json = nlohmann::json;

std::string selector_text(const api::KafkaCluster& cluster) {
    return std::string(label::broker) + "=true," + label::cluster + "=" + cluster.metadata.name;
}

Json pod_selector(const api::KafkaCluster& cluster) { return {{label::cluster, cluster.metadata.name}}; }

Json object(const api::KafkaCluster& cluster, const char* api_version, const char* kind, const std::string& name) {
    const api::ObjectMeta& owner = cluster.metadata;
    Json made{{"apiVersion", api_version}, {"kind", kind}};
    made["metadata"] = {{"name", name},
                        {"namespace", owner.name_space},
                        {"labels",
                         {{"app.kubernetes.io/name", "milena"},
                          {"app.kubernetes.io/instance", owner.name},
                          {"app.kubernetes.io/part-of", owner.name},
                          {"app.kubernetes.io/managed-by", "milena-operator"},
                          {label::cluster, owner.name}}},
                        {"ownerReferences", Json::array({{{"apiVersion", api::api_version},
                                                          {"kind", "KafkaCluster"},
                                                          {"name", owner.name},
                                                          {"uid", owner.uid},
                                                          {"controller", true},
                                                          {"blockOwnerDeletion", true}}})}};
    return made;
}

// nlohmann's objects are sorted by name.
std::string digest(const Json& object) { return api::digest(object.dump()); }

}  // namespace milena::resource
