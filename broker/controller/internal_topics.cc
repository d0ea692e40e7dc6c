#include "controller/internal_topics.h"

#include <algorithm>
#include <array>
#include <string>

namespace milena::controller {

namespace {

struct InternalTopic {
    std::string_view topic;
    std::string_view partitions_setting;
    std::string_view replication_setting;
    std::string_view segment_bytes_setting;
    std::string_view min_isr_setting;  // empty: the cluster's default
    std::string_view cleanup_policy;
    std::string_view compression_type;
};

constexpr std::array<InternalTopic, 3> internal_topics{{
    {"__consumer_offsets", "offsets.topic.num.partitions", "offsets.topic.replication.factor",
     "offsets.topic.segment.bytes", "", "compact", "producer"},
    {"__transaction_state", "transaction.state.log.num.partitions", "transaction.state.log.replication.factor",
     "transaction.state.log.segment.bytes", "transaction.state.log.min.isr", "compact", "uncompressed"},
    {"__share_group_state", "share.coordinator.state.topic.num.partitions",
     "share.coordinator.state.topic.replication.factor", "share.coordinator.state.topic.segment.bytes",
     "share.coordinator.state.topic.min.isr", "delete", "producer"},
}};

int32_t number(const settings::BrokerSettings& settings, std::string_view name) {
    const auto text = settings.text(name);
    const auto value = text ? settings::parse_integer(*text) : std::nullopt;
    return static_cast<int32_t>(value.value_or(1));
}

settings::Texts internal_configs(const settings::BrokerSettings& settings, const InternalTopic& internal) {
    settings::Texts result{{"cleanup.policy", std::string(internal.cleanup_policy)},
                           {"compression.type", std::string(internal.compression_type)}};
    if (const auto bytes = settings.text(internal.segment_bytes_setting)) result.emplace("segment.bytes", *bytes);
    if (!internal.min_isr_setting.empty()) {
        if (const auto replicas = settings.text(internal.min_isr_setting))
            result.emplace("min.insync.replicas", *replicas);
    }
    // What a share coordinator has not yet summed up must not be lost with time.
    if (internal.cleanup_policy == "delete") result.emplace("retention.ms", "-1");
    if (internal.topic == "__transaction_state") result.emplace("unclean.leader.election.enable", "false");
    return result;
}

}  // namespace

std::optional<int32_t> internal_replication_factor(const settings::BrokerSettings& settings, std::string_view topic,
                                                   size_t brokers_count) {
    const auto internal = std::ranges::find(internal_topics, topic, &InternalTopic::topic);
    if (internal == internal_topics.end()) return std::nullopt;
    const int32_t factor = number(settings, internal->replication_setting);
    if (settings.is_configured(internal->replication_setting)) return factor;
    return std::min(factor, static_cast<int32_t>(std::max<size_t>(brokers_count, 1)));
}

TopicDefaults topic_defaults(const settings::BrokerSettings& settings, std::string_view topic, size_t brokers_count) {
    const auto internal = std::ranges::find(internal_topics, topic, &InternalTopic::topic);
    if (internal == internal_topics.end())
        return {number(settings, "num.partitions"), number(settings, "default.replication.factor"), {}};
    return {number(settings, internal->partitions_setting),
            internal_replication_factor(settings, topic, brokers_count).value_or(1),
            internal_configs(settings, *internal)};
}

}  // namespace milena::controller
