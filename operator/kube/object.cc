#include "kube/object.h"

#include <array>

#include <nlohmann/json.hpp>

#include "api/metadata.h"
#include "base/check.h"

namespace milena::kube {
namespace {

const std::array types = {
    ResourceType{"", "v1", "pods", "Pod"},
    ResourceType{"", "v1", "services", "Service"},
    ResourceType{"", "v1", "configmaps", "ConfigMap"},
    ResourceType{"", "v1", "secrets", "Secret"},
    ResourceType{"", "v1", "serviceaccounts", "ServiceAccount"},
    ResourceType{"", "v1", "persistentvolumeclaims", "PersistentVolumeClaim"},
    ResourceType{"", "v1", "namespaces", "Namespace", false},
    ResourceType{"", "v1", "nodes", "Node", false},
    ResourceType{"apps", "v1", "statefulsets", "StatefulSet"},
    ResourceType{"policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"},
    ResourceType{"networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"},
    ResourceType{"", "v1", "persistentvolumes", "PersistentVolume", false},
    ResourceType{"storage.k8s.io", "v1", "storageclasses", "StorageClass", false},
    ResourceType{"coordination.k8s.io", "v1", "leases", "Lease"},
    ResourceType{"events.k8s.io", "v1", "events", "Event"},
    ResourceType{"monitoring.coreos.com", "v1", "podmonitors", "PodMonitor"},
    ResourceType{"rbac.authorization.k8s.io", "v1", "roles", "Role"},
    ResourceType{"rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"},
    ResourceType{"rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false},
    ResourceType{"rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", false},
    ResourceType{"milena.dev", "v1alpha1", "kafkaclusters", "KafkaCluster"},
    ResourceType{"milena.dev", "v1alpha1", "kafkatopics", "KafkaTopic"},
};

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::string ResourceType::path(std::string_view space, std::string_view name, std::string_view subresource) const {
    std::string path = group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
    if (is_namespaced && !space.empty()) path += "/namespaces/" + percent_encoded(space);
    path += "/" + plural;
    if (!name.empty()) path += "/" + percent_encoded(name);
    if (!subresource.empty()) path += "/" + std::string(subresource);
    return path;
}

const ResourceType* find_resource_type(std::string_view api_version, std::string_view kind) {
    for (const ResourceType& type : types)
        if (type.kind == kind && type.api_version() == api_version) return &type;
    return nullptr;
}

const ResourceType& resource_type(std::string_view kind) {
    const ResourceType* found = nullptr;
    for (const ResourceType& type : types)
        if (type.kind == kind) found = &type;
    check(found != nullptr);
    return *found;
}

std::string metadata_text(const nlohmann::json& object, const char* name) {
    const auto metadata = object.find("metadata");
    return metadata == object.end() ? "" : api::text_at(*metadata, name);
}

ObjectKey key_of(const nlohmann::json& object) {
    return {metadata_text(object, "namespace"), metadata_text(object, "name")};
}

std::string uid_of(const nlohmann::json& object) { return metadata_text(object, "uid"); }

std::string resource_version_of(const nlohmann::json& object) { return metadata_text(object, "resourceVersion"); }

std::string controller_uid_of(const nlohmann::json& object) {
    const auto metadata = object.find("metadata");
    if (metadata == object.end() || !metadata->is_object()) return "";
    const auto owners = metadata->find("ownerReferences");
    if (owners == metadata->end() || !owners->is_array()) return "";
    for (const auto& owner : *owners)
        if (owner.is_object() && owner.value("controller", false)) return owner.value("uid", "");
    return "";
}

bool is_older(std::string_view a, std::string_view b) {
    if (!is_number(a) || !is_number(b)) return false;
    return a.size() != b.size() ? a.size() < b.size() : a < b;
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool is_plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                              (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
        if (is_plain) {
            encoded += c;
        } else {
            encoded += '%';
            encoded += digits[byte >> 4];
            encoded += digits[byte & 15];
        }
    }
    return encoded;
}

}  // namespace milena::kube
