#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "controller/decide.h"
#include "controller/partition_change.h"

namespace milena::controller {
namespace {

using metadata::PartitionImage;
using Nodes = std::vector<NodeId>;

// Whether the change was asked for by the leader of this very state. Who knows a newer one than this controller has
// found a controller that is none any more.
ErrorCode check_state(const AlterPartition& request, const replica::IsrChange& change,
                      const PartitionImage& partition) {
    if (change.leader_epoch > partition.leader_epoch || change.partition_epoch > partition.partition_epoch)
        return ErrorCode::not_controller;
    if (change.leader_epoch < partition.leader_epoch) return ErrorCode::fenced_leader_epoch;
    if (request.broker != partition.leader) return ErrorCode::invalid_request;
    if (change.partition_epoch < partition.partition_epoch) return ErrorCode::invalid_update_version;
    return ErrorCode::none;
}

bool is_isr(const PartitionImage& partition, const Nodes& isr) {
    const std::set<NodeId> members(isr.begin(), isr.end());
    return members.size() == isr.size() && members.contains(partition.leader) &&
           std::ranges::all_of(isr, [&](NodeId node) { return partition.has_replica(node); });
}

// Whoever commits what it gets would have to wait for room there.
bool joins_without_room(const Context& context, const PartitionImage& partition, NodeId node) {
    return !contains(partition.isr, node) && context.liveness != nullptr &&
           context.liveness->is_full(*context.image.broker(node), partition.directory_of(node));
}

// Fenced, leaving, registered anew since the leader heard from it (KIP-841, KIP-903), or with a log in a directory that
// isn't the one that is known: none of these may be relied on.
bool are_eligible(const Context& context, const replica::IsrChange& change, const PartitionImage& partition) {
    for (size_t i = 0; i < change.isr.size(); ++i) {
        if (!can_serve(context.image, partition, change.isr[i])) return false;
        if (joins_without_room(context, partition, change.isr[i])) return false;
        const int64_t heard_from = i < change.broker_epochs.size() ? change.broker_epochs[i] : -1;
        if (heard_from >= 0 && heard_from != context.image.broker(change.isr[i])->epoch) return false;
    }
    return true;
}

ErrorCode alter(const Context& context, const RulesOfTopics& rules, const AlterPartition& request,
                const replica::IsrChange& change, metadata::Records& records) {
    const metadata::TopicImage* topic = context.image.topic(change.key.topic_id);
    if (topic == nullptr) return ErrorCode::unknown_topic_id;
    const PartitionImage* partition = topic->partition(change.key.partition);
    if (partition == nullptr) return ErrorCode::unknown_topic_or_partition;
    if (const ErrorCode code = check_state(request, change, *partition); code != ErrorCode::none) return code;
    if (!is_isr(*partition, change.isr)) return ErrorCode::invalid_request;
    if (!are_eligible(context, change, *partition)) return ErrorCode::ineligible_replica;
    PartitionTarget target = PartitionTarget::same_as(*partition);
    target.isr = change.isr;
    target.is_recovered = true;
    auto record = change_partition(context.image, rules.of(topic->name), *partition, std::move(target));
    if (!record) return ErrorCode::none;
    record->topic_id = topic->id;
    record->partition_id = change.key.partition.value;
    // With this change a reassignment is over that takes the leader itself away: there is a record and an error.
    const bool has_other_leader = record->leader >= 0 && record->leader != request.broker.value;
    records.emplace_back(std::move(*record));
    return has_other_leader ? ErrorCode::new_leader_elected : ErrorCode::none;
}

}  // namespace

Decision<Result<AlterPartitionAnswer>> decide(const Context& context, const AlterPartition& request) {
    const metadata::BrokerImage* broker = context.image.broker(request.broker);
    if (broker == nullptr || broker->epoch != request.broker_epoch)
        return {.records = {}, .response = unexpected(ErrorCode::stale_broker_epoch)};
    Decision<Result<AlterPartitionAnswer>> decision{.records = {}, .response = AlterPartitionAnswer{}};
    const RulesOfTopics rules(context.image, context.settings);
    std::set<replica::PartitionKey> altered;
    for (const replica::IsrChange& change : request.changes) {
        // All changes are compared with the same state: a second one of the same partition has not seen the first.
        const bool is_first = altered.insert(change.key).second;
        decision.response->outcomes.push_back(is_first ? alter(context, rules, request, change, decision.records)
                                                       : ErrorCode::invalid_update_version);
    }
    return decision;
}

}  // namespace milena::controller
