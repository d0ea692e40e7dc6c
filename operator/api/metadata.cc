#include "api/metadata.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace milena::api {

using Json = nlohmann::json;

const Json& member(const Json& object, const char* name) {
    static const Json nothing;
    if (!object.is_object()) return nothing;
    const auto found = object.find(name);
    return found == object.end() ? nothing : *found;
}

std::string text_at(const Json& object, const char* name) {
    const Json& found = member(object, name);
    return found.is_string() ? found.get<std::string>() : std::string();
}

std::map<std::string, std::string> texts_of(const Json& object) {
    std::map<std::string, std::string> texts;
    if (!object.is_object()) return texts;
    for (const auto& [key, value] : object.items())
        if (value.is_string()) texts.emplace(key, value.get<std::string>());
    return texts;
}

ObjectMeta metadata_of(const Json& object) {
    ObjectMeta meta;
    const Json& found = member(object, "metadata");
    meta.name = text_at(found, "name");
    meta.name_space = text_at(found, "namespace");
    meta.uid = text_at(found, "uid");
    meta.resource_version = text_at(found, "resourceVersion");
    meta.creation_timestamp = text_at(found, "creationTimestamp");
    meta.deletion_timestamp = text_at(found, "deletionTimestamp");
    const Json& generation = member(found, "generation");
    if (generation.is_number_integer()) meta.generation = generation.get<int64_t>();
    meta.labels = texts_of(member(found, "labels"));
    meta.annotations = texts_of(member(found, "annotations"));
    const Json& finalizers = member(found, "finalizers");
    if (finalizers.is_array())
        for (const Json& finalizer : finalizers)
            if (finalizer.is_string()) meta.finalizers.push_back(finalizer.get<std::string>());
    return meta;
}

bool is_owned_by(const Json& object, const std::string& uid) {
    const Json& owners = member(member(object, "metadata"), "ownerReferences");
    return owners.is_array() &&
           std::ranges::any_of(owners, [&](const Json& owner) { return text_at(owner, "uid") == uid; });
}

const Json& condition_at(const Json& object, const char* type) {
    static const Json nothing;
    const Json& conditions = member(member(object, "status"), "conditions");
    if (!conditions.is_array()) return nothing;
    const auto found =
        std::ranges::find_if(conditions, [&](const Json& each) { return text_at(each, "type") == type; });
    return found == conditions.end() ? nothing : *found;
}

}  // namespace milena::api
