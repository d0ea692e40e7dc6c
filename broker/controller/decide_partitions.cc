#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/decide.h"
#include "controller/placement.h"
#include "metadata/image_records.h"
#include "settings/topic_config.h"

namespace milena::controller {

namespace {

using settings::ConfigError;
using Growth = wire::CreatePartitionsRequest::Topic;

// The replicas of the new partitions, as asked for or as we place them.
Result<std::vector<std::vector<NodeId>>, ConfigError> replicas_of_new(const Context& context, const Growth& growth,
                                                                      const PlacementSpec& spec) {
    if (!growth.assignments.has_value()) {
        auto placed = place(context.image, context.random, spec);
        if (!placed) return refused(ErrorCode::invalid_replication_factor, placed.error());
        return std::move(placed).value();
    }
    if (growth.assignments->size() != static_cast<size_t>(spec.partitions_count))
        return refused(ErrorCode::invalid_replica_assignment,
                       "Attempted to add " + std::to_string(spec.partitions_count) +
                           " additional partition(s), but only " + std::to_string(growth.assignments->size()) +
                           " assignment(s) were specified.");
    std::vector<std::vector<NodeId>> result;
    for (const auto& assignment : *growth.assignments) {
        auto replicas =
            check_assignment(context.image, assignment.broker_ids, static_cast<size_t>(spec.replication_factor));
        if (!replicas) return refused(ErrorCode::invalid_replica_assignment, replicas.error());
        result.push_back(std::move(replicas).value());
    }
    return result;
}

Result<void, ConfigError> grow(const Context& context, const Growth& growth, metadata::Records& records) {
    const metadata::TopicImage* topic = context.image.topic(growth.name);
    if (topic == nullptr || topic->partitions.empty()) return refused(ErrorCode::unknown_topic_or_partition, "");
    const auto count = static_cast<int32_t>(topic->partitions.size());
    if (growth.count == count)
        return refused(ErrorCode::invalid_partitions, "Topic already has " + std::to_string(count) + " partition(s).");
    if (growth.count < count)
        return refused(ErrorCode::invalid_partitions, "The topic " + topic->name + " currently has " +
                                                          std::to_string(count) + " partition(s); " +
                                                          std::to_string(growth.count) + " would not be an increase.");
    const PlacementSpec spec{.partitions_count = growth.count - count,
                             .replication_factor = static_cast<int32_t>(topic->partitions.front()->replicas.size())};
    if (records.size() + static_cast<size_t>(spec.partitions_count) > records_per_request_max)
        return refused(ErrorCode::policy_violation, "Excessively large number of partitions per request.");
    ASSIGN_OR_RETURN(auto placed, replicas_of_new(context, growth, spec));
    metadata::Records added;
    for (size_t i = 0; i < placed.size(); ++i) {
        const PartitionIndex index(count + static_cast<int32_t>(i));
        const auto partition = new_partition(context.image, std::move(placed[i]));
        if (!partition)
            return refused(
                growth.assignments ? ErrorCode::invalid_replica_assignment : ErrorCode::invalid_replication_factor,
                "All brokers of partition " + std::to_string(index.value) + " are fenced or in controlled shutdown.");
        added.emplace_back(metadata::partition_record(topic->id, index, *partition));
    }
    std::move(added.begin(), added.end(), std::back_inserter(records));
    return {};
}

}  // namespace

Decision<wire::CreatePartitionsResponse> decide(const Context& context, const wire::CreatePartitionsRequest& request) {
    Decision<wire::CreatePartitionsResponse> decision;
    std::set<std::string_view> seen;
    std::set<std::string_view> repeated;
    for (const Growth& growth : request.topics) {
        if (!seen.insert(growth.name).second) repeated.insert(growth.name);
    }
    for (const Growth& growth : request.topics) {
        if (seen.erase(growth.name) == 0) continue;  // answered already
        auto& result = decision.response.results.emplace_back();
        result.name = growth.name;
        const Result<void, ConfigError> grown = repeated.contains(growth.name)
                                                    ? refused(ErrorCode::invalid_request, "Duplicate topic name.")
                                                    : grow(context, growth, decision.records);
        if (grown) continue;
        result.error_code = grown.error().code;
        if (!grown.error().message.empty()) result.error_message = grown.error().message;
    }
    if (request.validate_only) decision.records.clear();
    return decision;
}

}  // namespace milena::controller
