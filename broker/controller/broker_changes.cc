#include "controller/broker_changes.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace milena::controller {

metadata::Image with_broker(const metadata::Image& image, metadata::BrokerImage broker) {
    metadata::Image result = image;
    auto brokers = std::make_shared<std::map<NodeId, metadata::BrokerImage>>(*image.brokers);
    const NodeId id = broker.id;
    brokers->insert_or_assign(id, std::move(broker));
    result.brokers = std::move(brokers);
    return result;
}

bool leads_anything(const metadata::Image& image, NodeId broker) {
    return std::ranges::any_of(image.topics->by_id, [&](const auto& topic) {
        return std::ranges::any_of(topic->partitions,
                                   [&](const auto& partition) { return partition->leader == broker; });
    });
}

}  // namespace milena::controller
