#include "api/metadata.h"

#include <nlohmann/json.hpp>

namespace milena::api {

namespace {

using Json = nlohmann::json;

std::string text_at(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::map<std::string, std::string> texts_at(const Json& object, const char* name) {
    std::map<std::string, std::string> texts;
    const auto found = object.find(name);
    if (found == object.end() || !found->is_object()) return texts;
    for (const auto& [key, value] : found->items())
        if (value.is_string()) texts.emplace(key, value.get<std::string>());
    return texts;
}

}  // namespace

ObjectMeta metadata_of(const Json& object) {
    ObjectMeta meta;
    if (!object.is_object()) return meta;
    const auto found = object.find("metadata");
    if (found == object.end() || !found->is_object()) return meta;
    meta.name = text_at(*found, "name");
    meta.name_space = text_at(*found, "namespace");
    meta.uid = text_at(*found, "uid");
    meta.resource_version = text_at(*found, "resourceVersion");
    meta.creation_timestamp = text_at(*found, "creationTimestamp");
    meta.deletion_timestamp = text_at(*found, "deletionTimestamp");
    const auto generation = found->find("generation");
    if (generation != found->end() && generation->is_number_integer()) meta.generation = generation->get<int64_t>();
    meta.labels = texts_at(*found, "labels");
    meta.annotations = texts_at(*found, "annotations");
    const auto finalizers = found->find("finalizers");
    if (finalizers != found->end() && finalizers->is_array())
        for (const Json& finalizer : *finalizers)
            if (finalizer.is_string()) meta.finalizers.push_back(finalizer.get<std::string>());
    return meta;
}

}  // namespace milena::api
