#include "replica/topic_policy.h"

#include <algorithm>
#include <optional>

namespace milena::replica {
namespace {

std::optional<wire::Codec> codec_of(settings::CompressionType type) {
    switch (type) {
        case settings::CompressionType::producer: return std::nullopt;
        case settings::CompressionType::uncompressed: return wire::Codec::none;
        case settings::CompressionType::gzip: return wire::Codec::gzip;
        case settings::CompressionType::snappy: return wire::Codec::snappy;
        case settings::CompressionType::lz4: return wire::Codec::lz4;
        case settings::CompressionType::zstd: return wire::Codec::zstd;
    }
    return std::nullopt;
}

std::optional<int> level_of(const settings::TopicConfig& topic) {
    switch (topic.compression_type) {
        case settings::CompressionType::gzip: return topic.compression_gzip_level;
        case settings::CompressionType::lz4: return topic.compression_lz4_level;
        case settings::CompressionType::zstd: return topic.compression_zstd_level;
        default: return std::nullopt;
    }
}

storage::LogConfig log_config(const settings::TopicConfig& topic, const settings::BrokerConfig& broker) {
    storage::LogConfig log;
    log.segment_bytes = static_cast<uint32_t>(topic.segment_bytes);
    // A record that must be compacted soon may not stay in the active segment for longer than that.
    const bool must_roll_early = topic.is_compacted && topic.max_compaction_lag_ms > 0;
    log.segment_ms =
        Milliseconds(must_roll_early ? std::min(topic.segment_ms, topic.max_compaction_lag_ms) : topic.segment_ms);
    log.segment_jitter_ms = Milliseconds(topic.segment_jitter_ms);
    log.segment_index_bytes = static_cast<uint32_t>(topic.segment_index_bytes);
    log.index_interval_bytes = static_cast<uint32_t>(topic.index_interval_bytes);
    log.deletes_old_segments = topic.is_deleted;
    log.retention_bytes = topic.retention_bytes;
    log.retention_ms = Milliseconds(topic.retention_ms);
    log.is_compacted = topic.is_compacted;
    log.delete_retention_ms = Milliseconds(topic.delete_retention_ms);
    log.min_compaction_lag_ms = Milliseconds(topic.min_compaction_lag_ms);
    log.max_compaction_lag_ms = Milliseconds(topic.max_compaction_lag_ms);
    log.min_cleanable_dirty_ratio = topic.min_cleanable_dirty_ratio;
    log.file_delete_delay_ms = Milliseconds(topic.file_delete_delay_ms);
    log.producer_id_expiration_ms = Milliseconds(broker.producer_id_expiration_ms);
    return log;
}

wire::ValidationRules rules_of(const settings::TopicConfig& topic) {
    wire::ValidationRules rules;
    rules.bytes_max = static_cast<size_t>(topic.max_message_bytes);
    rules.codec = codec_of(topic.compression_type);
    rules.compression_level = level_of(topic);
    rules.timestamp_type = topic.message_timestamp_type == settings::TimestampType::log_append_time
                               ? wire::TimestampType::log_append_time
                               : wire::TimestampType::create_time;
    rules.before_max_ms = topic.message_timestamp_before_max_ms;
    rules.after_max_ms = topic.message_timestamp_after_max_ms;
    rules.is_compacted = topic.is_compacted;
    return rules;
}

}  // namespace

// What else could be there was refused with the setting.
ThrottledReplicas::ThrottledReplicas(const std::vector<std::string>& names) {
    for (const std::string_view name : names) {
        are_all_ |= name == "*";
        const size_t colon = name.find(':');
        if (colon == std::string_view::npos) continue;
        const auto partition = settings::parse_integer(name.substr(0, colon));
        const auto broker = settings::parse_integer(name.substr(colon + 1));
        if (!partition || !broker) continue;
        replicas_.emplace(PartitionIndex(static_cast<int32_t>(*partition)), NodeId(static_cast<int32_t>(*broker)));
    }
}

bool ThrottledReplicas::contains(PartitionIndex partition, NodeId broker) const {
    return are_all_ || (!replicas_.empty() && replicas_.contains({partition, broker}));
}

std::shared_ptr<const TopicPolicy> topic_policy(const settings::TopicConfig& topic,
                                                const settings::BrokerConfig& broker) {
    auto policy = std::make_shared<TopicPolicy>();
    policy->log = std::make_shared<const storage::LogConfig>(log_config(topic, broker));
    policy->rules = rules_of(topic);
    policy->min_insync_replicas = topic.min_insync_replicas;
    policy->flush_messages = topic.flush_messages;
    policy->flush_ms = topic.flush_ms;
    policy->throttled_leaders = ThrottledReplicas(topic.leader_replication_throttled_replicas);
    return policy;
}

}  // namespace milena::replica
