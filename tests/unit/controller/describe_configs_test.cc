#include "controller/describe_configs.h"

#include <algorithm>

#include "unit/controller/decide_fixture.h"

namespace milena::controller {
namespace {

class DescribeConfigs : public DecideFixture {
  public:
    DescribeConfigs() {
        add_broker(1);
        create("a");
        apply({metadata::config(2, "a", "retention.ms", "7"), metadata::config(32, "g", "x", "1")});
    }
    wire::DescribeConfigsResponse::Result described(int8_t type, std::string_view name,
                                                    std::optional<std::vector<std::string_view>> keys = std::nullopt) {
        request.resources = {{.resource_type = type, .resource_name = name, .configuration_keys = std::move(keys)}};
        const auto response = describe_configs(*image, settings, NodeId(1), request);
        EXPECT_EQ(response->results.size(), 1U);
        return response->results.front();
    }
    static const wire::DescribeConfigsResponse::Config& entry(const wire::DescribeConfigsResponse::Result& result,
                                                              std::string_view name) {
        const auto at = std::ranges::find(result.configs, name, &wire::DescribeConfigsResponse::Config::name);
        EXPECT_NE(at, result.configs.end()) << name;
        return *at;
    }

    wire::DescribeConfigsRequest request;
};

TEST_F(DescribeConfigs, nobody_is_told_more_than_an_answer_has_room_for) {
    request.resources.assign(10, {.resource_type = 4, .resource_name = "1"});
    EXPECT_EQ(describe_configs(*image, settings, NodeId(1), request)->results.size(), 10U);
    request.resources.assign(100'000, {.resource_type = 4, .resource_name = "1"});
    EXPECT_FALSE(describe_configs(*image, settings, NodeId(1), request).has_value());
}

TEST_F(DescribeConfigs, topic_tells_its_own_settings_and_the_defaults) {
    const auto result = described(2, "a");
    EXPECT_EQ(result.error_code, ErrorCode::none);
    EXPECT_EQ(entry(result, "retention.ms").value, "7");
    EXPECT_EQ(entry(result, "retention.ms").config_source, 1);
    EXPECT_EQ(entry(result, "segment.bytes").config_source, 5);
    EXPECT_TRUE(std::ranges::is_sorted(result.configs, {}, &wire::DescribeConfigsResponse::Config::name));
}

TEST_F(DescribeConfigs, only_what_was_asked_for) {
    EXPECT_EQ(described(2, "a", {{"retention.ms", "no.such"}}).configs.size(), 1U);
}

TEST_F(DescribeConfigs, empty_list_of_keys_asks_for_all) {
    EXPECT_EQ(described(2, "a", std::vector<std::string_view>{}).configs.size(), described(2, "a").configs.size());
}

TEST_F(DescribeConfigs, synonyms_and_documentation_on_request) {
    EXPECT_TRUE(entry(described(2, "a"), "retention.ms").synonyms.empty());
    EXPECT_FALSE(entry(described(2, "a"), "retention.ms").documentation.has_value());
    request.include_synonyms = true;
    request.include_documentation = true;
    const auto retention = entry(described(2, "a"), "retention.ms");
    ASSERT_FALSE(retention.synonyms.empty());
    EXPECT_EQ(retention.synonyms.front().name, "retention.ms");
    EXPECT_EQ(retention.synonyms.front().source, 1);
    EXPECT_TRUE(retention.documentation.has_value());
}

TEST_F(DescribeConfigs, secrets_are_not_told) {
    configure({{"ssl.keystore.password", "secret"}});
    const auto result = described(4, "1", {{"ssl.keystore.password"}});
    EXPECT_TRUE(entry(result, "ssl.keystore.password").is_sensitive);
    EXPECT_FALSE(entry(result, "ssl.keystore.password").value.has_value());
}

TEST_F(DescribeConfigs, broker_knows_only_itself_and_the_clusters_defaults) {
    EXPECT_EQ(described(4, "1").error_code, ErrorCode::none);
    EXPECT_EQ(described(4, "").error_code, ErrorCode::none);
    EXPECT_EQ(described(4, "2").error_code, ErrorCode::invalid_request);
    EXPECT_EQ(described(4, "x").error_code, ErrorCode::invalid_request);
}

TEST_F(DescribeConfigs, bad_names_and_types_are_refused) {
    EXPECT_EQ(described(2, "nothing").error_code, ErrorCode::unknown_topic_or_partition);
    EXPECT_EQ(described(2, "a b").error_code, ErrorCode::invalid_topic_exception);
    EXPECT_EQ(described(16, "").error_code, ErrorCode::invalid_request);
    EXPECT_EQ(described(32, "").error_code, ErrorCode::invalid_request);
    EXPECT_EQ(described(77, "a").error_code, ErrorCode::invalid_request);
    EXPECT_EQ(described(8, "1").error_code, ErrorCode::none);
}

}  // namespace
}  // namespace milena::controller
