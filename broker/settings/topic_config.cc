#include "settings/topic_config.h"

#include <algorithm>

#include "base/check.h"
#include "settings/table.h"

namespace milena::settings {

namespace {

struct CleanupPolicy {
    bool& is_deleted;
    bool& is_compacted;
};

// Every member with the name of its setting, in one place for both sources of values.
template <class F>
void each_setting(TopicConfig& c, F&& f) {
    f("segment.bytes", c.segment_bytes);
    f("internal.segment.bytes", c.segment_bytes);  // stronger, as it comes later
    f("segment.ms", c.segment_ms);
    f("segment.jitter.ms", c.segment_jitter_ms);
    f("segment.index.bytes", c.segment_index_bytes);
    f("index.interval.bytes", c.index_interval_bytes);
    f("file.delete.delay.ms", c.file_delete_delay_ms);
    f("preallocate", c.preallocate);
    f("cleanup.policy", CleanupPolicy{c.is_deleted, c.is_compacted});
    f("retention.bytes", c.retention_bytes);
    f("retention.ms", c.retention_ms);
    f("delete.retention.ms", c.delete_retention_ms);
    f("min.compaction.lag.ms", c.min_compaction_lag_ms);
    f("max.compaction.lag.ms", c.max_compaction_lag_ms);
    f("min.cleanable.dirty.ratio", c.min_cleanable_dirty_ratio);
    f("flush.messages", c.flush_messages);
    f("flush.ms", c.flush_ms);
    f("max.message.bytes", c.max_message_bytes);
    f("compression.type", c.compression_type);
    f("compression.gzip.level", c.compression_gzip_level);
    f("compression.lz4.level", c.compression_lz4_level);
    f("compression.zstd.level", c.compression_zstd_level);
    f("message.timestamp.type", c.message_timestamp_type);
    f("message.timestamp.before.max.ms", c.message_timestamp_before_max_ms);
    f("message.timestamp.after.max.ms", c.message_timestamp_after_max_ms);
    f("min.insync.replicas", c.min_insync_replicas);
    f("unclean.leader.election.enable", c.unclean_leader_election_enable);
    f("leader.replication.throttled.replicas", c.leader_replication_throttled_replicas);
    f("follower.replication.throttled.replicas", c.follower_replication_throttled_replicas);
    f("remote.storage.enable", c.remote_storage_enable);
    f("remote.log.copy.disable", c.remote_log_copy_disable);
    f("remote.log.delete.on.disable", c.remote_log_delete_on_disable);
    f("local.retention.bytes", c.local_retention_bytes);
    f("local.retention.ms", c.local_retention_ms);
}

// The texts are checked before they get here, so that the fallbacks are never taken.
void assign(int32_t& target, std::string_view text) { target = static_cast<int32_t>(parse_integer(text).value_or(0)); }
void assign(int64_t& target, std::string_view text) { target = parse_integer(text).value_or(0); }
void assign(double& target, std::string_view text) { target = parse_number(text).value_or(0); }
void assign(bool& target, std::string_view text) { target = parse_boolean(text).value_or(false); }
void assign(std::vector<std::string>& target, std::string_view text) { target = parse_list(text); }

void assign(CleanupPolicy target, std::string_view text) {
    const std::vector<std::string> policies = parse_list(text);
    target.is_deleted = std::ranges::find(policies, "delete") != policies.end();
    target.is_compacted = std::ranges::find(policies, "compact") != policies.end();
}

void assign(TimestampType& target, std::string_view text) {
    target = trimmed(text) == "LogAppendTime" ? TimestampType::log_append_time : TimestampType::create_time;
}

void assign(CompressionType& target, std::string_view text) {
    constexpr std::string_view names[] = {"producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"};
    const auto found = std::ranges::find(names, trimmed(text));
    target = found == std::end(names) ? CompressionType::producer : CompressionType(found - std::begin(names));
}

bool is_time(std::string_view name) { return name.ends_with(".ms"); }

std::optional<std::string> default_text(const BrokerSettings& settings, const Setting& setting) {
    if (!setting.broker_name.empty() && !is_time(setting.broker_name)) return settings.text(setting.broker_name);
    if (!setting.broker_name.empty()) return std::to_string(settings.milliseconds(setting.broker_name).value_or(0));
    if (setting.default_text == nullptr) return std::nullopt;
    return setting.default_text;
}

}  // namespace

TopicConfig topic_defaults(const BrokerSettings& settings) {
    TopicConfig config;
    each_setting(config, [&](std::string_view name, auto&& member) {
        const Setting* setting = find(topic_settings(), name);
        check(setting != nullptr);
        if (const auto text = default_text(settings, *setting)) assign(member, *text);
    });
    if (config.retention_ms < 0) config.retention_ms = TopicConfig::unlimited;
    return config;
}

TopicConfig topic_config(const TopicConfig& defaults, const Texts& overrides) {
    TopicConfig config = defaults;
    if (overrides.empty()) return config;
    each_setting(config, [&](std::string_view name, auto&& member) {
        const auto found = overrides.find(name);
        if (found == overrides.end() || reason_refused(*find(topic_settings(), name), found->second)) return;
        assign(member, found->second);
    });
    return config;
}

Result<void, ConfigError> validate_topic_config(const TopicConfig& defaults, const Texts& overrides) {
    for (const auto& [name, text] : overrides) {
        if (find(topic_settings(), name) == nullptr) {
            return unexpected(ConfigError{.message = "Unknown topic config name: " + name});
        }
    }
    for (const auto& [name, text] : overrides) {
        if (auto message = refusal(*find(topic_settings(), name), text)) {
            return unexpected(ConfigError{.message = std::move(*message)});
        }
    }
    const TopicConfig config = topic_config(defaults, overrides);
    if (config.min_compaction_lag_ms > config.max_compaction_lag_ms) {
        return unexpected(ConfigError{.message = "conflict topic config setting min.compaction.lag.ms (" +
                                                 std::to_string(config.min_compaction_lag_ms) +
                                                 ") > max.compaction.lag.ms (" +
                                                 std::to_string(config.max_compaction_lag_ms) + ")"});
    }
    if (config.remote_storage_enable) {
        return unexpected(ConfigError{.message = "Tiered Storage functionality is disabled in the broker. Topic cannot "
                                                 "be configured with remote log storage."});
    }
    return {};
}

}  // namespace milena::settings
