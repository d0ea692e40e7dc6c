#include "admin/kafka_client.h"

#include <utility>

#include "admin/widest_topic.h"
#include "wire/messages/configs.h"
#include "wire/messages/metadata.h"
#include "wire/messages/quorum.h"
#include "wire/messages/topics.h"

namespace milena::admin {
namespace {

constexpr int8_t broker_resource = 4;  // of Kafka's ConfigResource.Type

Result<void, std::string> refused(ErrorCode error, const std::optional<std::string>& message) {
    if (error == ErrorCode::none) return {};
    return unexpected(text_of(error, message));
}

}  // namespace

KafkaClient::Outcome KafkaClient::order(const plan::AlterBrokerConfig& order) {
    wire::IncrementalAlterConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = broker_resource;
    resource.resource_name = "";  // of all brokers
    for (const auto& [key, value] : order.set) resource.configs.push_back({key, 0, value});
    for (const std::string& key : order.remove) resource.configs.push_back({key, 1, std::nullopt});
    ASSIGN_OR_RETURN(const auto response, ask<wire::IncrementalAlterConfigsResponse>(brokers_, request, 1));
    for (const auto& each : response.responses) RETURN_IF_ERROR(refused(each.error_code, each.error_message));
    return {};
}

KafkaClient::Outcome KafkaClient::order(const plan::UnregisterBroker& order) {
    wire::UnregisterBrokerRequest request;
    request.broker_id = static_cast<int32_t>(order.broker);
    ASSIGN_OR_RETURN(const auto response, ask<wire::UnregisterBrokerResponse>(brokers_, request, 0));
    if (response.error_code == ErrorCode::broker_id_not_registered) return {};
    return refused(response.error_code, response.error_message);
}

Result<plan::WidestTopic, std::string> KafkaClient::widest_topic() {
    wire::MetadataRequest request;
    request.topics = std::nullopt;
    request.allow_auto_topic_creation = false;
    ASSIGN_OR_RETURN(const auto cluster, ask<wire::MetadataResponse>(brokers_, request, 12));
    wire::ListPartitionReassignmentsRequest all;
    all.timeout_ms = server_timeout_ms;
    all.topics = std::nullopt;
    ASSIGN_OR_RETURN(const auto moves, ask<wire::ListPartitionReassignmentsResponse>(brokers_, all, 0));
    RETURN_IF_ERROR(refused(moves.error_code, moves.error_message));
    return widest_topic_of(cluster, moves);
}

}  // namespace milena::admin
