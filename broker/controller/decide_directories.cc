#include <string>
#include <utility>
#include <vector>

#include "controller/decide.h"
#include "controller/partition_change.h"
#include "metadata/feature_levels.h"

namespace milena::controller {

namespace {

using metadata::PartitionImage;

std::vector<Uuid> directories_with(const PartitionImage& partition, const AssignDirectory& request) {
    std::vector<Uuid> directories;
    for (const NodeId node : partition.replicas)
        directories.push_back(node == request.broker ? request.directory : partition.directory_of(node));
    return directories;
}

// A log in place of one whose directory is gone begins empty: what the former one had is not in it.
bool replaces_lost_log(const metadata::Image& image, const PartitionImage& partition, NodeId node) {
    const metadata::BrokerImage* broker = image.broker(node);
    return broker != nullptr && !is_online(partition.directory_of(node), broker->directories);
}

// Neither in sync nor eligible, nor the one whose data is the newest, even if nobody else is.
void forget_log(const Context& context, const std::string& topic, const PartitionImage& partition, NodeId node,
                wire::PartitionChangeRecord& change) {
    PartitionTarget target = PartitionTarget::without(partition, node);
    target.unclean.push_back(node);
    const LeadershipRules rules = RulesOfTopics(context.image, context.settings).of(topic);
    if (auto forgotten = change_partition(context.image, rules, partition, target)) change = std::move(*forgotten);
    const bool is_last = partition.isr == std::vector{node};
    if (is_last && !change.isr) change.isr.emplace();
    const bool is_known = is_last || contains(partition.last_known_elr, node);
    if (is_known && change.leader < 0) change.last_known_elr.emplace();
}

}  // namespace

// The others keep what they have; where nothing is known of one, nothing is known of it after.
Decision<Result<void>> decide(const Context& context, const AssignDirectory& request) {
    const auto broker = asking_broker(context.image, request.broker, request.broker_epoch);
    if (!broker && request.broker_epoch != -1) return {.records = {}, .response = unexpected(broker.error())};
    const metadata::TopicImage* topic = context.image.topic(request.topic_id);
    const PartitionImage* partition = topic == nullptr ? nullptr : topic->partition(request.partition);
    if (partition == nullptr || !partition->has_replica(request.broker))
        return {.records = {}, .response = unexpected(ErrorCode::unknown_topic_or_partition)};
    if (partition->directory_of(request.broker) == request.directory) return {};
    wire::PartitionChangeRecord change;
    if (replaces_lost_log(context.image, *partition, request.broker))
        forget_log(context, topic->name, *partition, request.broker, change);
    change.topic_id = request.topic_id;
    change.partition_id = request.partition.value;
    change.directories.emplace(directories_with(*partition, request));
    Decision<Result<void>> decision;
    decision.records.emplace_back(std::move(change));
    return decision;
}

// A broker that is gone, or a cluster whose metadata.version can't say it, leaves nothing to change.
Decision<Result<void>> decide(const Context& context, const CordonDirectories& request) {
    const auto asking = asking_broker(context.image, request.broker, request.broker_epoch);
    if (!asking) return {.records = {}, .response = unexpected(asking.error())};
    const metadata::BrokerImage* broker = *asking;
    if (!metadata::knows_cordoned_directories(*context.image.features) ||
        broker->cordoned_directories == request.directories)
        return {};
    wire::BrokerRegistrationChangeRecord change;
    change.broker_id = request.broker.value;
    change.broker_epoch = broker->epoch;
    change.cordoned_log_dirs.emplace(request.directories);
    Decision<Result<void>> decision;
    decision.records.emplace_back(std::move(change));
    return decision;
}

}  // namespace milena::controller
