#include <utility>

#include "controller/decide.h"
#include "controller/partition_change.h"

namespace milena::controller {
namespace {

using wire::ElectLeadersRequest;
using wire::ElectLeadersResponse;

Refusal not_needed() { return {ErrorCode::election_not_needed, "Leader election not needed for topic partition."}; }

// What is to be elected, and where its records go.
struct Ballot {
    const Context& context;
    const RulesOfTopics& rules;
    Election election;
    metadata::Records& records;
};

Refusal elect(const Ballot& ballot, const metadata::TopicImage& topic, int32_t index) {
    const Election election = ballot.election;
    const metadata::PartitionImage* partition = topic.partition(PartitionIndex(index));
    if (partition == nullptr)
        return {ErrorCode::unknown_topic_or_partition,
                "No such partition as " + topic.name + "-" + std::to_string(index)};
    const bool is_fine = election == Election::unclean
                             ? partition->leader != no_node
                             : !partition->replicas.empty() && partition->leader == partition->replicas.front();
    if (is_fine) return not_needed();
    PartitionTarget target = PartitionTarget::same_as(*partition);
    target.election = election;
    auto change = change_partition(ballot.context.image, ballot.rules.of(topic.name), *partition, std::move(target));
    const bool is_elected = change && change->leader >= 0;
    if (!is_elected && election == Election::preferred)
        return {ErrorCode::preferred_leader_not_available, "The preferred leader was not available."};
    if (!is_elected)
        return {ErrorCode::eligible_leaders_not_available, "Eligible topic partition leaders are not available."};
    change->topic_id = topic.id;
    change->partition_id = index;
    ballot.records.emplace_back(std::move(*change));
    return {};
}

void add(ElectLeadersResponse::Topic& topic, int32_t index, Refusal refusal) {
    topic.partition_result.push_back(
        {.partition_id = index, .error_code = refusal.code, .error_message = std::move(refusal.message)});
}

ElectLeadersResponse all_refused(const ElectLeadersRequest& request, std::string reason) {
    ElectLeadersResponse response;
    response.error_code = ErrorCode::invalid_request;
    if (!request.topic_partitions) return response;
    for (const ElectLeadersRequest::TopicPartitions& asked : *request.topic_partitions) {
        ElectLeadersResponse::Topic& topic = response.replica_election_results.emplace_back();
        topic.topic = std::string(asked.topic);
        for (const int32_t index : asked.partitions) add(topic, index, {ErrorCode::invalid_request, reason});
    }
    return response;
}

// Of all partitions only those are reported of which something is to be said.
Decision<ElectLeadersResponse> elect_everywhere(const Context& context, Election election) {
    Decision<ElectLeadersResponse> decision;
    const RulesOfTopics rules(context.image, context.settings);
    const Ballot ballot{context, rules, election, decision.records};
    for (const auto& topic : context.image.topics->by_name) {
        ElectLeadersResponse::Topic& result = decision.response.replica_election_results.emplace_back();
        result.topic = topic->name;
        for (size_t i = 0; i < topic->partitions.size(); ++i) {
            const auto index = static_cast<int32_t>(i);
            Refusal refusal = elect(ballot, *topic, index);
            if (refusal.code != ErrorCode::election_not_needed) add(result, index, std::move(refusal));
        }
    }
    return decision;
}

}  // namespace

Decision<ElectLeadersResponse> decide(const Context& context, const ElectLeadersRequest& request) {
    const auto election = static_cast<Election>(request.election_type.value);
    if (election != Election::preferred && election != Election::unclean)
        return {
            .records = {},
            .response = all_refused(request, "Unknown election type " + std::to_string(request.election_type.value))};
    if (!request.topic_partitions) return elect_everywhere(context, election);
    Decision<ElectLeadersResponse> decision;
    const RulesOfTopics rules(context.image, context.settings);
    const Ballot ballot{context, rules, election, decision.records};
    for (const ElectLeadersRequest::TopicPartitions& asked : *request.topic_partitions) {
        ElectLeadersResponse::Topic& result = decision.response.replica_election_results.emplace_back();
        result.topic = std::string(asked.topic);
        const metadata::TopicImage* topic = context.image.topic(asked.topic);
        for (const int32_t index : asked.partitions) {
            if (topic != nullptr)
                add(result, index, elect(ballot, *topic, index));
            else
                add(result, index, {ErrorCode::unknown_topic_or_partition, "No such topic as " + result.topic});
        }
    }
    return decision;
}

}  // namespace milena::controller
