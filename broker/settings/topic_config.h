// The configuration of one topic as plain values, resolved once: the topic's own settings over the broker's defaults.
// Copied freely; storage, replica and controller read it, nobody changes it.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/error_code.h"
#include "base/result.h"
#include "settings/broker_settings.h"

namespace milena::settings {

// `producer`: batches are stored as they came.
enum class CompressionType : uint8_t { producer, uncompressed, gzip, snappy, lz4, zstd };

enum class TimestampType : uint8_t { create_time, log_append_time };

// Why a change of settings is refused, as it goes on the wire.
struct ConfigError {
    ErrorCode code = ErrorCode::invalid_config;
    std::string message;
};

struct TopicConfig {
    static constexpr int64_t unlimited = -1;
    static constexpr int64_t never = std::numeric_limits<int64_t>::max();

    int32_t segment_bytes = 1 << 30;
    int64_t segment_ms = 604'800'000;
    int64_t segment_jitter_ms = 0;
    int32_t segment_index_bytes = 10 << 20;
    int32_t index_interval_bytes = 4096;
    int64_t file_delete_delay_ms = 60'000;
    bool preallocate = false;

    bool is_deleted = true;     // cleanup.policy contains delete
    bool is_compacted = false;  // cleanup.policy contains compact
    int64_t retention_bytes = unlimited;
    int64_t retention_ms = 604'800'000;
    int64_t delete_retention_ms = 86'400'000;
    int64_t min_compaction_lag_ms = 0;
    int64_t max_compaction_lag_ms = never;
    double min_cleanable_dirty_ratio = 0.5;

    int64_t flush_messages = never;
    int64_t flush_ms = never;

    int32_t max_message_bytes = 1'048'588;
    CompressionType compression_type = CompressionType::producer;
    int32_t compression_gzip_level = -1;
    int32_t compression_lz4_level = 9;
    int32_t compression_zstd_level = 3;
    TimestampType message_timestamp_type = TimestampType::create_time;
    int64_t message_timestamp_before_max_ms = never;
    int64_t message_timestamp_after_max_ms = 3'600'000;

    int32_t min_insync_replicas = 1;
    bool unclean_leader_election_enable = false;
    std::vector<std::string> leader_replication_throttled_replicas;
    std::vector<std::string> follower_replication_throttled_replicas;

    bool remote_storage_enable = false;
    bool remote_log_copy_disable = false;
    bool remote_log_delete_on_disable = false;
    int64_t local_retention_bytes = -2;
    int64_t local_retention_ms = -2;

    bool operator==(const TopicConfig&) const = default;
};

// What a topic without settings of its own gets from this broker.
TopicConfig topic_defaults(const BrokerSettings& settings);

// `overrides` are the topic's settings from the metadata image. One that is not allowed is left out: what is committed
// must apply.
TopicConfig topic_config(const TopicConfig& defaults, const Texts& overrides);

// Whether a topic of `defaults` may have these settings of its own, all of them together; Kafka's reasons if not.
Result<void, ConfigError> validate_topic_config(const TopicConfig& defaults, const Texts& overrides);

}  // namespace milena::settings
