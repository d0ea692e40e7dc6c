#include "group/coordinator_host.h"

#include <algorithm>
#include <vector>

#include "group/partition_for.h"

namespace milena::group {
namespace {

// The record of a group has to fit into one batch, with one protocol of each member; in memory a small member takes
// several times as much, for it has a few protocols, and its names are in what finds it, too.
constexpr size_t batches_a_group = 8;

Config group_config(const settings::BrokerConfig& config) {
    return {.initial_rebalance_delay = Milliseconds(config.group_initial_rebalance_delay_ms),
            .session_timeout_min = Milliseconds(config.group_min_session_timeout_ms),
            .session_timeout_max = Milliseconds(config.group_max_session_timeout_ms),
            .group_size_max = static_cast<size_t>(config.group_max_size),
            .members_bytes_max = batches_a_group * static_cast<size_t>(config.topic_defaults.max_message_bytes),
            .offset_metadata_max = static_cast<size_t>(config.offset_metadata_max_bytes),
            .offsets_retention = std::chrono::minutes(config.offsets_retention_minutes),
            .offsets_retention_check_interval = Milliseconds(config.offsets_retention_check_interval_ms)};
}

}  // namespace

CoordinatorHost::CoordinatorHost(HostEnvironment environment, const metadata::Image& image,
                                 const settings::BrokerConfig& config)
    : environment_(std::move(environment)) {
    // As much as requests may; a shard with few of them has room for one group at least.
    members_->bytes_max = std::max(static_cast<size_t>(config.memory_requests_bytes) / environment_.shards_count,
                                   group_config(config).members_bytes_max);
    const metadata::TopicImage* topic = image.topic(offsets_topic);
    if (topic == nullptr) return;
    for (size_t i = 0; i < topic->partitions.size(); ++i)
        agree(*topic, PartitionIndex(static_cast<int32_t>(i)), config);
}

void CoordinatorHost::apply(const metadata::Delta& delta, const settings::BrokerConfig& config) {
    for (const metadata::TopicChange& change : delta.topics) {
        const metadata::TopicImage& topic = change.after ? *change.after : *change.before;
        if (topic.name == offsets_topic) {
            for (const PartitionIndex partition : change.partitions) agree(topic, partition, config);
        } else if (!change.after) {
            const auto all = hosted_;
            for (const auto& [key, hosted] : all) hosted->topic_deleted(topic.name, topic.id);
        }
    }
}

// There is a coordinator exactly where the partition is led.
void CoordinatorHost::agree(const metadata::TopicImage& topic, PartitionIndex partition,
                            const settings::BrokerConfig& config) {
    const replica::PartitionKey key{topic.id, partition};
    const replica::Replica* replica = environment_.partitions.find(key);
    const bool is_led = replica != nullptr && replica->is_leader();
    const auto at = hosted_.find(key);
    if (!is_led && at != hosted_.end()) {
        const std::shared_ptr<HostedCoordinator> gone = std::move(at->second);
        hosted_.erase(at);
        gone->resign();
    } else if (is_led && at == hosted_.end()) {
        HostedCoordinator::Options options{.config = group_config(config),
                                           .codec = static_cast<wire::Codec>(config.offsets_topic_compression_codec),
                                           .commit_timeout = Milliseconds(config.offsets_commit_timeout_ms),
                                           .wake_at = [this](Instant next) { wake_at(next); },
                                           .members = members_,
                                           .counts = counts_};
        const auto hosted = std::make_shared<HostedCoordinator>(environment_, key, std::move(options));
        hosted_.emplace(key, hosted);
        hosted->load();
    }
}

void CoordinatorHost::resign() {
    for (const auto& [key, hosted] : std::exchange(hosted_, {})) hosted->resign();
}

GroupMetrics CoordinatorHost::metrics() const {
    GroupMetrics metrics{.counts = *counts_};
    for (const auto& [key, hosted] : hosted_) {
        const ErrorCode unavailable = hosted->unavailable();
        metrics.loading += unavailable == ErrorCode::coordinator_load_in_progress ? 1 : 0;
        metrics.unloaded += unavailable == ErrorCode::not_coordinator ? 1 : 0;
        if (unavailable == ErrorCode::none) hosted->coordinator().count_groups(metrics);
    }
    return metrics;
}

void CoordinatorHost::wake_at(Instant next) {
    if (next >= wakes_at_) return;
    wakes_at_ = next;
    environment_.wake_at(next);
}

void CoordinatorHost::tick() {
    wakes_at_ = never;
    const Instant now = environment_.clock.now();
    const auto all = hosted_;
    for (const auto& [key, hosted] : all) {
        if (hosted->next_deadline() <= now) hosted->tick(now);
        wake_at(hosted->next_deadline());
    }
}

}  // namespace milena::group
