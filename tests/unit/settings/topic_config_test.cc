#include "settings/topic_config.h"

#include <gtest/gtest.h>

#include "settings/table.h"

namespace milena::settings {
namespace {

TopicConfig of_broker(Texts texts) { return topic_defaults(BrokerSettings(std::move(texts))); }

std::string refusal_of(const Texts& overrides) {
    const auto valid = validate_topic_config(TopicConfig{}, overrides);
    return valid ? "" : std::string(error_name(valid.error().code)) + ": " + valid.error().message;
}

TEST(TopicConfig, defaults_of_the_struct_are_kafkas) {
    EXPECT_EQ(topic_defaults(BrokerSettings{}), TopicConfig{});
    Texts all;
    for (const Setting& setting : topic_settings()) {
        if (setting.default_text != nullptr) all.emplace(setting.name, setting.default_text);
    }
    EXPECT_EQ(topic_config(TopicConfig{}, all), TopicConfig{});
}

TEST(TopicConfig, the_brokers_settings_are_the_defaults) {
    const TopicConfig config = of_broker({{"log.segment.bytes", "2000000"},
                                          {"log.cleanup.policy", "compact"},
                                          {"message.max.bytes", "1000"},
                                          {"compression.type", "zstd"},
                                          {"log.message.timestamp.type", "LogAppendTime"},
                                          {"log.cleaner.min.cleanable.ratio", "0.25"},
                                          {"log.segment.delete.delay.ms", "5"},
                                          {"log.flush.interval.messages", "1"}});
    EXPECT_EQ(config.segment_bytes, 2'000'000);
    EXPECT_FALSE(config.is_deleted);
    EXPECT_TRUE(config.is_compacted);
    EXPECT_EQ(config.max_message_bytes, 1000);
    EXPECT_EQ(config.compression_type, CompressionType::zstd);
    EXPECT_EQ(config.message_timestamp_type, TimestampType::log_append_time);
    EXPECT_EQ(config.min_cleanable_dirty_ratio, 0.25);
    EXPECT_EQ(config.file_delete_delay_ms, 5);
    EXPECT_EQ(config.flush_messages, 1);
}

TEST(TopicConfig, times_come_from_the_strongest_unit) {
    EXPECT_EQ(of_broker({{"log.retention.hours", "2"}}).retention_ms, 7'200'000);
    EXPECT_EQ(of_broker({{"log.retention.hours", "2"}, {"log.retention.minutes", "3"}}).retention_ms, 180'000);
    EXPECT_EQ(of_broker({{"log.retention.minutes", "3"}, {"log.retention.ms", "4"}}).retention_ms, 4);
    EXPECT_EQ(of_broker({{"log.retention.hours", "-1"}}).retention_ms, TopicConfig::unlimited);
    EXPECT_EQ(of_broker({{"log.retention.hours", "2147483647"}}).retention_ms, 2147483647LL * 3'600'000);
    EXPECT_EQ(of_broker({{"log.roll.hours", "2"}}).segment_ms, 7'200'000);
    EXPECT_EQ(of_broker({{"log.roll.jitter.hours", "1"}}).segment_jitter_ms, 3'600'000);
    EXPECT_EQ(of_broker({{"log.flush.scheduler.interval.ms", "9"}}).flush_ms, 9);
    EXPECT_EQ(of_broker({{"log.flush.scheduler.interval.ms", "9"}, {"log.flush.interval.ms", "8"}}).flush_ms, 8);
}

TEST(TopicConfig, dynamic_settings_beat_static_ones_and_a_brokers_own_beat_the_clusters) {
    const BrokerSettings settings(Texts{{"log.segment.bytes", "2000000"}});
    EXPECT_EQ(topic_defaults(settings.with_dynamic({}, {{"log.segment.bytes", "3000000"}})).segment_bytes, 3'000'000);
    const BrokerSettings both =
        settings.with_dynamic({{"log.segment.bytes", "4000000"}}, {{"log.segment.bytes", "3000000"}});
    EXPECT_EQ(topic_defaults(both).segment_bytes, 4'000'000);
    EXPECT_EQ(topic_defaults(both.with_dynamic({}, {})).segment_bytes, 2'000'000);
}

TEST(TopicConfig, a_dynamic_value_that_is_not_allowed_is_left_out) {
    const BrokerSettings settings = BrokerSettings{}.with_dynamic(
        {{"log.segment.bytes", "x"}, {"num.partitions", "7"}, {"unknown", "kept"}}, {{"log.segment.bytes", "1"}});
    EXPECT_EQ(topic_defaults(settings), TopicConfig{});
    EXPECT_EQ(settings.dynamic_broker(), (Texts{{"unknown", "kept"}}));
}

TEST(TopicConfig, overrides_beat_the_brokers_defaults) {
    const TopicConfig defaults = of_broker({{"log.retention.ms", "5"}, {"log.segment.bytes", "2000000"}});
    const TopicConfig config =
        topic_config(defaults, {{"retention.ms", "6"}, {"cleanup.policy", " compact , delete "}});
    EXPECT_EQ(config.retention_ms, 6);
    EXPECT_EQ(config.segment_bytes, 2'000'000);
    EXPECT_TRUE(config.is_compacted);
    EXPECT_TRUE(config.is_deleted);
    EXPECT_EQ(topic_config(defaults, {{"internal.segment.bytes", "100"}, {"segment.bytes", "3000000"}}).segment_bytes,
              100);
}

TEST(TopicConfig, a_committed_override_that_is_not_allowed_is_left_out) {
    EXPECT_EQ(topic_config(TopicConfig{}, {{"retention.ms", "x"}, {"nosuch", "1"}, {"segment.bytes", "1"}}),
              TopicConfig{});
}

TEST(TopicConfig, refusals_are_kafkas) {
    EXPECT_EQ(refusal_of({{"retention.ms", "1000"}, {"cleanup.policy", "compact"}}), "");
    EXPECT_EQ(refusal_of({{"nosuch", "1"}}), "INVALID_CONFIG: Unknown topic config name: nosuch");
    EXPECT_EQ(refusal_of({{"segment.bytes", "100"}}),
              "INVALID_CONFIG: Invalid value 100 for configuration segment.bytes: Value must be at least 1048576");
    EXPECT_EQ(refusal_of({{"max.compaction.lag.ms", "5"}, {"min.compaction.lag.ms", "10"}}),
              "INVALID_CONFIG: conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)");
    EXPECT_EQ(refusal_of({{"remote.storage.enable", "true"}}),
              "INVALID_CONFIG: Tiered Storage functionality is disabled in the broker. Topic cannot be configured with "
              "remote log storage.");
}

}  // namespace
}  // namespace milena::settings
