#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "controller/broker_changes.h"
#include "controller/decide.h"
#include "controller/partition_change.h"
#include "settings/advertised.h"

namespace milena::controller {
namespace {

using wire::UnregisterBrokerRequest;
using wire::UnregisterBrokerResponse;

Decision<UnregisterBrokerResponse> not_unregistered(ErrorCode code, std::string message) {
    Decision<UnregisterBrokerResponse> decision;
    decision.response.error_code = code;
    decision.response.error_message = std::move(message);
    return decision;
}

// A broker that is gone for good is in sync with nothing. Who was the last in sync, or eligible, stays named: its data
// is the newest, should it ever return.
std::optional<PartitionTarget> without_broker(const metadata::PartitionImage& partition, NodeId broker) {
    if (!contains(partition.isr, broker) || partition.isr.size() == 1) return std::nullopt;
    return PartitionTarget::without(partition, broker);
}

}  // namespace

Decision<UnregisterBrokerResponse> decide(const Context& context, const UnregisterBrokerRequest& request) {
    const NodeId id(request.broker_id);
    const metadata::BrokerImage* broker = context.image.broker(id);
    const std::string name = "Broker ID " + std::to_string(request.broker_id);
    if (broker == nullptr)
        return not_unregistered(ErrorCode::broker_id_not_registered, name + " is not currently registered");
    // Kafka does it, and its broker is of no use until it is restarted.
    if (broker->is_active()) return not_unregistered(ErrorCode::invalid_request, name + " is running");
    Decision<UnregisterBrokerResponse> decision;
    change_partitions(
        context.image, context.settings,
        [&](const metadata::PartitionImage& partition) { return without_broker(partition, id); }, decision.records);
    // Another one that comes by this id begins anew, and elsewhere.
    for (const std::string_view setting : {placement_setting, settings::advertised_setting}) {
        if (!context.image.broker_config(id).contains(setting)) continue;
        decision.records.emplace_back(
            wire::ConfigRecord{.resource_type = static_cast<int8_t>(metadata::ConfigResourceType::broker),
                               .resource_name = std::to_string(id.value),
                               .name = std::string(setting),
                               .value = std::nullopt});
    }
    decision.records.emplace_back(
        wire::UnregisterBrokerRecord{.broker_id = request.broker_id, .broker_epoch = broker->epoch});
    return decision;
}

}  // namespace milena::controller
