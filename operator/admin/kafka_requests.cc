#include "admin/kafka_requests.h"

namespace milena::admin {
namespace {

// Of Kafka's AlterConfigOp.OpType.
constexpr int8_t set_operation = 0;
constexpr int8_t delete_operation = 1;

}  // namespace

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
