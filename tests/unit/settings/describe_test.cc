#include <gtest/gtest.h>

#include "settings/alter.h"

namespace milena::settings {
namespace {

const char* source_text(Source source) {
    const char* names[] = {"UNKNOWN", "TOPIC", "BROKER", "CLUSTER", "STATIC", "DEFAULT", "LOGGER", "METRICS", "GROUP"};
    return names[static_cast<size_t>(source)];
}

// "value SOURCE [read-only] [sensitive] | synonym=value SOURCE | …", as DescribeConfigs answers for `name`.
std::string line(const std::vector<Described>& all, std::string_view name) {
    for (const Described& described : all) {
        if (described.name != name) continue;
        std::string text = described.value.value_or("null") + " " + source_text(described.source);
        if (described.is_read_only) text += " read-only";
        if (described.is_sensitive) text += " sensitive";
        for (const Synonym& synonym : described.synonyms) {
            text += " | " + synonym.name + "=" + synonym.value.value_or("null") + " " + source_text(synonym.source);
        }
        return text;
    }
    return "absent";
}

const Texts file = {{"ssl.keystore.type", "PKCS12"},   {"super.users", "User:a"}, {"ssl.keystore.password", "secret"},
                    {"ssl.keystore.location", "/old"}, {"log.dirs", "/data"},     {"min.insync.replicas", "1"}};
const BrokerSettings settings = BrokerSettings(file).with_dynamic(
    {{"log.segment.bytes", "2097152"},
     {"listener.name.x.ssl.keystore.location", "/new"},
     {"listener.name.x.max.connections", "10"},
     {"leader.replication.throttled.rate", "100"}},
    {{"log.retention.ms", "7200000"}, {"listener.name.x.max.connections", "11"}, {"custom", "1"}});

// What a real broker with these settings answers.
TEST(Describe, a_brokers_settings_have_kafkas_sources_and_synonyms) {
    const auto all = describe_broker(settings);
    EXPECT_EQ(line(all, "log.segment.bytes"),
              "2097152 BROKER | log.segment.bytes=2097152 BROKER | log.segment.bytes=1073741824 DEFAULT");
    EXPECT_EQ(line(all, "log.retention.ms"),
              "7200000 CLUSTER | log.retention.ms=7200000 CLUSTER | log.retention.hours=168 DEFAULT");
    EXPECT_EQ(line(all, "log.retention.minutes"), "null DEFAULT read-only");
    EXPECT_EQ(line(all, "log.retention.hours"), "168 DEFAULT read-only | log.retention.hours=168 DEFAULT");
    EXPECT_EQ(line(all, "log.roll.ms"), "null DEFAULT");
    EXPECT_EQ(line(all, "num.io.threads"), "8 DEFAULT | num.io.threads=8 DEFAULT");
    EXPECT_EQ(line(all, "log.dirs"), "/data STATIC read-only | log.dirs=/data STATIC");
    EXPECT_EQ(line(all, "min.insync.replicas"),
              "1 STATIC | min.insync.replicas=1 STATIC | min.insync.replicas=1 DEFAULT");
    EXPECT_EQ(line(all, "ssl.keystore.password"), "null STATIC sensitive | ssl.keystore.password=null STATIC");
    EXPECT_EQ(line(all, "ssl.key.password"), "null DEFAULT sensitive");
}

TEST(Describe, names_that_no_table_has_are_shown_without_their_values) {
    const auto all = describe_broker(settings);
    EXPECT_EQ(line(all, "super.users"), "null STATIC read-only sensitive | super.users=null STATIC");
    EXPECT_EQ(line(all, "custom"), "null CLUSTER read-only sensitive | custom=null CLUSTER");
}

TEST(Describe, settings_of_a_listener_stand_in_front_of_those_of_all_listeners) {
    const auto all = describe_broker(settings);
    EXPECT_EQ(line(all, "listener.name.x.ssl.keystore.location"),
              "/new BROKER read-only | listener.name.x.ssl.keystore.location=/new BROKER | ssl.keystore.location=/old "
              "STATIC");
    EXPECT_EQ(line(all, "listener.name.x.max.connections"),
              "10 BROKER read-only | listener.name.x.max.connections=10 BROKER | listener.name.x.max.connections=11 "
              "CLUSTER | max.connections=2147483647 DEFAULT");
}

TEST(Describe, internal_settings_are_shown_only_when_they_are_configured_and_rates_of_replication_without_a_default) {
    const auto all = describe_broker(settings);
    EXPECT_EQ(line(all, "internal.metadata.log.segment.bytes"), "absent");
    EXPECT_EQ(line(all, "follower.replication.throttled.rate"), "absent");
    EXPECT_EQ(line(all, "leader.replication.throttled.rate"),
              "100 BROKER | leader.replication.throttled.rate=100 BROKER");
}

TEST(Describe, the_cluster_shows_only_its_own_settings) {
    const auto all = describe_cluster(settings);
    EXPECT_EQ(all.size(), 3u);
    EXPECT_EQ(line(all, "log.retention.ms"), "7200000 CLUSTER | log.retention.ms=7200000 CLUSTER");
    EXPECT_EQ(line(all, "custom"), "null CLUSTER read-only sensitive | custom=null CLUSTER");
}

TEST(Describe, a_topics_settings_have_those_of_the_broker_behind_them) {
    const auto all = describe_topic(settings, {{"retention.ms", "1000"}, {"cleanup.policy", " compact , delete"}});
    EXPECT_EQ(all.size(), 33u);
    EXPECT_EQ(
        line(all, "retention.ms"),
        "1000 TOPIC | retention.ms=1000 TOPIC | log.retention.ms=7200000 CLUSTER | log.retention.hours=168 DEFAULT");
    EXPECT_EQ(line(all, "cleanup.policy"),
              "compact,delete TOPIC | cleanup.policy=compact,delete TOPIC | log.cleanup.policy=delete DEFAULT");
    EXPECT_EQ(line(all, "segment.bytes"),
              "2097152 BROKER | log.segment.bytes=2097152 BROKER | log.segment.bytes=1073741824 DEFAULT");
    EXPECT_EQ(line(all, "segment.ms"), "604800000 DEFAULT");
    EXPECT_EQ(line(all, "flush.ms"), "9223372036854775807 DEFAULT");
    EXPECT_EQ(line(all, "remote.storage.enable"), "false DEFAULT");
    EXPECT_EQ(line(all, "compression.type"), "producer DEFAULT | compression.type=producer DEFAULT");
}

TEST(Describe, a_value_from_hours_is_shown_in_milliseconds) {
    const auto all = describe_topic(BrokerSettings(Texts{{"log.retention.hours", "2"}}), {});
    EXPECT_EQ(line(all, "retention.ms"), "7200000 DEFAULT");
}

TEST(Describe, a_groups_settings_have_those_of_the_broker_behind_them) {
    const auto all = describe_group(BrokerSettings{}, {{"consumer.session.timeout.ms", "50000"}});
    EXPECT_EQ(all.size(), 17u);
    EXPECT_EQ(
        line(all, "consumer.session.timeout.ms"),
        "50000 GROUP | consumer.session.timeout.ms=50000 GROUP | group.consumer.session.timeout.ms=45000 DEFAULT");
    EXPECT_EQ(line(all, "share.isolation.level"),
              "read_uncommitted DEFAULT | share.isolation.level=read_uncommitted DEFAULT");
}

TEST(Describe, client_metrics_have_nothing_behind_them) {
    const auto all = describe_client_metrics({{"interval.ms", "1000"}});
    EXPECT_EQ(line(all, "interval.ms"), "1000 METRICS | interval.ms=1000 METRICS");
    EXPECT_EQ(line(all, "match"), " DEFAULT");
}

}  // namespace
}  // namespace milena::settings
