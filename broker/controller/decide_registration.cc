#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "controller/broker_changes.h"
#include "controller/decide.h"
#include "controller/feature_range.h"
#include "controller/partition_change.h"
#include "metadata/feature_levels.h"

namespace milena::controller {
namespace {

using metadata::BrokerImage;
using metadata::PartitionImage;

// Another process under the same id, while the one that is registered is known to live. One that leaves may be followed
// at once, and here two processes can't be at once.
bool is_duplicate(const Context& context, const BrokerRegistration& registration, const BrokerImage& existing) {
    if (registration.is_local || context.liveness == nullptr || existing.is_in_controlled_shutdown) return false;
    return context.liveness->is_alive(existing.id, existing.epoch, context.now);
}

bool supports_finalized_levels(const metadata::Image& image, const BrokerRegistration& registration) {
    if (registration.features.empty()) return true;
    return std::ranges::all_of(metadata::supported_features(), [&](const metadata::SupportedLevels& known) {
        const int16_t level = metadata::feature_level(*image.features, known.name);
        return level == 0 || is_within(feature_range(registration.features, known.name), level);
    });
}

// A directory is in one place only; the log of a directory with two masters would be mixed from two brokers.
bool has_directory_of_another(const metadata::Image& image, const BrokerRegistration& registration) {
    return std::ranges::any_of(*image.brokers, [&](const auto& other) {
        return other.first != registration.id &&
               std::ranges::any_of(other.second.directories, [&](const Uuid& directory) {
                   return std::ranges::find(registration.directories, directory) != registration.directories.end();
               });
    });
}

Result<void> check_registration(const Context& context, const BrokerRegistration& registration) {
    const auto refused = [&](ErrorCode code, std::string_view why) {
        log_warn("broker not registered", {{"broker", registration.id}, {"reason", why}});
        return unexpected(code);
    };
    if (registration.id.value < 0) return refused(ErrorCode::invalid_request, "its id is negative");
    if (!registration.cluster_id.empty() && !context.cluster_id.empty() &&
        registration.cluster_id != context.cluster_id)
        return refused(ErrorCode::inconsistent_cluster_id, "it belongs to another cluster");
    if (!supports_finalized_levels(context.image, registration))
        return refused(ErrorCode::unsupported_version, "it can't live with a finalized feature level");
    if (has_directory_of_another(context.image, registration))
        return refused(ErrorCode::invalid_request, "one of its directories belongs to another broker");
    const BrokerImage* existing = context.image.broker(registration.id);
    if (existing != nullptr && existing->incarnation_id != registration.incarnation_id &&
        is_duplicate(context, registration, *existing))
        return refused(ErrorCode::duplicate_broker_registration, "another process with this id is running");
    return {};
}

// What is registered, as the image will have it.
BrokerImage registered(const Context& context, const BrokerRegistration& registration, bool is_same_process) {
    BrokerImage broker;
    if (is_same_process) broker = *context.image.broker(registration.id);
    broker.id = registration.id;
    broker.incarnation_id = registration.incarnation_id;
    broker.endpoints = registration.endpoints;
    broker.features = registration.features;
    if (broker.features.empty()) {
        for (const metadata::SupportedLevels& feature : metadata::supported_features())
            broker.features[std::string(feature.name)] = {feature.level_min, feature.level_max};
    }
    broker.rack = registration.rack;
    // That a directory has failed while the process runs is said by heartbeats.
    if (is_same_process) return broker;
    broker.directories = registration.directories;
    broker.is_fenced = !registration.is_local;
    return broker;
}

wire::RegisterBrokerRecord record_of(const Context& context, const BrokerImage& broker,
                                     const BrokerRegistration& registration) {
    wire::RegisterBrokerRecord record;
    record.broker_id = broker.id.value;
    record.incarnation_id = broker.incarnation_id;
    record.broker_epoch = broker.epoch;
    for (const metadata::Endpoint& e : broker.endpoints)
        record.end_points.push_back({e.name, e.host, e.port, settings::protocol_number(e.security_protocol)});
    for (const auto& [name, levels] : broker.features)
        record.features.push_back({name, levels.level_min, levels.level_max});
    record.rack = broker.rack;
    record.fenced = broker.is_fenced;
    record.in_controlled_shutdown = broker.is_in_controlled_shutdown;
    record.log_dirs = broker.directories;
    if (metadata::knows_cordoned_directories(*context.image.features))
        record.cordoned_log_dirs.emplace(registration.cordoned_directories);
    return record;
}

// A process that has ended says nothing of what it had left to write, unless it has ended cleanly (KIP-966). Without
// ELR nobody asks.
bool has_ended_cleanly(const Context& context, const BrokerRegistration& registration) {
    if (!metadata::has_elr(*context.image.features)) return true;
    const BrokerImage* existing = context.image.broker(registration.id);
    return existing != nullptr && existing->epoch == registration.previous_epoch;
}

// What becomes of one partition when the broker of one of its replicas has started again: the former process leads
// nothing and is in sync with nothing, and with an unclean end or without its directory it isn't eligible either.
std::optional<PartitionTarget> target_at_start(const PartitionImage& partition, const BrokerRegistration& registration,
                                               bool is_clean) {
    const NodeId node = registration.id;
    if (!partition.has_replica(node)) return std::nullopt;
    const bool has_data = is_clean && is_online(partition.directory_of(node), registration.directories);
    const bool is_new_leader = registration.is_local && partition.leader == no_node;
    if (!contains(partition.isr, node) && partition.leader != node && !is_new_leader &&
        (has_data || !contains(partition.elr, node)))
        return std::nullopt;
    PartitionTarget target = PartitionTarget::without(partition, node);
    if (!has_data) target.unclean.push_back(node);
    // What the former epoch may have promised is over.
    target.is_led_anew = partition.leader == node;
    return target;
}

}  // namespace

Decision<Result<BrokerEpoch>> decide(const Context& context, const BrokerRegistration& registration) {
    if (const auto checked = check_registration(context, registration); !checked)
        return {.records = {}, .response = unexpected(checked.error())};
    const BrokerImage* existing = context.image.broker(registration.id);
    const bool is_same_process = existing != nullptr && existing->incarnation_id == registration.incarnation_id;
    BrokerImage broker = registered(context, registration, is_same_process);
    Decision<Result<BrokerEpoch>> decision{.records = {}, .response = BrokerEpoch{broker.epoch}};
    if (!is_same_process) {
        const bool is_clean = has_ended_cleanly(context, registration);
        change_partitions(
            with_broker(context.image, broker), context.settings,
            [&](const PartitionImage& partition) { return target_at_start(partition, registration, is_clean); },
            decision.records);
        broker.epoch = context.next_offset.value + static_cast<int64_t>(decision.records.size());
        decision.response = BrokerEpoch{broker.epoch};
    }
    decision.records.emplace_back(record_of(context, broker, registration));
    return decision;
}

}  // namespace milena::controller
