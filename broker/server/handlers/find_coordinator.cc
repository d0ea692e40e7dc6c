#include "server/controller_gate.h"
#include "server/handlers/ask_groups.h"
#include "server/handlers/cluster_view.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

using wire::FindCoordinatorRequest;
using wire::FindCoordinatorResponse;
using FindCall = CallPtr<FindCoordinatorRequest, FindCoordinatorResponse>;

constexpr int8_t group_key = 0;
constexpr int8_t transaction_key = 1;
constexpr wire::Version batched_since = 4;
constexpr std::string_view not_available = "The coordinator is not available.";
constexpr std::string_view unknown_type = "Nobody coordinates keys of this type.";

FindCoordinatorResponse::Coordinator nobody(std::string_view key, ErrorCode error, std::string_view message) {
    FindCoordinatorResponse::Coordinator coordinator;
    coordinator.key = std::string(key);
    coordinator.node_id = no_node.value;
    coordinator.port = -1;
    coordinator.error_code = error;
    coordinator.error_message = std::string(message);
    return coordinator;
}

FindCoordinatorResponse::Coordinator find(const FindCall& call, std::string_view key) {
    const int8_t key_type = call->request.key_type;
    if (key_type != group_key && key_type != transaction_key)
        return nobody(key, ErrorCode::invalid_request, unknown_type);
    const ClusterView view(call->context().image(), call->caller().listener());
    const auto partition_key = key_type == group_key ? GroupGate::partition_of(view.image(), key) : std::nullopt;
    const metadata::PartitionImage* partition =
        partition_key ? view.image().partition(partition_key->topic_id, partition_key->partition) : nullptr;
    const metadata::Endpoint* endpoint = partition == nullptr ? nullptr : view.reachable(partition->leader);
    if (endpoint == nullptr) return nobody(key, ErrorCode::coordinator_not_available, not_available);
    FindCoordinatorResponse::Coordinator coordinator;
    coordinator.key = std::string(key);
    coordinator.node_id = partition->leader.value;
    coordinator.host = endpoint->host;
    coordinator.port = endpoint->port;
    return coordinator;
}

void answer(const FindCall& call) {
    FindCoordinatorResponse response;
    if (call->version() >= batched_since) {
        for (const std::string_view key : at_most(answers_each_max, call->request.coordinator_keys)) {
            response.coordinators.push_back(find(call, key));
            response.coordinators.back().error_message = "";
        }
        return call->respond(response);
    }
    const FindCoordinatorResponse::Coordinator found = find(call, call->request.key);
    response.error_code = found.error_code;
    response.error_message =
        found.error_code == ErrorCode::none ? std::optional<std::string>("NONE") : found.error_message;
    response.node_id = found.node_id;
    response.host = found.host;
    response.port = found.port;
    call->respond(response);
}

}  // namespace

// Kafka answers COORDINATOR_NOT_AVAILABLE while it creates the topic, and the client asks again after a pause. We wait
// for it.
void find_coordinator(FindCall call) {
    if (call->caller().must_ask_elsewhere()) return call->close_connection(Caller::no_controller);
    Context& context = call->context();
    if (call->request.key_type != group_key || context.image().topic(group::offsets_topic) != nullptr)
        return answer(call);
    auto creation = std::make_shared<wire::CreateTopicsRequest>();
    creation->topics.push_back({.name = group::offsets_topic, .num_partitions = -1, .replication_factor = -1});
    context.controller.ask_as_client<wire::CreateTopicsRequest, wire::CreateTopicsResponse>(
        context.shard, creation, "", [call](const wire::CreateTopicsResponse&) { answer(call); });
}

}  // namespace milena::server::handlers
