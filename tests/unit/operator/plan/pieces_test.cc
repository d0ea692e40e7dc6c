// The planner's small parts: what counts as applied already, when windows are open, what pods and claims say.
#include <gtest/gtest.h>

#include "api/time_text.h"
#include "plan/pass.h"

namespace milena::plan {
namespace {

using Json = nlohmann::json;

TEST(Covers, fields_of_others_do_not_matter) {
    EXPECT_TRUE(covers({{"a", 1}, {"b", 2}}, {{"a", 1}}));
    EXPECT_FALSE(covers({{"b", 2}}, {{"a", 1}}));
    EXPECT_TRUE(covers(Json::array({{{"a", 1}, {"x", 2}}}), Json::array({{{"a", 1}}})));
    EXPECT_FALSE(covers(Json::array({1, 2}), Json::array({1})));
    EXPECT_TRUE(covers(Json::object(), {{"emptyDir", Json::object()}}));
}

TEST(Covers, quantities_are_equal_however_they_are_written) {
    EXPECT_TRUE(covers({{"cpu", "1"}}, {{"cpu", "1000m"}}));
    EXPECT_TRUE(covers({{"memory", "1Gi"}}, {{"memory", "1024Mi"}}));
    EXPECT_FALSE(covers({{"cpu", "1"}}, {{"cpu", "2"}}));
}

TEST(Types, refuse_only_what_no_broker_would_take) {
    for (const char* text : {"7", "-1", " 7 ", "+7"}) EXPECT_TRUE(may_be_of_type("int", text)) << text;
    for (const char* text : {"", "abc", "7s", "1.5", "-", "7 7"}) EXPECT_FALSE(may_be_of_type("long", text)) << text;
    for (const char* text : {"true", "False ", "TRUE"}) EXPECT_TRUE(may_be_of_type("boolean", text)) << text;
    for (const char* text : {"", "yes", "truer", "1"}) EXPECT_FALSE(may_be_of_type("boolean", text)) << text;
    for (const char* type : {"double", "string", "list", "", "of tomorrow"}) EXPECT_TRUE(may_be_of_type(type, "any"));
}

TEST(Windows, are_open_for_their_duration_on_their_days) {
    const std::vector<api::MaintenanceWindow> windows{{{"Sunday"}, "23:30", 60}};
    const auto at = [&](const char* text) { return minutes_to_window(windows, *api::parse_time(text)); };
    EXPECT_EQ(at("2026-11-29T23:29:00Z"), 1);
    EXPECT_EQ(at("2026-11-29T23:30:00Z"), 0);
    EXPECT_EQ(at("2026-11-30T00:29:00Z"), 0) << "over the end of the week";
    EXPECT_EQ(at("2026-11-30T00:30:00Z"), 7 * 1440 - 60);
    EXPECT_EQ(minutes_to_window({}, Timestamp(0)), 0);
}

TEST(Seen, a_pod_says_why_it_does_not_start) {
    const Pod pod = pod_of({{"metadata", {{"name", "demo-brokers-1"}, {"uid", "u"}}},
                            {"spec", {{"nodeName", "n"}, {"containers", {{{"image", "milena:1"}}}}}},
                            {"status",
                             {{"phase", "Running"},
                              {"hostIP", "10.0.0.9"},
                              {"conditions", {{{"type", "Ready"}, {"status", "False"}}}},
                              {"containerStatuses",
                               {{{"name", "milena"},
                                 {"restartCount", 4},
                                 {"state", {{"waiting", {{"reason", "CrashLoopBackOff"}, {"message", "back-off"}}}}},
                                 {"lastState", {{"terminated", {{"message", "unknown setting"}}}}}}}}}}});
    EXPECT_EQ(pod.failure, "CrashLoopBackOff");
    EXPECT_EQ(pod.message, "unknown setting");
    EXPECT_EQ(pod.image, "milena:1");
    EXPECT_EQ(pod.host_ip, "10.0.0.9");
    EXPECT_EQ(pod.restarts, 4);
    EXPECT_FALSE(pod.is_running);
}

TEST(Seen, a_local_volume_names_its_node_and_one_that_moves_none) {
    const auto on = [](const Json& values, const char* key = "kubernetes.io/hostname") {
        const Json expression{{"key", key}, {"operator", "In"}, {"values", values}};
        const Json terms = Json::array({{{"matchExpressions", Json::array({expression})}}});
        return Json{{"spec", {{"nodeAffinity", {{"required", {{"nodeSelectorTerms", terms}}}}}}}};
    };
    std::map<std::string, Node> nodes;
    nodes["node-1"].labels["kubernetes.io/hostname"] = "host-1";
    EXPECT_EQ(local_node_of(on({"host-1"}), nodes), "node-1");
    EXPECT_EQ(local_node_of(on({"host-2"}), nodes), "host-2") << "its node is gone";
    EXPECT_EQ(local_node_of(on({"host-1", "host-2"}), nodes), "");
    EXPECT_EQ(local_node_of(on({"a"}, "topology.kubernetes.io/zone"), nodes), "");
    for (const Json& object : {Json(), Json(7), Json{{"spec", {{"nodeAffinity", "x"}}}}, on(7)})
        EXPECT_EQ(local_node_of(object, nodes), "");
}

TEST(Seen, hostile_objects_are_empty) {
    for (const Json& object : {Json(), Json(7), Json::array(), Json{{"metadata", 1}, {"status", "x"}, {"spec", {}}}}) {
        EXPECT_EQ(pod_of(object), Pod{});
        EXPECT_EQ(claim_of(object), Claim{});
        EXPECT_FALSE(node_of(object).is_ready);
    }
}

TEST(Seen, a_claim_and_a_node) {
    const Claim claim =
        claim_of({{"metadata", {{"name", "data-demo-brokers-0"}}},
                  {"spec", {{"resources", {{"requests", {{"storage", "2Gi"}}}}}, {"storageClassName", "fast"}}},
                  {"status", {{"phase", "Bound"}, {"capacity", {{"storage", "1Gi"}}}}}});
    EXPECT_EQ(claim.requested_bytes, int64_t{2} << 30);
    EXPECT_EQ(claim.capacity_bytes, int64_t{1} << 30);
    const Node node = node_of({{"spec", {{"taints", {{{"key", "node.kubernetes.io/out-of-service"}}}}}},
                               {"status",
                                {{"conditions", {{{"type", "Ready"}, {"status", "True"}}}},
                                 {"addresses", {{{"type", "InternalIP"}, {"address", "10.0.0.1"}}}}}}});
    EXPECT_TRUE(node.is_ready);
    EXPECT_TRUE(node.is_out_of_service);
    EXPECT_EQ(node.external_address, "10.0.0.1");
}

}  // namespace
}  // namespace milena::plan
