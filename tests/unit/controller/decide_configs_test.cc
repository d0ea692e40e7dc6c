#include "unit/controller/decide_fixture.h"

namespace milena::controller {
namespace {

constexpr int8_t topic_type = 2;
constexpr int8_t broker_type = 4;
constexpr int8_t logger_type = 8;
constexpr int8_t metrics_type = 16;
constexpr int8_t group_type = 32;

enum Operation : int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

class AlterConfigs : public DecideFixture {
  public:
    AlterConfigs() {
        add_broker(1);
        create("a");
    }

    using Configs = std::vector<wire::IncrementalAlterConfigsRequest::Config>;
    static wire::IncrementalAlterConfigsRequest change(int8_t type, std::string_view name, Configs configs) {
        wire::IncrementalAlterConfigsRequest request;
        request.resources.push_back({.resource_type = type, .resource_name = name, .configs = std::move(configs)});
        return request;
    }
    ErrorCode altered(int8_t type, std::string_view name, Configs configs) {
        return done(change(type, name, std::move(configs))).responses.front().error_code;
    }
    ErrorCode replaced(int8_t type, std::string_view name, std::vector<wire::AlterConfigsRequest::Config> configs) {
        wire::AlterConfigsRequest request;
        request.resources.push_back({.resource_type = type, .resource_name = name, .configs = std::move(configs)});
        return done(request).responses.front().error_code;
    }
    const settings::Texts& of_topic() const { return image->topic_config("a"); }
};

TEST_F(AlterConfigs, single_settings_are_set_and_deleted) {
    EXPECT_EQ(altered(topic_type, "a", {{"retention.ms", set, "1"}, {"segment.ms", set, "2"}}), ErrorCode::none);
    EXPECT_EQ(of_topic(), (settings::Texts{{"retention.ms", "1"}, {"segment.ms", "2"}}));
    EXPECT_EQ(altered(topic_type, "a", {{"retention.ms", remove, std::nullopt}}), ErrorCode::none);
    EXPECT_EQ(of_topic(), (settings::Texts{{"segment.ms", "2"}}));
}

TEST_F(AlterConfigs, lists_are_appended_to_and_subtracted_from) {
    EXPECT_EQ(altered(topic_type, "a", {{"cleanup.policy", append, "compact"}}), ErrorCode::none);
    EXPECT_EQ(of_topic().at("cleanup.policy"), "delete,compact");
    EXPECT_EQ(altered(topic_type, "a", {{"cleanup.policy", subtract, "delete"}}), ErrorCode::none);
    EXPECT_EQ(of_topic().at("cleanup.policy"), "compact");
    EXPECT_EQ(altered(topic_type, "a", {{"retention.ms", append, "1"}}), ErrorCode::invalid_config);
}

TEST_F(AlterConfigs, what_does_not_change_is_not_written) {
    ASSERT_EQ(altered(topic_type, "a", {{"retention.ms", set, "1"}}), ErrorCode::none);
    EXPECT_TRUE(decided(change(topic_type, "a", {{"retention.ms", set, "1"}})).records.empty());
}

TEST_F(AlterConfigs, replacing_takes_away_what_is_not_named) {
    ASSERT_EQ(altered(topic_type, "a", {{"retention.ms", set, "1"}}), ErrorCode::none);
    EXPECT_EQ(replaced(topic_type, "a", {{"segment.ms", "2"}}), ErrorCode::none);
    EXPECT_EQ(of_topic(), (settings::Texts{{"segment.ms", "2"}}));
}

TEST_F(AlterConfigs, bad_values_change_nothing_of_the_resource) {
    EXPECT_EQ(altered(topic_type, "a", {{"segment.ms", set, "2"}, {"retention.ms", set, "x"}}),
              ErrorCode::invalid_config);
    EXPECT_EQ(altered(topic_type, "a", {{"no.such", set, "2"}}), ErrorCode::invalid_config);
    EXPECT_TRUE(of_topic().empty());
}

TEST_F(AlterConfigs, one_bad_resource_does_not_hinder_the_others) {
    auto request = change(topic_type, "a", {{"retention.ms", set, "1"}});
    request.resources.push_back({.resource_type = topic_type, .resource_name = "b", .configs = {}});
    const auto response = done(request);
    EXPECT_EQ(response.responses[0].error_code, ErrorCode::none);
    EXPECT_EQ(response.responses[1].error_code, ErrorCode::unknown_topic_or_partition);
    EXPECT_EQ(of_topic().size(), 1U);
}

TEST_F(AlterConfigs, validate_only_changes_nothing) {
    auto request = change(topic_type, "a", {{"retention.ms", set, "1"}});
    request.validate_only = true;
    const auto decision = decided(request);
    EXPECT_EQ(decision.response.responses.front().error_code, ErrorCode::none);
    EXPECT_TRUE(decision.records.empty());
}

TEST_F(AlterConfigs, resource_named_twice_is_refused) {
    auto request = change(topic_type, "a", {{"retention.ms", set, "1"}});
    request.resources.push_back(request.resources[0]);
    for (const auto& result : done(request).responses) EXPECT_EQ(result.error_code, ErrorCode::invalid_request);
    EXPECT_TRUE(of_topic().empty());
}

TEST_F(AlterConfigs, brokers_and_the_clusters_defaults_can_be_changed_where_kafka_allows_it) {
    EXPECT_EQ(altered(broker_type, "", {{"log.retention.ms", set, "1000"}}), ErrorCode::none);
    EXPECT_EQ(altered(broker_type, "1", {{"log.retention.ms", set, "2000"}}), ErrorCode::none);
    EXPECT_EQ(image->broker_defaults().at("log.retention.ms"), "1000");
    EXPECT_EQ(image->broker_config(NodeId(1)).at("log.retention.ms"), "2000");
    EXPECT_NE(altered(broker_type, "", {{"log.dirs", set, "/x"}}), ErrorCode::none);
    EXPECT_EQ(altered(broker_type, "9", {{"log.retention.ms", set, "1"}}), ErrorCode::broker_id_not_registered);
    EXPECT_EQ(altered(broker_type, "one", {{"log.retention.ms", set, "1"}}), ErrorCode::invalid_request);
}

TEST_F(AlterConfigs, broker_that_runs_is_given_other_addresses_of_its_own_listeners) {
    constexpr std::string_view name = "advertised.listeners";
    EXPECT_EQ(altered(broker_type, "1", {{name, set, "plaintext://elsewhere:1"}}), ErrorCode::none);
    EXPECT_EQ(image->broker_config(NodeId(1)).at(std::string(name)), "plaintext://elsewhere:1");
    const auto refusal = [&](std::string_view value) {
        const auto response = done(change(broker_type, "1", {{name, set, value}})).responses.front();
        EXPECT_EQ(response.error_code, ErrorCode::invalid_request);
        return response.error_message.value_or("");
    };
    EXPECT_EQ(refusal("PLAINTEXT://here:1,CONTROLLER://here:2"),
              "advertised.listeners: CONTROLLER isn't one of the listeners of broker 1, which are PLAINTEXT");
    EXPECT_EQ(refusal("PLAINTEXT://0.0.0.0:1"),
              "advertised.listeners: \"PLAINTEXT://0.0.0.0:1\" is nowhere to connect to; give a host and a port that "
              "clients can reach");
    EXPECT_EQ(altered(broker_type, "", {{name, set, "PLAINTEXT://here:1"}}), ErrorCode::invalid_request);
    EXPECT_EQ(altered(broker_type, "2", {{name, set, "PLAINTEXT://here:1"}}), ErrorCode::broker_id_not_registered);
    EXPECT_EQ(altered(broker_type, "1", {{name, remove, std::nullopt}}), ErrorCode::none);
    EXPECT_TRUE(image->broker_config(NodeId(1)).empty());
}

TEST_F(AlterConfigs, controllers_have_addresses_too) {
    wire::RegisterControllerRecord controller{.controller_id = 1};
    controller.end_points.push_back({"CONTROLLER", "here", 9093, 0});
    apply({controller});
    EXPECT_EQ(altered(broker_type, "1", {{"advertised.listeners", set, "CONTROLLER://elsewhere:9093"}}),
              ErrorCode::none);
}

// What has become wrong by another file stays, and is in nobody's way.
TEST_F(AlterConfigs, addresses_that_stay_are_not_checked_again) {
    apply({wire::ConfigRecord{
        .resource_type = broker_type, .resource_name = "1", .name = "advertised.listeners", .value = "GONE://x:1"}});
    EXPECT_EQ(altered(broker_type, "1", {{"log.retention.ms", set, "2000"}}), ErrorCode::none);
}

TEST_F(AlterConfigs, groups_and_client_metrics_need_not_exist) {
    EXPECT_EQ(altered(group_type, "g", {{"consumer.session.timeout.ms", set, "50000"}}), ErrorCode::none);
    EXPECT_EQ(altered(metrics_type, "m", {{"interval.ms", set, "60000"}}), ErrorCode::none);
    EXPECT_EQ(image->config(metadata::ConfigResourceType::group, "g").size(), 1U);
    EXPECT_EQ(image->config(metadata::ConfigResourceType::client_metrics, "m").size(), 1U);
    EXPECT_EQ(altered(group_type, "", {{"consumer.session.timeout.ms", set, "50000"}}), ErrorCode::invalid_request);
    EXPECT_EQ(altered(metrics_type, "", {{"interval.ms", set, "60000"}}), ErrorCode::invalid_request);
}

TEST_F(AlterConfigs, loggers_are_left_to_their_broker_and_unknown_types_refused) {
    EXPECT_EQ(altered(logger_type, "1", {{"milena.server", set, "DEBUG"}}), ErrorCode::none);
    EXPECT_EQ(altered(77, "1", {{"x", set, "1"}}), ErrorCode::invalid_request);
}

}  // namespace
}  // namespace milena::controller
