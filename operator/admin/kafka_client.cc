#include "admin/kafka_client.h"

#include <chrono>
#include <utility>

#include "env/posix/broker_connection.h"
#include "wire/client/ask.h"
#include "wire/messages/configs.h"
#include "wire/messages/metadata.h"
#include "wire/messages/quorum.h"
#include "wire/messages/topics.h"

namespace milena::admin {
namespace {

constexpr std::chrono::seconds patience(5);
constexpr int32_t server_timeout_ms = 4000;
constexpr int8_t topic_resource = 2, broker_resource = 4;  // of Kafka's ConfigResource.Type

template <class T>
using Said = Result<T, std::string>;

Said<void> refused(ErrorCode error, const std::optional<std::string>& message) {
    if (error == ErrorCode::none) return {};
    return unexpected(std::string(error_name(error)) + (message ? ": " + *message : std::string()));
}

}  // namespace

template <class Response, class Request>
Said<Response> KafkaClient::ask(const Request& request, int16_t version) {
    std::string why = "no broker has an address yet";
    for (const HostPort& at : brokers_) {
        const std::string where = at.host + ":" + std::to_string(at.port) + ": ";
        const auto connection = env::BrokerConnection::open(at.host, std::to_string(at.port), {patience, patience});
        if (!connection) {
            why = where + connection.error();
            continue;
        }
        auto response = wire::ask<Response>(*connection, request, version, "milena-operator");
        if (response) return response;
        why = where + response.error();
    }
    return unexpected(std::move(why));
}

Said<void> KafkaClient::alter(int8_t resource_type, const std::string& name,
                              const std::map<std::string, std::string>& set, const std::vector<std::string>& remove) {
    wire::IncrementalAlterConfigsRequest request;
    auto& resource = request.resources.emplace_back();
    resource.resource_type = resource_type;
    resource.resource_name = name;
    for (const auto& [key, value] : set) resource.configs.push_back({key, 0, value});
    for (const std::string& key : remove) resource.configs.push_back({key, 1, std::nullopt});
    ASSIGN_OR_RETURN(const auto response, ask<wire::IncrementalAlterConfigsResponse>(request, 1));
    for (const auto& each : response.responses) RETURN_IF_ERROR(refused(each.error_code, each.error_message));
    return {};
}

// The empty name: of all brokers.
Said<void> KafkaClient::order(const plan::AlterBrokerConfig& order) {
    return alter(broker_resource, "", order.set, order.remove);
}

Said<void> KafkaClient::order(const plan::AlterTopicConfig& order) {
    return alter(topic_resource, order.name, order.set, order.remove);
}

Said<void> KafkaClient::order(const plan::UnregisterBroker& order) {
    wire::UnregisterBrokerRequest request;
    request.broker_id = static_cast<int32_t>(order.broker);
    ASSIGN_OR_RETURN(const auto response, ask<wire::UnregisterBrokerResponse>(request, 0));
    if (response.error_code == ErrorCode::broker_id_not_registered) return {};
    return refused(response.error_code, response.error_message);
}

// One that is there by now was made by us, with the answer lost, or will be met by the next plan.
Said<void> KafkaClient::order(const plan::CreateTopic& order) {
    wire::CreateTopicsRequest request;
    request.timeout_ms = server_timeout_ms;
    auto& topic = request.topics.emplace_back();
    topic.name = order.name;
    topic.num_partitions = static_cast<int32_t>(order.partitions);
    topic.replication_factor = static_cast<int16_t>(order.replication_factor.value_or(-1));
    for (const auto& [key, value] : order.config) topic.configs.push_back({key, value});
    ASSIGN_OR_RETURN(const auto response, ask<wire::CreateTopicsResponse>(request, 7));
    for (const auto& each : response.topics)
        if (each.error_code != ErrorCode::topic_already_exists)
            RETURN_IF_ERROR(refused(each.error_code, each.error_message));
    return {};
}

Said<void> KafkaClient::order(const plan::DeleteTopic& order) {
    const auto id = Uuid::parse(order.id);
    if (!id) return unexpected("\"" + order.id + "\" is no topic id");
    wire::DeleteTopicsRequest request;
    request.timeout_ms = server_timeout_ms;
    request.topics.push_back({std::nullopt, *id});
    ASSIGN_OR_RETURN(const auto response, ask<wire::DeleteTopicsResponse>(request, 6));
    for (const auto& each : response.responses)
        if (each.error_code != ErrorCode::unknown_topic_id)
            RETURN_IF_ERROR(refused(each.error_code, each.error_message));
    return {};
}

Said<void> KafkaClient::order(const plan::CreatePartitions& order) {
    wire::CreatePartitionsRequest request;
    request.timeout_ms = server_timeout_ms;
    request.topics.push_back({order.name, static_cast<int32_t>(order.count), std::nullopt});
    ASSIGN_OR_RETURN(const auto response, ask<wire::CreatePartitionsResponse>(request, 3));
    for (const auto& each : response.results) RETURN_IF_ERROR(refused(each.error_code, each.error_message));
    return {};
}

Said<void> KafkaClient::order(const plan::Reassign& order) {
    wire::AlterPartitionReassignmentsRequest request;
    request.timeout_ms = server_timeout_ms;
    auto& topic = request.topics.emplace_back();
    topic.name = order.name;
    for (const auto& [partition, replicas] : order.replicas) {
        std::vector<int32_t> brokers;
        for (const int64_t broker : replicas) brokers.push_back(static_cast<int32_t>(broker));
        topic.partitions.push_back({static_cast<int32_t>(partition), std::move(brokers)});
    }
    ASSIGN_OR_RETURN(const auto response, ask<wire::AlterPartitionReassignmentsResponse>(request, 1));
    RETURN_IF_ERROR(refused(response.error_code, response.error_message));
    for (const auto& each : response.responses)
        for (const auto& partition : each.partitions)
            RETURN_IF_ERROR(refused(partition.error_code, partition.error_message));
    return {};
}

Said<plan::WidestTopic> KafkaClient::widest_topic() {
    wire::MetadataRequest request;
    request.topics = std::nullopt;
    request.allow_auto_topic_creation = false;
    ASSIGN_OR_RETURN(const auto response, ask<wire::MetadataResponse>(request, 12));
    plan::WidestTopic widest;
    for (const auto& topic : response.topics)
        for (const auto& partition : topic.partitions)
            if (const auto count = static_cast<int64_t>(partition.replica_nodes.size());
                count > widest.replication_factor)
                widest = {topic.name.value_or(""), count};
    return widest;
}

}  // namespace milena::admin
