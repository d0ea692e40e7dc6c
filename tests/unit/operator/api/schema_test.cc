#include "api/schema.h"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace milena::api {
namespace {

std::string file_text(const std::string& name) {
    std::ifstream file(std::string(CRDS) + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Crds, in_the_repository_are_those_of_the_types) {
    for (const CrdFile& file : crd_files())
        EXPECT_TRUE(file_text(file.name) == file.text) << "crds/" << file.name << ": `make crds` makes it anew";
}

TEST(Crds, are_under_60_kB) {
    for (const CrdFile& file : crd_files()) EXPECT_LT(file.text.size(), 60'000u) << file.name;
}

TEST(Yaml, texts_that_look_like_other_types_are_quoted) {
    const nlohmann::ordered_json value{{"a", "true"}, {"b", {1, "x y", {{"c", nullptr}, {"d", ""}}}}, {"n", "10Gi"}};
    EXPECT_EQ(to_yaml(value), "a: \"true\"\nb:\n  - 1\n  - \"x y\"\n  - c: null\n    d: \"\"\n\"n\": \"10Gi\"\n");
}

}  // namespace
}  // namespace milena::api
