#include "kube/object.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace milena::kube {
namespace {

TEST(Object, paths_are_those_of_the_api) {
    EXPECT_EQ("/api/v1/pods", resource_type("Pod").path(""));
    EXPECT_EQ("/api/v1/namespaces/a/pods/b", resource_type("Pod").path("a", "b"));
    EXPECT_EQ("/apis/apps/v1/namespaces/a/statefulsets/b/scale", resource_type("StatefulSet").path("a", "b", "scale"));
    EXPECT_EQ("/api/v1/nodes/n", resource_type("Node").path("a", "n"));
    EXPECT_EQ("/api/v1/namespaces/a%2Fb/pods/c%3F", resource_type("Pod").path("a/b", "c?"));
    EXPECT_EQ(nullptr, find_resource_type("v1", "Kafka"));
    EXPECT_EQ("statefulsets", find_resource_type("apps/v1", "StatefulSet")->plural);
}

TEST(Object, versions_are_compared_as_numbers_of_any_length) {
    EXPECT_TRUE(is_older("9", "10"));
    EXPECT_FALSE(is_older("10", "9"));
    EXPECT_FALSE(is_older("10", "10"));
    EXPECT_TRUE(is_older("99999999999999999999998", "99999999999999999999999"));
    EXPECT_FALSE(is_older("", "1"));
    EXPECT_FALSE(is_older("1", "x"));
}

TEST(Object, the_owner_that_controls_is_one_of_several) {
    const auto object = nlohmann::json::parse(
        R"({"metadata":{"ownerReferences":[{"uid":"1"},{"uid":"2","controller":true}],"name":3}})");
    EXPECT_EQ("2", controller_uid_of(object));
    EXPECT_EQ("", metadata_text(object, "name"));
    EXPECT_EQ("", controller_uid_of(nlohmann::json::object()));
}

}  // namespace
}  // namespace milena::kube
