#include "settings/alter.h"

#include <gtest/gtest.h>

namespace milena::settings {
namespace {

using enum AlterOperation;

std::string text_of(const Result<Texts, ConfigError>& result) {
    if (!result) return std::string(error_name(result.error().code)) + ": " + result.error().message;
    std::string text;
    for (const auto& [name, value] : *result) text += name + "=" + value + ";";
    return text;
}

std::string text_of(const Result<void, ConfigError>& result) {
    return result ? "" : std::string(error_name(result.error().code)) + ": " + result.error().message;
}

std::string alter(Scope scope, Texts current, const std::vector<Alteration>& alterations) {
    return text_of(altered(scope, std::move(current), alterations));
}

std::string for_broker(const Texts& texts) { return text_of(validate_broker_texts(BrokerSettings{}, texts)); }
std::string for_cluster(const Texts& texts) { return text_of(validate_cluster_texts(BrokerSettings{}, texts)); }
std::string for_group(const Texts& texts) { return text_of(validate_group_texts(BrokerSettings{}, texts)); }

TEST(Alter, sets_and_removes) {
    EXPECT_EQ(alter(Scope::topic, {{"a", "1"}, {"b", "2"}}, {{"a", remove, {}}, {"c", set, "3"}, {"x", remove, {}}}),
              "b=2;c=3;");
}

TEST(Alter, appends_to_and_subtracts_from_lists) {
    EXPECT_EQ(alter(Scope::topic, {}, {{"cleanup.policy", append, "compact"}}), "cleanup.policy=delete,compact;");
    EXPECT_EQ(alter(Scope::topic, {{"cleanup.policy", "compact"}}, {{"cleanup.policy", append, "compact,delete"}}),
              "cleanup.policy=compact,delete;");
    EXPECT_EQ(alter(Scope::topic, {{"cleanup.policy", "compact,delete"}}, {{"cleanup.policy", subtract, "delete"}}),
              "cleanup.policy=compact;");
    EXPECT_EQ(alter(Scope::topic, {{"cleanup.policy", "compact"}}, {{"cleanup.policy", subtract, "compact,x"}}),
              "cleanup.policy=;");
    EXPECT_EQ(alter(Scope::broker, {}, {{"listener.name.x.ssl.cipher.suites", append, "a"}}),
              "listener.name.x.ssl.cipher.suites=a;");
}

TEST(Alter, refuses_list_operations_on_other_types_in_kafkas_words) {
    EXPECT_EQ(alter(Scope::topic, {}, {{"retention.ms", append, "1"}}),
              "INVALID_CONFIG: Can't APPEND to key retention.ms because its type is not LIST.");
    EXPECT_EQ(alter(Scope::broker, {}, {{"num.io.threads", append, "1"}}),
              "INVALID_CONFIG: Config value append is not allowed for config key: num.io.threads");
    EXPECT_EQ(alter(Scope::topic, {}, {{"nosuch", subtract, "1"}}),
              "INVALID_CONFIG: Can't SUBTRACT to key nosuch because its type is not LIST.");
}

TEST(Alter, refuses_a_name_given_twice_a_missing_value_and_an_unknown_operation) {
    EXPECT_EQ(alter(Scope::topic, {}, {{"a", set, "1"}, {"a", set, "2"}}),
              "INVALID_REQUEST: Error due to duplicate config keys");
    EXPECT_EQ(alter(Scope::topic, {}, {{"a", set, {}}}), "INVALID_REQUEST: Null value not supported for : a");
    EXPECT_EQ(alter(Scope::topic, {}, {{"a", AlterOperation{9}, "1"}}), "INVALID_REQUEST: Unknown operation");
}

// The texts are those of a real broker.
TEST(Alter, a_broker_refuses_what_kafka_refuses) {
    EXPECT_EQ(for_broker({{"log.segment.bytes", "2097152"}, {"nosuch", "1"}, {"compression.type", "zstd"}}), "");
    EXPECT_EQ(for_broker({{"node.id", "2"}, {"broker.id", "2"}}),
              "INVALID_REQUEST: Cannot update these configs dynamically: [broker.id, node.id]");
    EXPECT_EQ(for_broker({{"log.retention.hours", "1"}}),
              "INVALID_REQUEST: Cannot update these configs dynamically: [log.retention.hours]");
    EXPECT_EQ(for_broker({{"log.segment.bytes", "abc"}}),
              "INVALID_REQUEST: Invalid value abc for configuration log.segment.bytes: Not a number of type INT");
    EXPECT_EQ(for_broker({{"ssl.key.password", "x"}}),
              "INVALID_REQUEST: These security configs can be dynamically updated only per-listener using the listener "
              "prefix: [ssl.key.password]");
    EXPECT_EQ(for_broker({{"listener.name.plaintext.ssl.keystore.location", "/x"}}), "");
    EXPECT_EQ(for_broker({{"leader.replication.throttled.rate", "-1"}}),
              "INVALID_REQUEST: Invalid value -1 for configuration leader.replication.throttled.rate: Value must be at "
              "least 0");
    EXPECT_EQ(for_broker({{"log.retention.ms", "0"}}),
              "INVALID_REQUEST: log.retention.ms must be at least 1, or -1 for no limit");
    EXPECT_EQ(for_broker({{"max.connections.per.ip.overrides", "127.0.0.1:5"}}), "");
}

TEST(Alter, the_cluster_default_refuses_what_belongs_to_one_broker) {
    EXPECT_EQ(for_cluster({{"log.retention.ms", "7200000"}, {"listener.name.plaintext.max.connections", "10"}}), "");
    for (const char* name : {"listeners", "advertised.listeners", "cordoned.log.dirs", "listener.name.plaintext.nosuch",
                             "listener.name.foo.ssl.key.password", "principal.builder.class"}) {
        EXPECT_EQ(
            for_cluster({{name, "x"}}),
            "INVALID_REQUEST: Cannot update these configs at default cluster level, broker id must be specified: [" +
                std::string(name) + "]");
    }
}

// The texts are those of a real broker with these directories.
TEST(Alter, what_is_cordoned_is_one_of_the_log_directories_or_all) {
    const BrokerSettings settings(Texts{{"log.dirs", "/a,/b"}});
    const auto refusal = [&](const char* text) {
        return text_of(validate_broker_texts(settings, {{"cordoned.log.dirs", text}}));
    };
    for (const char* text : {"", " ", "/a", " /b , /a", "/a,/a", "*"}) EXPECT_EQ(refusal(text), "");
    const std::string missing =
        "INVALID_REQUEST: requirement failed: All entries in cordoned.log.dirs must be present in log.dirs or log.dir. "
        "Missing entries : ";
    EXPECT_EQ(refusal("/c"), missing + "/c");
    EXPECT_EQ(refusal("/c,/a,/d"), missing + "/c, /d");
    EXPECT_EQ(refusal("/a/"), missing + "/a/");
    EXPECT_EQ(refusal("*,/a"),
              "INVALID_REQUEST: requirement failed: When cordoned.log.dirs is set to *, it must not contain other "
              "values");
    EXPECT_EQ(refusal("/a,"), "INVALID_REQUEST: Configuration 'cordoned.log.dirs' values must not be empty.");
}

// Not even whether the listeners are there: the settings may be those of another node.
TEST(Alter, addresses_are_left_to_whoever_knows_the_listeners) {
    EXPECT_EQ(for_broker({{"advertised.listeners", "OTHER://elsewhere:1"}}), "");
    EXPECT_NE(for_broker({{"advertised.listeners", ""}}), "");
}

TEST(Alter, listeners_are_fixed_at_start) {
    EXPECT_EQ(for_broker({{"listeners", "PLAINTEXT://:1"}}),
              "INVALID_REQUEST: Cannot update these configs dynamically: [listeners]");
}

TEST(Alter, a_group_stays_within_the_brokers_bounds) {
    EXPECT_EQ(for_group({{"consumer.session.timeout.ms", "50000"}, {"share.auto.offset.reset", "by_duration:PT1H"}}),
              "");
    EXPECT_EQ(for_group({{"nosuch", "1"}}), "INVALID_CONFIG: Unknown group config name: nosuch");
    EXPECT_EQ(for_group({{"consumer.session.timeout.ms", "1"}}),
              "INVALID_CONFIG: consumer.session.timeout.ms must be greater than or equal to "
              "group.consumer.min.session.timeout.ms");
    EXPECT_EQ(for_group({{"share.delivery.count.limit", "20"}}),
              "INVALID_CONFIG: share.delivery.count.limit must be less than or equal to "
              "group.share.max.delivery.count.limit");
    EXPECT_EQ(for_group({{"streams.num.standby.replicas", "5"}}),
              "INVALID_CONFIG: streams.num.standby.replicas must be less than or equal to "
              "group.streams.max.standby.replicas");
    EXPECT_EQ(for_group({{"share.isolation.level", "x"}}),
              "INVALID_CONFIG: Invalid value x for configuration share.isolation.level: String must be one of: "
              "read_committed, read_uncommitted");
}

TEST(Alter, a_duration_is_written_in_iso_8601) {
    for (const char* text : {"latest", "earliest", "by_duration:P1D", "by_duration:P2DT3H4M5.6S", "by_duration:PT0S"}) {
        EXPECT_EQ(for_group({{"share.auto.offset.reset", text}}), "") << text;
    }
    for (const char* text : {"", "foo", "by_duration:", "by_duration:P", "by_duration:PT", "by_duration:1H",
                             "by_duration:P1H", "by_duration:PT1D", "by_duration:PT1M1H", "by_duration:PT1.5H",
                             "by_duration:PT-1H", "by_duration:P1DT", "by_duration:PT1H1H"}) {
        EXPECT_NE(for_group({{"share.auto.offset.reset", text}}), "") << text;
    }
}

TEST(Alter, client_metrics_are_checked) {
    EXPECT_EQ(
        text_of(validate_client_metrics_texts({{"interval.ms", "1000"}, {"metrics", "a,b"}, {"match", "client_id=x"}})),
        "");
    EXPECT_EQ(text_of(validate_client_metrics_texts({{"nosuch", "1"}})),
              "INVALID_REQUEST: Unknown client metrics configuration: nosuch");
    EXPECT_EQ(text_of(validate_client_metrics_texts({{"interval.ms", "1"}})),
              "INVALID_REQUEST: Invalid value 1 for interval.ms, interval must be between 100 and 3600000 (1 hour)");
    EXPECT_EQ(text_of(validate_client_metrics_texts({{"match", "foo=x"}})),
              "INVALID_CONFIG: Illegal client matching pattern: foo=x");
}

}  // namespace
}  // namespace milena::settings
