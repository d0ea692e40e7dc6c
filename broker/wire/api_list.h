// All APIs of the broker's listeners, once: whatever must exist per API (the ApiVersions answer, dispatch, names of
// metrics, tests) is derived from this list. Only constants. It includes every message: who only needs a name or the
// versions of a key includes api_info.h.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "wire/api_info.h"
#include "wire/messages/acls.h"
#include "wire/messages/auth.h"
#include "wire/messages/configs.h"
#include "wire/messages/consumer_groups.h"
#include "wire/messages/fetch.h"
#include "wire/messages/group_offsets.h"
#include "wire/messages/groups.h"
#include "wire/messages/log_dirs.h"
#include "wire/messages/metadata.h"
#include "wire/messages/offsets.h"
#include "wire/messages/produce.h"
#include "wire/messages/quorum.h"
#include "wire/messages/quotas.h"
#include "wire/messages/share_groups.h"
#include "wire/messages/share_state.h"
#include "wire/messages/streams_groups.h"
#include "wire/messages/telemetry.h"
#include "wire/messages/topics.h"
#include "wire/messages/txn.h"
#include "wire/schema.h"

namespace milena::wire {

template <class RequestType, class ResponseType>
struct RequestResponse {
    using Request = RequestType;
    using Response = ResponseType;

    static constexpr Api api = Request::api;
    // The name of the type without its namespace and without "Request".
    static constexpr std::string_view name = [] {
        std::string_view text = type_name<Request>();
        text.remove_suffix(std::string_view("Request").size());
        return text;
    }();
};

template <class... Entries>
struct ApiList {
    static constexpr size_t count = sizeof...(Entries);
    static constexpr std::array<ApiInfo, count> infos{ApiInfo{Entries::name, Entries::api}...};

