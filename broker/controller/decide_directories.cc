#include "controller/decide.h"
#include "metadata/feature_levels.h"

namespace milena::controller {

// The others keep what they have; where nothing is known of one, nothing is known of it after.
Decision<Result<void>> decide(const Context& context, const AssignDirectory& request) {
    const metadata::PartitionImage* partition = context.image.partition(request.topic_id, request.partition);
    if (partition == nullptr || !partition->has_replica(request.broker))
        return {.records = {}, .response = unexpected(ErrorCode::unknown_topic_or_partition)};
    if (partition->directory_of(request.broker) == request.directory) return {};
    wire::PartitionChangeRecord change;
    change.topic_id = request.topic_id;
    change.partition_id = request.partition.value;
    std::vector<Uuid> directories;
    for (const NodeId node : partition->replicas)
        directories.push_back(node == request.broker ? request.directory : partition->directory_of(node));
    change.directories.emplace(std::move(directories));
    Decision<Result<void>> decision;
    decision.records.emplace_back(std::move(change));
    return decision;
}

// A broker that is gone, or a cluster whose metadata.version can't say it, leaves nothing to change.
Decision<Result<void>> decide(const Context& context, const CordonDirectories& request) {
    const metadata::BrokerImage* broker = context.image.broker(request.broker);
    if (broker == nullptr) return {.records = {}, .response = unexpected(ErrorCode::broker_id_not_registered)};
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
