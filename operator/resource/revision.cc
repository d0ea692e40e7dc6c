#include "resource/objects.h"

namespace milena::resource {

using Json = nlohmann::json;

std::string revision(const Wanted& wanted, const Pool& pool) {
    Json asked{{"image", wanted.image},
               {"resources", {{"requests", pool.resources.requests}, {"limits", pool.resources.limits}}},
               {"podTemplate", api::written(pool.pod_template)},
               {"rack", wanted.cluster.spec.rack ? wanted.cluster.spec.rack->topology_key : ""},
               {"founding", founding_text(wanted.founding)}};
    for (const api::Volume& volume : volumes_of(pool.storage)) asked["volumes"].push_back(volume.name);
    for (const api::Listener& listener : wanted.listeners)
        asked["listeners"].push_back({listener.name, static_cast<int>(listener.type), listener.port});
    return digest(asked);
}

}  // namespace milena::resource
