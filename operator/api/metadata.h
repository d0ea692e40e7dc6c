// What decisions are made by of any Kubernetes object, whatever its kind: its metadata, its conditions, its members.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace milena::api {

struct ObjectMeta {
    std::string name;
    std::string name_space;
    std::string uid;
    std::string resource_version;
    int64_t generation = 0;
    std::string creation_timestamp;
    std::string deletion_timestamp;  // empty: it isn't being deleted
    std::map<std::string, std::string> labels;
    std::map<std::string, std::string> annotations;
    std::vector<std::string> finalizers;

    bool is_deleting() const { return !deletion_timestamp.empty(); }
    bool operator==(const ObjectMeta&) const = default;
};

// Of any Kubernetes object; what isn't there or is of another type stays empty.
ObjectMeta metadata_of(const nlohmann::json& object);

// Whether one of its owners has this uid.
bool is_owned_by(const nlohmann::json& object, const std::string& uid);

// Of an object's status the condition of this type; null if there is none.
const nlohmann::json& condition_at(const nlohmann::json& object, const char* type);

// A member of an object; null if there is none, or no object.
const nlohmann::json& member(const nlohmann::json& object, const char* name);
// A member that is a text; empty if there is none.
std::string text_at(const nlohmann::json& object, const char* name);
// All members that are texts; of anything but an object none.
std::map<std::string, std::string> texts_of(const nlohmann::json& object);

}  // namespace milena::api
