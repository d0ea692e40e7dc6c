#include "controller/describe_quorum.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "raft/raft_log.h"

namespace milena::controller {
namespace {

using wire::DescribeQuorumRequest;
using wire::DescribeQuorumResponse;

DescribeQuorumResponse refused(const DescribeQuorumRequest& request, ErrorCode code, std::string_view why) {
    DescribeQuorumResponse response;
    response.error_message.emplace();
    for (const DescribeQuorumRequest::Topic& topic : request.topics) {
        DescribeQuorumResponse::Topic& result = response.topics.emplace_back();
        result.topic_name = std::string(topic.topic_name);
        for (const DescribeQuorumRequest::Partition& partition : topic.partitions) {
            DescribeQuorumResponse::Partition& refused = result.partitions.emplace_back();
            refused.partition_index = partition.partition_index;
            refused.error_code = code;
            refused.error_message.emplace(std::string(why));
        }
    }
    return response;
}

DescribeQuorumResponse::Node node(const raft::Voter& voter) {
    DescribeQuorumResponse::Node result{.node_id = voter.id.value};
    for (const raft::VoterEndpoint& endpoint : voter.endpoints)
        result.listeners.push_back({.name = endpoint.name, .host = endpoint.host, .port = endpoint.port});
    return result;
}

// Who hasn't fetched from this leader yet has no times.
DescribeQuorumResponse::ReplicaState state_of(const raft::ReplicaProgress& replica, const Uuid& directory_id) {
    DescribeQuorumResponse::ReplicaState state;
    state.replica_id = replica.id.value;
    state.replica_directory_id = directory_id;
    state.log_end_offset = replica.end_offset.value;
    state.last_fetch_timestamp = replica.last_fetch.value;
    state.last_caught_up_timestamp = replica.last_caught_up.value;
    return state;
}

}  // namespace

DescribeQuorumResponse describe_quorum(const raft::Raft& raft, const DescribeQuorumRequest& request) {
    const bool is_asked_alone =
        request.topics.size() == 1 && request.topics.front().topic_name == raft::metadata_topic &&
        request.topics.front().partitions.size() == 1 && request.topics.front().partitions.front().partition_index == 0;
    if (!is_asked_alone)
        return refused(request, ErrorCode::unknown_topic_or_partition,
                       "This server does not host this topic-partition.");
    // Only the leader knows where the others are.
    if (raft.role() != raft::Role::leader)
        return refused(request, ErrorCode::not_leader_or_follower,
                       "For requests intended only for the leader, this error indicates that the broker is not the "
                       "current leader. For requests intended for any replica, this error indicates that the broker is "
                       "not a replica of the topic partition.");
    DescribeQuorumResponse response;
    response.error_message.emplace();
    DescribeQuorumResponse::Topic& topic = response.topics.emplace_back();
    topic.topic_name = std::string(raft::metadata_topic);
    DescribeQuorumResponse::Partition& partition = topic.partitions.emplace_back();
    partition.error_message.emplace();
    partition.leader_id = raft.leader().value;
    partition.leader_epoch = raft.epoch().value;
    partition.high_watermark = raft.high_watermark().value;
    const std::vector<raft::ReplicaProgress> replicas = raft.replicas();
    for (const auto& [id, voter] : raft.voters()) {
        raft::ReplicaProgress newest{.id = id};
        for (const raft::ReplicaProgress& replica : replicas)
            if (voter.is({replica.id, replica.directory_id}) && replica.last_fetch > newest.last_fetch)
                newest = replica;
        partition.current_voters.push_back(state_of(newest, voter.directory_id));
        response.nodes.push_back(node(voter));
    }
    for (const raft::ReplicaProgress& replica : replicas)
        if (!raft.voters().contains({replica.id, replica.directory_id}))
            partition.observers.push_back(state_of(replica, replica.directory_id));
    return response;
}

}  // namespace milena::controller
