#include <algorithm>
#include <utility>

#include "controller/decide.h"
#include "controller/partition_change.h"
#include "controller/placement.h"

namespace milena::controller {
namespace {

using metadata::PartitionImage;
using wire::AlterPartitionReassignmentsRequest;
using wire::AlterPartitionReassignmentsResponse;
using Nodes = std::vector<NodeId>;

using Target = Result<PartitionTarget, Refusal>;

// Sorted, as Kafka has them.
Nodes difference(Nodes a, const Nodes& b) {
    std::erase_if(a, [&](NodeId node) { return std::ranges::find(b, node) != b.end(); });
    std::ranges::sort(a);
    return a;
}

// How many replicas there will be when a reassignment that is under way is over.
size_t replication_factor(const PartitionImage& partition) {
    return difference(partition.replicas, partition.removing_replicas).size();
}

// Back to the replicas before the reassignment; what was added is forgotten.
Target cancelled(const PartitionImage& partition) {
    if (!is_moving(partition)) return unexpected(Refusal{ErrorCode::no_reassignment_in_progress, std::nullopt});
    PartitionTarget target;
    const auto is_added = [&](NodeId node) {
        return std::ranges::find(partition.adding_replicas, node) != partition.adding_replicas.end();
    };
    std::ranges::remove_copy_if(partition.replicas, std::back_inserter(target.replicas), is_added);
    std::ranges::remove_copy_if(partition.isr, std::back_inserter(target.isr), is_added);
    if (target.isr.empty() || target.replicas.empty())
        return unexpected(Refusal{ErrorCode::invalid_replica_assignment,
                                  "No replica from before the reassignment is in sync, so it can't be taken back."});
    return target;
}

Target moved(const Context& context, const AlterPartitionReassignmentsRequest& request, const PartitionImage& partition,
             const std::vector<int32_t>& wanted) {
    auto replicas = check_assignment(context.image, wanted, 0, partition.replicas);
    if (!replicas.has_value()) return unexpected(Refusal{ErrorCode::invalid_replica_assignment, replicas.error()});
    const size_t before = replication_factor(partition);
    if (!request.allow_replication_factor_change && before != replicas->size())
        return unexpected(Refusal{ErrorCode::invalid_replication_factor, "The replication factor is changed from " +
                                                                             std::to_string(before) + " to " +
                                                                             std::to_string(replicas->size())});
    PartitionTarget target;
    target.isr = partition.isr;
    target.removing_replicas = difference(partition.replicas, *replicas);
    target.adding_replicas = difference(*replicas, partition.replicas);
    target.replicas = std::move(*replicas);
    target.replicas.insert(target.replicas.end(), target.removing_replicas.begin(), target.removing_replicas.end());
    return target;
}

// One request, and where its records go.
struct Reassignment {
    const Context& context;
    const AlterPartitionReassignmentsRequest& request;
    const RulesOfTopics rules;
    metadata::Records& records;
};

Refusal reassign(const Reassignment& round, std::string_view name,
                 const AlterPartitionReassignmentsRequest::Partition& asked) {
    const metadata::TopicImage* topic = round.context.image.topic(name);
    if (topic == nullptr)
        return {ErrorCode::unknown_topic_or_partition, "Unable to find a topic named " + std::string(name) + "."};
    const PartitionImage* partition = topic->partition(PartitionIndex(asked.partition_index));
    if (partition == nullptr)
        return {ErrorCode::unknown_topic_or_partition,
                "Unable to find partition " + topic->name + ":" + std::to_string(asked.partition_index) + "."};
    Target target =
        asked.replicas ? moved(round.context, round.request, *partition, *asked.replicas) : cancelled(*partition);
    if (!target.has_value()) return target.error();
    auto change = change_partition(round.context.image, round.rules.of(name), *partition, std::move(*target));
    if (!change) return {};
    change->topic_id = topic->id;
    change->partition_id = asked.partition_index;
    round.records.emplace_back(std::move(*change));
    return {};
}

}  // namespace

Decision<AlterPartitionReassignmentsResponse> decide(const Context& context,
                                                     const AlterPartitionReassignmentsRequest& request) {
    Decision<AlterPartitionReassignmentsResponse> decision;
    const Reassignment round{context, request, RulesOfTopics(context.image, context.settings), decision.records};
    decision.response.allow_replication_factor_change = request.allow_replication_factor_change.value;
    if (request.topics.empty()) decision.response.error_message = "";
    for (const AlterPartitionReassignmentsRequest::Topic& topic : request.topics) {
        AlterPartitionReassignmentsResponse::Topic& result = decision.response.responses.emplace_back();
        result.name = std::string(topic.name);
        for (const AlterPartitionReassignmentsRequest::Partition& partition : topic.partitions) {
            Refusal refusal = reassign(round, topic.name, partition);
            result.partitions.push_back({.partition_index = partition.partition_index,
                                         .error_code = refusal.code,
                                         .error_message = std::move(refusal.message)});
        }
    }
    return decision;
}

}  // namespace milena::controller
