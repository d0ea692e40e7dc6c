#include "resource/objects.h"

namespace milena::resource {

// Brokers ask the API server nothing.
nlohmann::json service_account(const Wanted& wanted) {
    nlohmann::json made = object(wanted.cluster, "v1", "ServiceAccount", wanted.cluster.metadata.name + "-nodes");
    made["automountServiceAccountToken"] = false;
    return made;
}

}  // namespace milena::resource
