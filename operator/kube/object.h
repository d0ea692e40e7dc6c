// Objects of the Kubernetes API: what kinds there are, under which paths, what identifies one, and how old it is. Pure.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace milena::kube {

struct ObjectKey {
    std::string space;  // empty for kinds of the cluster as a whole
    std::string name;

    auto operator<=>(const ObjectKey&) const = default;
    std::string to_string() const { return space.empty() ? name : space + "/" + name; }
};

struct ResourceType {
    std::string group;  // empty: core
    std::string version;
    std::string plural;
    std::string kind;
    bool is_namespaced = true;

    bool operator==(const ResourceType&) const = default;
    std::string api_version() const { return group.empty() ? version : group + "/" + version; }
    // Of all objects in a namespace (of all namespaces, if empty), of one, of a subresource of one.
    std::string path(std::string_view space, std::string_view name = "", std::string_view subresource = "") const;
};

// Those that the operator has to do with; nullptr: none of them.
const ResourceType* find_resource_type(std::string_view api_version, std::string_view kind);
// By kind alone, of which each is there once. It must be one of them.
const ResourceType& resource_type(std::string_view kind);

ObjectKey key_of(const nlohmann::json& object);
// A text of metadata; empty if there is none.
std::string metadata_text(const nlohmann::json& object, const char* name);
std::string uid_of(const nlohmann::json& object);
std::string resource_version_of(const nlohmann::json& object);
// The uid of the owner that controls it; empty if none does.
std::string controller_uid_of(const nlohmann::json& object);

// Resource versions are decimal numbers of any length, and comparable (KEP-5504). What isn't one is never older.
bool is_older(std::string_view a, std::string_view b);

// "a b" → "a%20b": for a part of a path or a value of a query.
std::string percent_encoded(std::string_view text);

}  // namespace milena::kube
