#include "settings/value.h"

#include <gtest/gtest.h>

#include "settings/table.h"

namespace milena::settings {
namespace {

const Setting& broker(std::string_view name) { return *find(broker_settings(), name); }
const Setting& topic(std::string_view name) { return *find(topic_settings(), name); }
std::string refused(const Setting& setting, std::string_view text) { return refusal(setting, text).value_or(""); }

// The expected texts are what kafka-configs prints when a real broker refuses the value.
TEST(Value, is_refused_in_kafkas_words) {
    EXPECT_EQ(refused(topic("retention.ms"), "x"),
              "Invalid value x for configuration retention.ms: Not a number of type LONG");
    EXPECT_EQ(refused(topic("retention.ms"), ""),
              "Invalid value  for configuration retention.ms: Not a number of type LONG");
    EXPECT_EQ(refused(topic("retention.ms"), "-2"),
              "Invalid value -2 for configuration retention.ms: Value must be at least -1");
    EXPECT_EQ(refused(topic("segment.bytes"), "99999999999"),
              "Invalid value 99999999999 for configuration segment.bytes: Not a number of type INT");
    EXPECT_EQ(refused(topic("segment.bytes"), "100"),
              "Invalid value 100 for configuration segment.bytes: Value must be at least 1048576");
    EXPECT_EQ(refused(topic("cleanup.policy"), "delete,foo"),
              "Invalid value foo for configuration cleanup.policy: String must be one of: compact, delete");
    EXPECT_EQ(refused(topic("compression.type"), "GZIP"),
              "Invalid value GZIP for configuration compression.type: String must be one of: uncompressed, zstd, lz4, "
              "snappy, gzip, producer");
    EXPECT_EQ(refused(topic("compression.gzip.level"), "0"),
              "Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1");
    EXPECT_EQ(refused(topic("compression.zstd.level"), "23"),
              "Invalid value 23 for configuration compression.zstd.level: Value must be no more than 22");
    EXPECT_EQ(refused(topic("preallocate"), "yes"),
              "Invalid value yes for configuration preallocate: Expected value to be either true or false");
    EXPECT_EQ(refused(topic("min.cleanable.dirty.ratio"), "-1"),
              "Invalid value -1.0 for configuration min.cleanable.dirty.ratio: Value must be at least 0");
    EXPECT_EQ(refused(broker("process.roles"), ""),
              "Configuration 'process.roles' must not be empty. Valid values include: [broker, controller]");
    EXPECT_EQ(refused(broker("log.dirs"), "a,,b"), "Configuration 'log.dirs' values must not be empty.");
    EXPECT_EQ(refused(broker("group.consumer.migration.policy"), "x"),
              "Invalid value x for configuration group.consumer.migration.policy: String must be one of (case "
              "insensitive): DISABLED, DOWNGRADE, UPGRADE, BIDIRECTIONAL");
    EXPECT_EQ(
        refused(broker("share.coordinator.state.topic.min.isr"), "40000"),
        "Invalid value 40000 for configuration share.coordinator.state.topic.min.isr: Not a number of type SHORT");
}

TEST(Value, is_taken_where_kafka_takes_it) {
    const std::pair<const Setting&, const char*> taken[] = {
        {topic("retention.ms"), " 12 "},
        {topic("retention.ms"), "-1"},
        {topic("cleanup.policy"), ""},
        {topic("cleanup.policy"), "delete,delete"},
        {topic("cleanup.policy"), " delete , compact "},
        {topic("compression.gzip.level"), "-1"},
        {topic("preallocate"), "TRUE"},
        {topic("leader.replication.throttled.replicas"), "*"},
        {topic("leader.replication.throttled.replicas"), "0:1,1:2"},
        {topic("leader.replication.throttled.replicas"), ""},
        {broker("group.consumer.migration.policy"), "DisAbled"},
        {broker("log.segment.bytes"), "+2097152"},
        {broker("controller.quorum.voters"), ""},
    };
    for (const auto& [setting, text] : taken) EXPECT_EQ(refused(setting, text), "") << setting.name;
}

TEST(Value, throttled_replicas_are_pairs_of_numbers) {
    const Setting& setting = topic("leader.replication.throttled.replicas");
    for (const char* text : {"foo", "1", "1:", ":1", "1:2,*", "-1:2", "1:2:3"}) {
        EXPECT_TRUE(reason_refused(setting, text)) << text;
    }
    EXPECT_EQ(refusal(setting, "0-3"),
              "Invalid value [0-3] for configuration leader.replication.throttled.replicas: "
              "leader.replication.throttled.replicas must be the literal '*' or a list of replicas in the following "
              "format: [partitionId]:[brokerId],[partitionId]:[brokerId],...");
}

TEST(Value, numbers_are_read_as_java_reads_them) {
    for (const char* text : {"0x10", "1_000", "1.0", "1e3", "", " ", "+", "-", "+-1", "9223372036854775808", "1 2"}) {
        EXPECT_EQ(parse_integer(text), std::nullopt) << text;
    }
    EXPECT_EQ(parse_integer("-9223372036854775808"), INT64_MIN);
    for (const char* text : {"", "abc", "1,5", "nan", "inf", "--1", "1e400x"}) {
        EXPECT_EQ(parse_number(text), std::nullopt) << text;
    }
    EXPECT_EQ(parse_number("5e-4"), 5e-4);
    EXPECT_EQ(parse_number(".5"), 0.5);
    EXPECT_EQ(parse_number("5."), 5.0);
}

TEST(Value, is_shown_as_kafka_shows_it) {
    const Setting& number = broker("log.cleaner.io.max.bytes.per.second");
    const std::pair<const char*, const char*> numbers[] = {
        {"0.0005", "5.0E-4"},
        {"5e-4", "5.0E-4"},
        {"1e7", "1.0E7"},
        {"100", "100.0"},
        {"1E300", "1.0E300"},
        {"NaN", "NaN"},
        {"Infinity", "Infinity"},
        {"-0.0", "-0.0"},
        {"0.001", "0.001"},
        {"1234567.5", "1234567.5"},
        {"12345678", "1.2345678E7"},
        {"+1", "1.0"},
        {".5", "0.5"},
        {"1.7976931348623157E308", "1.7976931348623157E308"},
    };
    for (const auto& [text, shown] : numbers) EXPECT_EQ(canonical(number, text), shown);
    EXPECT_EQ(canonical(topic("preallocate"), " True "), "true");
    EXPECT_EQ(canonical(topic("retention.ms"), " +012 "), "12");
    EXPECT_EQ(canonical(topic("cleanup.policy"), " delete , compact "), "delete,compact");
    EXPECT_EQ(canonical(broker("broker.rack"), " a b "), "a b");
}

TEST(Value, a_secret_is_never_quoted) {
    Setting setting = broker("ssl.key.password");
    setting.allowed = one_of("a, b");
    EXPECT_EQ(refused(setting, "c"),
              "Invalid value [hidden] for configuration ssl.key.password: String must be one of: a, b");
}

TEST(Value, what_is_allowed_is_said_in_words) {
    EXPECT_EQ(describe_allowed(broker("num.partitions")), "a whole number from 1 to 2147483647");
    EXPECT_EQ(describe_allowed(topic("compression.gzip.level")), "a whole number from 1 to 9, or -1");
    EXPECT_EQ(describe_allowed(topic("cleanup.policy")), "a list out of: compact, delete");
    EXPECT_EQ(describe_allowed(topic("preallocate")), "true or false");
    EXPECT_EQ(describe_allowed(topic("min.cleanable.dirty.ratio")), "a number from 0 to 1");
}

}  // namespace
}  // namespace milena::settings
