// The life of a broker after its registration (KIP-631, KIP-841):
//
//     fenced ── has caught up ──▶ unfenced ── wants to shut down ──▶ leaving ── leads nothing, all know it ──▶ gone
//        ▲                           │                                                                          │
//        └─── silent, wants it ──────┘                                                 fenced, may shut down ◀──┘
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "controller/broker_changes.h"
#include "controller/decide.h"
#include "controller/partition_change.h"
#include "metadata/feature_levels.h"

namespace milena::controller {
namespace {

using metadata::BrokerImage;
using metadata::PartitionImage;

enum class Life : uint8_t { fenced, unfenced, leaving, gone };

bool has_caught_up(const BrokerImage& broker, const BrokerHeartbeat& heartbeat) {
    return heartbeat.metadata_offset >= Offset(broker.epoch);
}

Life next_life(const Context& context, const BrokerImage& broker, const BrokerHeartbeat& heartbeat) {
    if (broker.is_fenced) {
        if (heartbeat.wants_shutdown) return Life::gone;
        const bool may_return =
            !heartbeat.wants_fence && !broker.is_in_controlled_shutdown && has_caught_up(broker, heartbeat);
        return may_return ? Life::unfenced : Life::fenced;
    }
    if (heartbeat.wants_fence) return heartbeat.wants_shutdown ? Life::gone : Life::fenced;
    if (!heartbeat.wants_shutdown && !broker.is_in_controlled_shutdown) return Life::unfenced;
    if (leads_anything(context.image, broker.id)) return Life::leaving;
    const bool is_known = context.liveness == nullptr || !broker.is_in_controlled_shutdown ||
                          context.liveness->is_leave_known(context.image, broker.id);
    return is_known ? Life::gone : Life::leaving;
}

bool is_among(const std::vector<Uuid>& directories, const Uuid& directory) {
    return std::ranges::find(directories, directory) != directories.end();
}

// How the broker is to look; its partitions follow from the difference.
BrokerImage next_image(const Context& context, const BrokerImage& broker, const BrokerHeartbeat& heartbeat) {
    BrokerImage next = broker;
    const Life life = next_life(context, broker, heartbeat);
    next.is_fenced = life == Life::fenced || life == Life::gone;
    if (life == Life::leaving) next.is_in_controlled_shutdown = true;
    if (metadata::knows_cordoned_directories(*context.image.features))
        next.cordoned_directories = heartbeat.cordoned_directories;
    std::erase_if(next.directories,
                  [&](const Uuid& directory) { return is_among(heartbeat.offline_directories, directory); });
    // Without any directory there is nothing to serve, and no record that could say so.
    if (next.directories.empty() && !broker.directories.empty()) {
        next.is_fenced = true;
        next.directories = broker.directories;
    }
    return next;
}

// What was written last to a directory that has failed may never have reached it: who comes back with it isn't
// eligible. A broker that is only silent keeps what it has.
std::optional<PartitionTarget> target_after(const BrokerImage& before, const BrokerImage& after,
                                            const PartitionImage& partition) {
    const NodeId node = before.id;
    if (!partition.has_replica(node)) return std::nullopt;
    if (!after.is_active() || !is_online(partition.directory_of(node), after.directories)) {
        const bool has_failed = is_online(partition.directory_of(node), before.directories) &&
                                !is_online(partition.directory_of(node), after.directories);
        const bool is_concerned =
            contains(partition.isr, node) || partition.leader == node || (has_failed && contains(partition.elr, node));
        if (!is_concerned) return std::nullopt;
        PartitionTarget target = PartitionTarget::without(partition, node);
        if (has_failed) target.unclean.push_back(node);
        return target;
    }
    if (before.is_active() || partition.leader != no_node) return std::nullopt;
    return PartitionTarget::same_as(partition);
}

std::optional<wire::BrokerRegistrationChangeRecord> difference(const BrokerImage& before, const BrokerImage& after) {
    if (before == after) return std::nullopt;
    wire::BrokerRegistrationChangeRecord change;
    change.broker_id = before.id.value;
    change.broker_epoch = before.epoch;
    if (before.is_fenced != after.is_fenced) change.fenced = static_cast<int8_t>(after.is_fenced ? 1 : -1);
    if (before.is_in_controlled_shutdown != after.is_in_controlled_shutdown)
        change.in_controlled_shutdown = static_cast<int8_t>(1);
    if (before.directories != after.directories) change.log_dirs = after.directories;
    if (before.cordoned_directories != after.cordoned_directories)
        change.cordoned_log_dirs.emplace(*after.cordoned_directories);
    return change;
}

// The partitions first: cut off in the middle, the broker's own state still says that it is to be done again.
metadata::Records records_between(const Context& context, const BrokerImage& before, const BrokerImage& after) {
    metadata::Records records;
    const bool concerns_partitions = before.is_active() != after.is_active() || before.directories != after.directories;
    if (concerns_partitions)
        change_partitions(
            with_broker(context.image, after), context.settings,
            [&](const PartitionImage& partition) { return target_after(before, after, partition); }, records);
    if (auto change = difference(before, after)) records.emplace_back(std::move(*change));
    return records;
}

// A log that can't grow holds up whoever waits for it: others lead instead, and go on without it, while enough of them
// are in sync. It is lost to nobody, so it isn't unclean.
void leave_full_directories(const Context& context, const BrokerImage& broker, const std::vector<Uuid>& full,
                            metadata::Records& records) {
    const auto target_of = [&](const PartitionImage& partition) -> std::optional<PartitionTarget> {
        if (!contains(partition.isr, broker.id) || !is_among_full(broker, full, partition.directory_of(broker.id)))
            return std::nullopt;
        PartitionTarget target = PartitionTarget::without(partition, broker.id);
        target.keeps_enough_in_sync = true;
        return target;
    };
    change_partitions(context.image, context.settings, target_of, records);
}

// As asking_broker, but these always say which registration they are about.
Result<const BrokerImage*> find(const metadata::Image& image, NodeId id, int64_t broker_epoch) {
    if (broker_epoch < 0) return unexpected(ErrorCode::stale_broker_epoch);
    return asking_broker(image, id, broker_epoch);
}

}  // namespace

Decision<Result<HeartbeatAnswer>> decide(const Context& context, const BrokerHeartbeat& heartbeat) {
    const auto broker = find(context.image, heartbeat.broker, heartbeat.broker_epoch);
    if (!broker) return {.records = {}, .response = unexpected(broker.error())};
    const BrokerImage next = next_image(context, **broker, heartbeat);
    metadata::Records records = records_between(context, **broker, next);
    if (records.empty() && next.is_active() && !heartbeat.full_directories.empty())
        leave_full_directories(context, next, heartbeat.full_directories, records);
    // Also who leaves and was fenced meanwhile has nothing left to wait for.
    const bool is_leaving = heartbeat.wants_shutdown || (*broker)->is_in_controlled_shutdown;
    return {.records = std::move(records),
            .response = HeartbeatAnswer{.is_caught_up = has_caught_up(**broker, heartbeat),
                                        .is_fenced = next.is_fenced,
                                        .should_shut_down = next.is_fenced && is_leaving}};
}

Decision<Result<void>> decide(const Context& context, const FenceBroker& request) {
    const auto broker = find(context.image, request.broker, request.broker_epoch);
    if (!broker) return {.records = {}, .response = unexpected(broker.error())};
    BrokerImage next = **broker;
    next.is_fenced = true;
    return {.records = records_between(context, **broker, next), .response = {}};
}

}  // namespace milena::controller
