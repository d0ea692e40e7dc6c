// The CustomResourceDefinitions, made of the descriptions of our kinds. crds/ holds what this gives; a test compares.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "api/field.h"

namespace milena::api {

// The structural schema of what `part` describes; its values are the defaults.
nlohmann::json schema_of(Part& part);

struct CrdFile {
    std::string name;  // kafkaclusters.yaml
    std::string text;
};
std::vector<CrdFile> crd_files();

std::string to_yaml(const nlohmann::ordered_json& value);

}  // namespace milena::api
