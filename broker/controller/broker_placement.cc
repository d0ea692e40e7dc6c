#include "controller/broker_placement.h"

#include <algorithm>
#include <array>

#include "controller/decide.h"

namespace milena::controller {
namespace {

constexpr std::array<std::string_view, 3> names{"open", "cordoned", "draining"};

}  // namespace

std::string_view placement_name(BrokerPlacement placement) { return names[static_cast<size_t>(placement)]; }

BrokerPlacement placement_of(const metadata::Image& image, NodeId broker) {
    const metadata::Texts& config = image.broker_config(broker);
    const auto at = config.find(std::string(placement_setting));
    if (at == config.end()) return BrokerPlacement::open;
    const auto name = std::ranges::find(names, at->second);
    return name == names.end() ? BrokerPlacement::open : static_cast<BrokerPlacement>(name - names.begin());
}

std::set<NodeId> draining_brokers(const metadata::Image& image) {
    std::set<NodeId> draining;
    for (const auto& [id, broker] : *image.brokers)
        if (placement_of(image, id) == BrokerPlacement::draining) draining.insert(id);
    return draining;
}

bool takes_replicas(const metadata::Image& image, const metadata::BrokerImage& broker) {
    return broker.has_uncordoned_directory() && placement_of(image, broker.id) == BrokerPlacement::open;
}

Decision<Result<void>> decide(const Context& context, const PlaceOnBroker& request) {
    Decision<Result<void>> decision;
    if (context.image.broker(request.broker) == nullptr) {
        decision.response = unexpected(ErrorCode::broker_id_not_registered);
        return decision;
    }
    if (placement_of(context.image, request.broker) == request.placement) return decision;
    wire::ConfigRecord record;
    record.resource_type = static_cast<int8_t>(metadata::ConfigResourceType::broker);
    record.resource_name = std::to_string(request.broker.value);
    record.name = placement_setting;
    if (request.placement != BrokerPlacement::open) record.value = std::string(placement_name(request.placement));
    decision.records.emplace_back(std::move(record));
    return decision;
}

}  // namespace milena::controller
