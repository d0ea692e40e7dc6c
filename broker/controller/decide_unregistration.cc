#include <algorithm>
#include <utility>

#include "controller/decide.h"
#include "controller/partition_change.h"

namespace milena::controller {
namespace {

using Request = wire::UnregisterBrokerRequest;
using Response = wire::UnregisterBrokerResponse;

Decision<Response> refused(ErrorCode code, std::string message) {
    Decision<Response> decision;
    decision.response.error_code = code;
    decision.response.error_message = std::move(message);
    return decision;
}

// A broker that is gone for good is in sync with nothing. The last one that was stays named: its data is the newest.
std::optional<wire::PartitionChangeRecord> without_broker(const metadata::Image& image,
                                                          const metadata::PartitionImage& partition, NodeId broker) {
    if (std::ranges::find(partition.isr, broker) == partition.isr.end()) return std::nullopt;
    PartitionTarget target = PartitionTarget::same_as(partition);
    std::erase(target.isr, broker);
    if (target.isr.empty()) return std::nullopt;
    return change_partition(image, partition, std::move(target), Election::online);
}

}  // namespace

Decision<Response> decide(const Context& context, const Request& request) {
    const NodeId id(request.broker_id);
    const metadata::BrokerImage* broker = context.image.broker(id);
    const std::string name = "Broker ID " + std::to_string(request.broker_id);
    if (broker == nullptr) return refused(ErrorCode::broker_id_not_registered, name + " is not currently registered");
    // Kafka does it, and its broker is of no use until it is restarted.
    if (broker->is_active()) return refused(ErrorCode::invalid_request, name + " is running");
    Decision<Response> decision;
    for (const auto& topic : context.image.topics->by_name) {
        for (size_t i = 0; i < topic->partitions.size(); ++i) {
            auto change = without_broker(context.image, *topic->partitions[i], id);
            if (!change) continue;
            change->topic_id = topic->id;
            change->partition_id = static_cast<int32_t>(i);
            decision.records.emplace_back(std::move(*change));
        }
    }
    decision.records.emplace_back(
        wire::UnregisterBrokerRecord{.broker_id = request.broker_id, .broker_epoch = broker->epoch});
    return decision;
}

}  // namespace milena::controller