    // visit.template operator()<Entry>() for each entry.
    template <class F>
    static constexpr void for_each(F&& visit) {
        (visit.template operator()<Entries>(), ...);
    }
};

// Ascending by key.
using Apis = ApiList<
    RequestResponse<ProduceRequest, ProduceResponse>, RequestResponse<FetchRequest, FetchResponse>,
    RequestResponse<ListOffsetsRequest, ListOffsetsResponse>, RequestResponse<MetadataRequest, MetadataResponse>,
    RequestResponse<OffsetCommitRequest, OffsetCommitResponse>,
    RequestResponse<OffsetFetchRequest, OffsetFetchResponse>,
    RequestResponse<FindCoordinatorRequest, FindCoordinatorResponse>,
    RequestResponse<JoinGroupRequest, JoinGroupResponse>, RequestResponse<HeartbeatRequest, HeartbeatResponse>,
    RequestResponse<LeaveGroupRequest, LeaveGroupResponse>, RequestResponse<SyncGroupRequest, SyncGroupResponse>,
    RequestResponse<DescribeGroupsRequest, DescribeGroupsResponse>,
    RequestResponse<ListGroupsRequest, ListGroupsResponse>,
    RequestResponse<SaslHandshakeRequest, SaslHandshakeResponse>,
    RequestResponse<ApiVersionsRequest, ApiVersionsResponse>,
    RequestResponse<CreateTopicsRequest, CreateTopicsResponse>,
    RequestResponse<DeleteTopicsRequest, DeleteTopicsResponse>,
    RequestResponse<DeleteRecordsRequest, DeleteRecordsResponse>,
    RequestResponse<InitProducerIdRequest, InitProducerIdResponse>,
    RequestResponse<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse>,
    RequestResponse<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse>,
    RequestResponse<AddOffsetsToTxnRequest, AddOffsetsToTxnResponse>, RequestResponse<EndTxnRequest, EndTxnResponse>,
    RequestResponse<WriteTxnMarkersRequest, WriteTxnMarkersResponse>,
    RequestResponse<TxnOffsetCommitRequest, TxnOffsetCommitResponse>,
    RequestResponse<DescribeAclsRequest, DescribeAclsResponse>, RequestResponse<CreateAclsRequest, CreateAclsResponse>,
    RequestResponse<DeleteAclsRequest, DeleteAclsResponse>,
    RequestResponse<DescribeConfigsRequest, DescribeConfigsResponse>,
    RequestResponse<AlterConfigsRequest, AlterConfigsResponse>,
    RequestResponse<AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse>,
    RequestResponse<DescribeLogDirsRequest, DescribeLogDirsResponse>,
    RequestResponse<SaslAuthenticateRequest, SaslAuthenticateResponse>,
    RequestResponse<CreatePartitionsRequest, CreatePartitionsResponse>,
    RequestResponse<CreateDelegationTokenRequest, CreateDelegationTokenResponse>,
    RequestResponse<RenewDelegationTokenRequest, RenewDelegationTokenResponse>,
    RequestResponse<ExpireDelegationTokenRequest, ExpireDelegationTokenResponse>,
    RequestResponse<DescribeDelegationTokenRequest, DescribeDelegationTokenResponse>,
    RequestResponse<DeleteGroupsRequest, DeleteGroupsResponse>,
    RequestResponse<ElectLeadersRequest, ElectLeadersResponse>,
    RequestResponse<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>,
    RequestResponse<AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse>,
    RequestResponse<ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse>,
    RequestResponse<OffsetDeleteRequest, OffsetDeleteResponse>,
    RequestResponse<DescribeClientQuotasRequest, DescribeClientQuotasResponse>,
    RequestResponse<AlterClientQuotasRequest, AlterClientQuotasResponse>,
    RequestResponse<DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse>,
    RequestResponse<AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse>,
    RequestResponse<DescribeQuorumRequest, DescribeQuorumResponse>,
    RequestResponse<UpdateFeaturesRequest, UpdateFeaturesResponse>,
    RequestResponse<DescribeClusterRequest, DescribeClusterResponse>,
    RequestResponse<DescribeProducersRequest, DescribeProducersResponse>,
    RequestResponse<UnregisterBrokerRequest, UnregisterBrokerResponse>,
    RequestResponse<DescribeTransactionsRequest, DescribeTransactionsResponse>,
    RequestResponse<ListTransactionsRequest, ListTransactionsResponse>,
    RequestResponse<ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse>,
    RequestResponse<ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse>,
    RequestResponse<GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse>,
    RequestResponse<PushTelemetryRequest, PushTelemetryResponse>,
    RequestResponse<ListConfigResourcesRequest, ListConfigResourcesResponse>,
    RequestResponse<DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse>,
    RequestResponse<ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse>,
    RequestResponse<ShareGroupDescribeRequest, ShareGroupDescribeResponse>,
    RequestResponse<ShareFetchRequest, ShareFetchResponse>,
    RequestResponse<ShareAcknowledgeRequest, ShareAcknowledgeResponse>,
    RequestResponse<AddRaftVoterRequest, AddRaftVoterResponse>,
    RequestResponse<RemoveRaftVoterRequest, RemoveRaftVoterResponse>,
    RequestResponse<InitializeShareGroupStateRequest, InitializeShareGroupStateResponse>,
    RequestResponse<ReadShareGroupStateRequest, ReadShareGroupStateResponse>,
    RequestResponse<WriteShareGroupStateRequest, WriteShareGroupStateResponse>,
    RequestResponse<DeleteShareGroupStateRequest, DeleteShareGroupStateResponse>,
    RequestResponse<ReadShareGroupStateSummaryRequest, ReadShareGroupStateSummaryResponse>,
    RequestResponse<StreamsGroupHeartbeatRequest, StreamsGroupHeartbeatResponse>,
    RequestResponse<StreamsGroupDescribeRequest, StreamsGroupDescribeResponse>,
    RequestResponse<DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse>,
    RequestResponse<AlterShareGroupOffsetsRequest, AlterShareGroupOffsetsResponse>,
    RequestResponse<DeleteShareGroupOffsetsRequest, DeleteShareGroupOffsetsResponse>>;

// How many pairs of API and version there are, without those that aren't final.
constexpr size_t stable_pair_count() {
    size_t count = 0;
    for (const ApiInfo& info : Apis::infos) count += static_cast<size_t>(info.api.stable - info.api.min) + 1;
    return count;
}
static_assert(Apis::count == 77 && stable_pair_count() == 277);

}  // namespace milena::wire
