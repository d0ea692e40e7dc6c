#include <algorithm>

#include "api/metadata.h"
#include "api/quantity.h"
#include "api/time_text.h"
#include "plan/observed.h"

namespace milena::plan {

namespace {

using Json = nlohmann::json;

// The value at a path such as "/status/phase"; null: there is none.
const Json& at(const Json& object, const char* path) {
    static const Json nothing;
    const Json::json_pointer pointer(path);
    return object.contains(pointer) ? object.at(pointer) : nothing;
}

std::string text_at(const Json& object, const char* path) {
    const Json& found = at(object, path);
    return found.is_string() ? found.get<std::string>() : std::string();
}

int64_t bytes_at(const Json& object, const char* path) { return api::whole_units(text_at(object, path)).value_or(0); }

bool is_true(const Json& entry) { return text_at(entry, "/status") == "True"; }

void add_container(const Json& status, Pod& pod) {
    pod.is_running = at(status, "/state/running").is_object();
    pod.image = text_at(status, "/image");
    const Json& restarts = at(status, "/restartCount");
    pod.restarts = restarts.is_number_integer() ? restarts.get<int64_t>() : 0;
    const std::string waiting = text_at(status, "/state/waiting/reason");
    if (waiting != "" && waiting != "ContainerCreating" && waiting != "PodInitializing") pod.failure = waiting;
    for (const char* path : {"/state/terminated/message", "/lastState/terminated/message", "/state/waiting/message"})
        if (pod.message.empty() && !pod.is_running) pod.message = text_at(status, path);
}

}  // namespace

Pod pod_of(const Json& object) {
    const api::ObjectMeta meta = api::metadata_of(object);
    Pod pod;
    pod.name = meta.name;
    pod.uid = meta.uid;
    pod.resource_version = meta.resource_version;
    pod.is_deleting = meta.is_deleting();
    pod.created = api::parse_time(meta.creation_timestamp).value_or(Timestamp(0));
    pod.annotations = meta.annotations;
    pod.node = text_at(object, "/spec/nodeName");
    pod.host_ip = text_at(object, "/status/hostIP");
    pod.phase = text_at(object, "/status/phase");
    pod.is_ready = is_true(api::condition_at(object, "Ready"));
    const Json& scheduled = api::condition_at(object, "PodScheduled");
    pod.is_unschedulable = text_at(scheduled, "/reason") == "Unschedulable";
    if (pod.is_unschedulable) pod.message = text_at(scheduled, "/message");
    const Json& containers = at(object, "/status/containerStatuses");
    if (containers.is_array())
        for (const Json& status : containers)
            if (text_at(status, "/name") == "milena") add_container(status, pod);
    // What the kubelet reports is the image as the runtime knows it; what was asked for stands in the spec.
    const Json& asked = at(object, "/spec/containers");
    if (asked.is_array() && !asked.empty()) pod.image = text_at(asked[0], "/image");
    return pod;
}

Claim claim_of(const Json& object) {
    const api::ObjectMeta meta = api::metadata_of(object);
    Claim claim;
    claim.name = meta.name;
    claim.uid = meta.uid;
    claim.resource_version = meta.resource_version;
    claim.is_deleting = meta.is_deleting();
    claim.annotations = meta.annotations;
    claim.volume = text_at(object, "/spec/volumeName");
    claim.phase = text_at(object, "/status/phase");
    claim.requested_bytes = bytes_at(object, "/spec/resources/requests/storage");
    claim.capacity_bytes = bytes_at(object, "/status/capacity/storage");
    claim.storage_class = text_at(object, "/spec/storageClassName");
    for (const char* type : {"ControllerResizeError", "NodeResizeError"})
        if (const Json& error = api::condition_at(object, type); is_true(error))
            claim.resize_error = text_at(error, "/message");
    return claim;
}

Node node_of(const Json& object) {
    Node node;
    node.labels = api::metadata_of(object).labels;
    node.is_ready = is_true(api::condition_at(object, "Ready"));
    const Json& taints = at(object, "/spec/taints");
    if (taints.is_array())
        node.is_out_of_service = std::ranges::any_of(
            taints, [](const Json& taint) { return text_at(taint, "/key") == "node.kubernetes.io/out-of-service"; });
    const Json& addresses = at(object, "/status/addresses");
    if (addresses.is_array())
        for (const char* type : {"InternalIP", "ExternalIP"})
            for (const Json& address : addresses)
                if (text_at(address, "/type") == type) node.external_address = text_at(address, "/address");
    return node;
}

std::string local_node_of(const Json& volume, const std::map<std::string, Node>& nodes) {
    constexpr const char* host_name = "kubernetes.io/hostname";
    const Json& terms = at(volume, "/spec/nodeAffinity/required/nodeSelectorTerms");
    if (!terms.is_array() || terms.size() != 1) return {};
    const Json& expressions = at(terms[0], "/matchExpressions");
    if (!expressions.is_array()) return {};
    for (const Json& each : expressions) {
        const Json& values = at(each, "/values");
        const bool is_one = values.is_array() && values.size() == 1 && values[0].is_string();
        if (text_at(each, "/key") != host_name || text_at(each, "/operator") != "In" || !is_one) continue;
        const std::string name = values[0].get<std::string>();
        for (const auto& [node, seen] : nodes)
            if (const auto label = seen.labels.find(host_name); label != seen.labels.end() && label->second == name)
                return node;
        return name;
    }
    return {};
}

}  // namespace milena::plan
