#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/decide.h"
#include "controller/partition_change.h"
#include "metadata/feature_levels.h"

namespace milena::controller {

namespace {

using metadata::PartitionImage;

// The others keep what they have; where nothing is known of one, nothing is known of it after.
std::vector<Uuid> directories_with(const PartitionImage& partition, NodeId broker, const Uuid& directory) {
    std::vector<Uuid> directories;
    for (const NodeId node : partition.replicas)
        directories.push_back(node == broker ? directory : partition.directory_of(node));
    return directories;
}

// Neither in sync nor eligible, nor the one whose data is the newest, even if nobody else is: a log in place of one
// whose directory is gone begins empty.
std::optional<wire::PartitionChangeRecord> forget_log(const metadata::Image& image, const LeadershipRules& rules,
                                                      const PartitionImage& partition, NodeId node) {
    PartitionTarget target = PartitionTarget::without(partition, node);
    target.unclean.push_back(node);
    wire::PartitionChangeRecord change;
    if (auto forgotten = change_partition(image, rules, partition, target)) change = std::move(*forgotten);
    const bool is_last = partition.isr == std::vector{node};
    if (is_last && !change.isr) change.isr.emplace();
    const bool is_known = is_last || contains(partition.last_known_elr, node);
    if (is_known && change.leader < 0) change.last_known_elr.emplace();
    return change;
}

// The directory failed before the cluster knew that the replica lies in it.
std::optional<wire::PartitionChangeRecord> leave_failed_log(const metadata::Image& image, const LeadershipRules& rules,
                                                            const PartitionImage& partition, NodeId node,
                                                            std::vector<Uuid> directories) {
    PartitionImage placed = partition;
    placed.directories = std::move(directories);
    PartitionTarget target = PartitionTarget::without(placed, node);
    target.unclean.push_back(node);
    return change_partition(image, rules, placed, target);
}

std::optional<wire::PartitionChangeRecord> assigned(const Context& context, const RulesOfTopics& rules, NodeId node,
                                                    const DirectoryAssignment& assignment) {
    const metadata::BrokerImage* broker = context.image.broker(node);
    const metadata::TopicImage* topic = context.image.topic(assignment.topic_id);
    const PartitionImage* partition = topic == nullptr ? nullptr : topic->partition(assignment.partition);
    if (broker == nullptr || partition == nullptr || !partition->has_replica(node)) return std::nullopt;
    const Uuid before = partition->directory_of(node);
    if (before == assignment.directory) return std::nullopt;
    std::vector<Uuid> directories = directories_with(*partition, node, assignment.directory);
    std::optional<wire::PartitionChangeRecord> change;
    if (!is_online(before, broker->directories))
        change = forget_log(context.image, rules.of(topic->name), *partition, node);
    else if (!is_online(assignment.directory, broker->directories))
        change = leave_failed_log(context.image, rules.of(topic->name), *partition, node, directories);
    if (!change) change.emplace();
    change->topic_id = assignment.topic_id;
    change->partition_id = assignment.partition.value;
    // A reassignment that is over with this has other replicas, and has said where they are.
    if (!change->replicas) change->directories.emplace(std::move(directories));
    return change;
}

}  // namespace

Decision<Result<void>> decide(const Context& context, const AssignDirectories& request) {
    const auto broker = asking_broker(context.image, request.broker, request.broker_epoch);
    if (!broker) return {.records = {}, .response = unexpected(broker.error())};
    if (metadata::metadata_version(*context.image.features) < metadata::metadata_version_directories) return {};
    Decision<Result<void>> decision;
    const RulesOfTopics rules(context.image, context.settings);
    for (const DirectoryAssignment& assignment : request.assignments)
        if (auto change = assigned(context, rules, request.broker, assignment))
            decision.records.emplace_back(std::move(*change));
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
