#include "admin/kafka_requests.h"

namespace milena::admin {
namespace {

// Of Kafka's AlterConfigOp.OpType.
constexpr int8_t set_operation = 0;
constexpr int8_t delete_operation = 1;

bool is_final(ErrorCode error) {
    switch (error) {
        case ErrorCode::invalid_topic_exception:
        case ErrorCode::invalid_partitions:
        case ErrorCode::invalid_replication_factor:
        case ErrorCode::invalid_replica_assignment:
        case ErrorCode::invalid_config:
        case ErrorCode::invalid_request:
        case ErrorCode::policy_violation:
        case ErrorCode::topic_authorization_failed:
        case ErrorCode::cluster_authorization_failed: return true;
        default: return false;
    }
}

}  // namespace

Result<void, Refusal> outcome_of(ErrorCode error, const std::optional<std::string>& message) {
    if (error == ErrorCode::none) return {};
    return unexpected(Refusal{error_text(error, message), is_final(error)});
}

Result<wire::MetadataResponse, std::string> ask_for_all(const std::vector<BrokerAddress>& brokers) {
    wire::MetadataRequest request;
    request.topics = std::nullopt;
    request.allow_auto_topic_creation = false;
    return ask<wire::MetadataResponse>(brokers, request, 12);
}

Result<wire::ListPartitionReassignmentsResponse, std::string> ask_for_moves(const std::vector<BrokerAddress>& brokers) {
    wire::ListPartitionReassignmentsRequest request;
    request.timeout_ms = server_timeout_ms;
    request.topics = std::nullopt;
    auto moves = ask<wire::ListPartitionReassignmentsResponse>(brokers, request, 0);
    if (moves && moves->error_code != ErrorCode::none)
        return unexpected(error_text(moves->error_code, moves->error_message));
    return moves;
}

void add_alterations(wire::IncrementalAlterConfigsRequest& request, int8_t type, const std::string& name,
                     const std::map<std::string, std::string>& set, const std::vector<std::string>& remove) {
    auto& resource = request.resources.emplace_back();
    resource.resource_type = type;
    resource.resource_name = name;
    for (const auto& [key, value] : set) resource.configs.push_back({key, set_operation, value});
    for (const std::string& key : remove) resource.configs.push_back({key, delete_operation, std::nullopt});
}

}  // namespace milena::admin
