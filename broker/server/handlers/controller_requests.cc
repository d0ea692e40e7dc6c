// The APIs that change the cluster: they are decided by the controller, and answered once every shard has the result.
#include "server/controller_gate.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

template <class Request, class Response>
void ask_controller(const CallPtr<Request, Response>& call) {
    // The request lives in the call, which lives until it is answered.
    std::shared_ptr<const Request> request(call, &call->request);
    call->context().controller.template submit<Request, Response>(
        call->context().shard, std::move(request), [call](Response response) { call->respond(response); });
}

}  // namespace

void create_topics(CallPtr<wire::CreateTopicsRequest, wire::CreateTopicsResponse> call) { ask_controller(call); }
void delete_topics(CallPtr<wire::DeleteTopicsRequest, wire::DeleteTopicsResponse> call) { ask_controller(call); }
void create_partitions(CallPtr<wire::CreatePartitionsRequest, wire::CreatePartitionsResponse> call) {
    ask_controller(call);
}
void alter_configs(CallPtr<wire::AlterConfigsRequest, wire::AlterConfigsResponse> call) { ask_controller(call); }
void incremental_alter_configs(
    CallPtr<wire::IncrementalAlterConfigsRequest, wire::IncrementalAlterConfigsResponse> call) {
    ask_controller(call);
}
void alter_user_scram_credentials(
    CallPtr<wire::AlterUserScramCredentialsRequest, wire::AlterUserScramCredentialsResponse> call) {
    ask_controller(call);
}
void update_features(CallPtr<wire::UpdateFeaturesRequest, wire::UpdateFeaturesResponse> call) { ask_controller(call); }
void elect_leaders(CallPtr<wire::ElectLeadersRequest, wire::ElectLeadersResponse> call) { ask_controller(call); }
void alter_partition_reassignments(
    CallPtr<wire::AlterPartitionReassignmentsRequest, wire::AlterPartitionReassignmentsResponse> call) {
    ask_controller(call);
}
void unregister_broker(CallPtr<wire::UnregisterBrokerRequest, wire::UnregisterBrokerResponse> call) {
    ask_controller(call);
}

}  // namespace milena::server::handlers
