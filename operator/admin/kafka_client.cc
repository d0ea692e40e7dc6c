#include "admin/kafka_client.h"

#include <utility>

#include "admin/kafka_requests.h"
#include "admin/widest_topic.h"
#include "wire/messages/quorum.h"

namespace milena::admin {
namespace {

Result<void, std::string> refused(ErrorCode error, const std::optional<std::string>& message) {
    if (error == ErrorCode::none) return {};
    return unexpected(error_text(error, message));
}

}  // namespace

KafkaClient::Outcome KafkaClient::order(const plan::AlterBrokerConfig& order) {
    wire::IncrementalAlterConfigsRequest request;
    const std::string all_brokers;
    add_alterations(request, broker_resource, all_brokers, order.set, order.remove);
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
    ASSIGN_OR_RETURN(const auto cluster, ask_for_all(brokers_));
    ASSIGN_OR_RETURN(const auto moves, ask_for_moves(brokers_));
    return widest_topic_of(cluster, moves);
}

}  // namespace milena::admin
