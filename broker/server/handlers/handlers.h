// All request handlers: one file for each API or close family. How to add one: see dispatch.h. What an answer should
// be in which case is Kafka's (KafkaApis and the classes it calls, 4.3); where ours differs, the handler says why.
// Handlers keep nothing between requests. Shard of the connection.
#pragma once

#include <memory>

#include "server/call.h"
#include "wire/messages/acls.h"
#include "wire/messages/auth.h"
#include "wire/messages/configs.h"
#include "wire/messages/fetch.h"
#include "wire/messages/group_offsets.h"
#include "wire/messages/groups.h"
#include "wire/messages/log_dirs.h"
#include "wire/messages/metadata.h"
#include "wire/messages/offsets.h"
#include "wire/messages/produce.h"
#include "wire/messages/quorum.h"
#include "wire/messages/quotas.h"
#include "wire/messages/telemetry.h"
#include "wire/messages/topics.h"
#include "wire/messages/txn.h"

namespace milena::server::handlers {

template <class Request, class Response>
using CallPtr = std::shared_ptr<Call<Request, Response>>;

// Who reads without being a replica, and the isolation level of who reads nothing that may still be aborted.
inline constexpr int32_t consumer = -1;
inline constexpr int8_t read_committed = 1;

// What the broker is
wire::ApiVersionsResponse api_versions(const wire::ApiVersionsRequest& request, const Caller& caller);
void refuse_api_versions(const Caller& caller);  // of an unknown version
wire::DescribeClusterResponse describe_cluster(const wire::DescribeClusterRequest& request, const Caller& caller);

// Topics, as the metadata image shows them
void metadata(CallPtr<wire::MetadataRequest, wire::MetadataResponse> call);
wire::DescribeTopicPartitionsResponse describe_topic_partitions(const wire::DescribeTopicPartitionsRequest& request,
                                                                const Caller& caller);

// Partitions, on the shards that own them
void produce(CallPtr<wire::ProduceRequest, wire::ProduceResponse> call);
void fetch(CallPtr<wire::FetchRequest, wire::FetchResponse> call);
void init_producer_id(CallPtr<wire::InitProducerIdRequest, wire::InitProducerIdResponse> call);
void list_offsets(CallPtr<wire::ListOffsetsRequest, wire::ListOffsetsResponse> call);
void offset_for_leader_epoch(CallPtr<wire::OffsetForLeaderEpochRequest, wire::OffsetForLeaderEpochResponse> call);
void delete_records(CallPtr<wire::DeleteRecordsRequest, wire::DeleteRecordsResponse> call);
void describe_producers(CallPtr<wire::DescribeProducersRequest, wire::DescribeProducersResponse> call);
void alter_replica_log_dirs(CallPtr<wire::AlterReplicaLogDirsRequest, wire::AlterReplicaLogDirsResponse> call);
void describe_log_dirs(CallPtr<wire::DescribeLogDirsRequest, wire::DescribeLogDirsResponse> call);

// Groups, on the shards of their coordinators
void find_coordinator(CallPtr<wire::FindCoordinatorRequest, wire::FindCoordinatorResponse> call);
void join_group(CallPtr<wire::JoinGroupRequest, wire::JoinGroupResponse> call);
void sync_group(CallPtr<wire::SyncGroupRequest, wire::SyncGroupResponse> call);
void heartbeat(CallPtr<wire::HeartbeatRequest, wire::HeartbeatResponse> call);
void leave_group(CallPtr<wire::LeaveGroupRequest, wire::LeaveGroupResponse> call);
void offset_commit(CallPtr<wire::OffsetCommitRequest, wire::OffsetCommitResponse> call);
void offset_fetch(CallPtr<wire::OffsetFetchRequest, wire::OffsetFetchResponse> call);
void offset_delete(CallPtr<wire::OffsetDeleteRequest, wire::OffsetDeleteResponse> call);
void list_groups(CallPtr<wire::ListGroupsRequest, wire::ListGroupsResponse> call);
void describe_groups(CallPtr<wire::DescribeGroupsRequest, wire::DescribeGroupsResponse> call);
void delete_groups(CallPtr<wire::DeleteGroupsRequest, wire::DeleteGroupsResponse> call);

// Settings
void describe_configs(CallPtr<wire::DescribeConfigsRequest, wire::DescribeConfigsResponse> call);
wire::ListConfigResourcesResponse list_config_resources(const wire::ListConfigResourcesRequest& request,
                                                        const Caller& caller);
wire::DescribeClientQuotasResponse describe_client_quotas(const wire::DescribeClientQuotasRequest& request,
                                                          const Caller& caller);

// Changes of the cluster, by the controller
void create_topics(CallPtr<wire::CreateTopicsRequest, wire::CreateTopicsResponse> call);
// What a client's request needs besides, within the client's quota of changes. done on the caller's shard, which may be
// gone by then unless done keeps it.
void create_for(const Caller& caller, std::shared_ptr<wire::CreateTopicsRequest> request,
                std::function<void(wire::CreateTopicsResponse)> done);
void delete_topics(CallPtr<wire::DeleteTopicsRequest, wire::DeleteTopicsResponse> call);
void create_partitions(CallPtr<wire::CreatePartitionsRequest, wire::CreatePartitionsResponse> call);
void alter_configs(CallPtr<wire::AlterConfigsRequest, wire::AlterConfigsResponse> call);
void incremental_alter_configs(
    CallPtr<wire::IncrementalAlterConfigsRequest, wire::IncrementalAlterConfigsResponse> call);
void alter_user_scram_credentials(
    CallPtr<wire::AlterUserScramCredentialsRequest, wire::AlterUserScramCredentialsResponse> call);
void update_features(CallPtr<wire::UpdateFeaturesRequest, wire::UpdateFeaturesResponse> call);
void elect_leaders(CallPtr<wire::ElectLeadersRequest, wire::ElectLeadersResponse> call);
void alter_partition_reassignments(
    CallPtr<wire::AlterPartitionReassignmentsRequest, wire::AlterPartitionReassignmentsResponse> call);
void unregister_broker(CallPtr<wire::UnregisterBrokerRequest, wire::UnregisterBrokerResponse> call);
wire::ListPartitionReassignmentsResponse list_partition_reassignments(
    const wire::ListPartitionReassignmentsRequest& request, const Caller& caller);
void describe_quorum(CallPtr<wire::DescribeQuorumRequest, wire::DescribeQuorumResponse> call);
void add_raft_voter(CallPtr<wire::AddRaftVoterRequest, wire::AddRaftVoterResponse> call);
void remove_raft_voter(CallPtr<wire::RemoveRaftVoterRequest, wire::RemoveRaftVoterResponse> call);

// What clients tell of themselves, on the first shard
void telemetry_subscriptions(
    CallPtr<wire::GetTelemetrySubscriptionsRequest, wire::GetTelemetrySubscriptionsResponse> call);
void push_telemetry(CallPtr<wire::PushTelemetryRequest, wire::PushTelemetryResponse> call);

// Who may do what: nobody is told apart yet
void describe_acls(CallPtr<wire::DescribeAclsRequest, wire::DescribeAclsResponse> call);
void create_acls(CallPtr<wire::CreateAclsRequest, wire::CreateAclsResponse> call);
void delete_acls(CallPtr<wire::DeleteAclsRequest, wire::DeleteAclsResponse> call);
wire::DescribeUserScramCredentialsResponse describe_user_scram_credentials(
    const wire::DescribeUserScramCredentialsRequest& request, const Caller& caller);
wire::CreateDelegationTokenResponse create_delegation_token(const wire::CreateDelegationTokenRequest& request,
                                                            const Caller& caller);
wire::RenewDelegationTokenResponse renew_delegation_token(const wire::RenewDelegationTokenRequest& request,
                                                          const Caller& caller);
wire::ExpireDelegationTokenResponse expire_delegation_token(const wire::ExpireDelegationTokenRequest& request,
                                                            const Caller& caller);
wire::DescribeDelegationTokenResponse describe_delegation_token(const wire::DescribeDelegationTokenRequest& request,
                                                                const Caller& caller);
void alter_client_quotas(CallPtr<wire::AlterClientQuotasRequest, wire::AlterClientQuotasResponse> call);

}  // namespace milena::server::handlers
