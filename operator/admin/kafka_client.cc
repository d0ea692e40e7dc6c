#include "admin/kafka_client.h"

#include <utility>

#include "admin/kafka_requests.h"
#include "admin/widest_topic.h"
#include "wire/messages/quorum.h"

namespace milena::admin {
namespace {

using Brokers = std::vector<BrokerAddress>;

KafkaClient::Outcome alter_brokers(const Brokers& brokers, const plan::AlterBrokerConfig& order, bool validate_only) {
    wire::IncrementalAlterConfigsRequest request;
    const std::string all_or_one = order.broker ? std::to_string(*order.broker) : "";
    add_alterations(request, broker_resource, all_or_one, order.set, order.remove);
    request.validate_only = validate_only;
    const auto response = ask<wire::IncrementalAlterConfigsResponse>(brokers, request, 1);
    if (!response) return unexpected(Refusal{response.error()});
    for (const auto& each : response->responses) RETURN_IF_ERROR(outcome_of(each.error_code, each.error_message));
    return {};
}

}  // namespace

KafkaClient::Outcome KafkaClient::order(const plan::AlterBrokerConfig& order) {
    return alter_brokers(brokers_, order, false);
}

KafkaClient::Outcome KafkaClient::order(const plan::UnregisterBroker& order) {
    wire::UnregisterBrokerRequest request;
    request.broker_id = static_cast<int32_t>(order.broker);
    const auto response = ask<wire::UnregisterBrokerResponse>(brokers_, request, 0);
    if (!response) return unexpected(Refusal{response.error()});
    if (response->error_code == ErrorCode::broker_id_not_registered) return {};
    return outcome_of(response->error_code, response->error_message);
}

// All at once, as they will be set; only if that is refused each alone, to find the one that is at fault.
Result<KafkaClient::Settings, std::string> KafkaClient::refused_settings(const Settings& settings) {
    Settings refused;
    const Outcome all = alter_brokers(brokers_, {settings, {}}, true);
    if (all) return refused;
    if (!all.error().is_final) return unexpected(all.error().text);
    for (const auto& [name, value] : settings) {
        const Outcome one = alter_brokers(brokers_, {{{name, value}}, {}}, true);
        if (!one && !one.error().is_final) return unexpected(one.error().text);
        if (!one) refused[name] = one.error().text;
    }
    if (refused.empty())
        for (const auto& [name, value] : settings) refused[name] = all.error().text;
    return refused;
}

Result<plan::WidestTopic, std::string> KafkaClient::widest_topic() {
    ASSIGN_OR_RETURN(const auto cluster, ask_for_all(brokers_));
    ASSIGN_OR_RETURN(const auto moves, ask_for_moves(brokers_));
    return widest_topic_of(cluster, moves);
}

}  // namespace milena::admin
