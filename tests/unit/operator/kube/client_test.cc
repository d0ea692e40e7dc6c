#include "kube/client.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "unit/operator/kube/manual_world.h"

namespace milena::kube {
namespace {

using nlohmann::json;

struct Asked {
    explicit Asked(HttpAnswer answer = {200, "{}", {}}) {
        transport.answer = [answer](const HttpRequest&) { return answer; };
    }

    ScriptedTransport transport;
    Client client{transport};
    const HttpRequest& last() const { return transport.requests.back(); }
};

const json pod = {{"kind", "Pod"}, {"metadata", {{"namespace", "a"}, {"name", "p"}, {"resourceVersion", "5"}}}};

TEST(Client, a_write_says_who_writes_and_that_unknown_fields_are_refused) {
    Asked asked;
    ASSERT_TRUE(asked.client.apply(resource_type("Pod"), pod, "status"));
    EXPECT_EQ("/api/v1/namespaces/a/pods/p/status?fieldManager=milena-operator&fieldValidation=Strict&force=true",
              asked.last().target);
    EXPECT_EQ("application/apply-patch+yaml", asked.last().content_type);
    ASSERT_TRUE(asked.client.scale(resource_type("StatefulSet"), {"a", "s"}, 3));
    EXPECT_EQ(R"({"spec":{"replicas":3}})", asked.last().body);
    ASSERT_TRUE(asked.client.create(resource_type("Pod"), pod));
    EXPECT_TRUE(asked.last().on_new_connection);
}

TEST(Client, a_delete_names_what_it_means) {
    Asked asked;
    ASSERT_TRUE(
        asked.client.remove(resource_type("Pod"), {"a", "p"},
                            {.uid = "u", .resource_version = "7", .propagation = "Orphan", .grace_seconds = 0}));
    const json options = json::parse(asked.last().body);
    EXPECT_EQ("u", options["preconditions"]["uid"]);
    EXPECT_EQ("7", options["preconditions"]["resourceVersion"]);
    EXPECT_EQ("Orphan", options["propagationPolicy"]);
    EXPECT_EQ(0, options["gracePeriodSeconds"]);
}

TEST(Client, a_list_knows_its_kind_and_drops_what_nobody_reads) {
    Asked asked({200,
                 R"({"metadata":{"resourceVersion":"9","continue":"c d"},
        "items":[{"metadata":{"name":"p","managedFields":[{"x":{}}]}}]})",
                 {}});
    const auto page =
        asked.client.list(resource_type("Pod"), "a", {.label_selector = "x=y", .limit = 2, .continue_token = "c d"});
    ASSERT_TRUE(page);
    EXPECT_EQ("/api/v1/namespaces/a/pods?limit=2&labelSelector=x%3Dy&continue=c%20d", asked.last().target);
    EXPECT_EQ("c d", page->continue_token);
    EXPECT_EQ("9", page->resource_version);
    EXPECT_EQ((json{{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", "p"}}}}), page->items.at(0));
}

TEST(Client, unreadable_answers_are_errors) {
    for (const char* body : {"", "[]", "{", "null", R"({"items":5})", R"({"items":[]})",
                             R"({"items":[5],"metadata":{"resourceVersion":"1"}})"}) {
        Asked asked({200, body, {}});
        EXPECT_FALSE(asked.client.list(resource_type("Pod"), "a", {})) << body;
    }
}

}  // namespace
}  // namespace milena::kube
