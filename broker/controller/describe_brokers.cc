#include "controller/describe_brokers.h"

#include <algorithm>
#include <map>

#include "controller/feature_range.h"
#include "metadata/feature_levels.h"

namespace milena::controller {

namespace {

void weigh(const metadata::Image& image, const Weights& weights, std::map<NodeId, BrokerOverview>& overviews) {
    for (auto& [id, overview] : overviews) overview.stored_bytes = overview.bytes_in_per_second = 0;
    for (const auto& topic : image.topics->by_id) {
        for (size_t i = 0; i < topic->partitions.size(); ++i) {
            const PartitionWeight weight = weights.of(topic->id, PartitionIndex(static_cast<int32_t>(i)));
            for (const NodeId node : topic->partitions[i]->replicas)
                if (const auto at = overviews.find(node); at != overviews.end())
                    *at->second.stored_bytes += weight.bytes;
            if (const auto at = overviews.find(topic->partitions[i]->leader); at != overviews.end())
                *at->second.bytes_in_per_second += weight.bytes_in_per_second;
        }
    }
}

}  // namespace

std::vector<BrokerOverview> describe_brokers(const metadata::Image& image, const Weights& weights,
                                             std::string_view listener) {
    std::map<NodeId, BrokerOverview> overviews;
    for (const auto& [id, broker] : *image.brokers) {
        BrokerOverview& overview = overviews[id];
        overview.id = id;
        overview.state = state_of(broker);
        overview.placement = placement_of(image, id);
        overview.rack = broker.rack.value_or("");
        const metadata::Endpoint* at = broker.endpoint(listener);
        if (at == nullptr) continue;
        overview.host = at->host;
        overview.port = at->port;
    }
    for (const auto& topic : image.topics->by_id) {
        for (const auto& partition : topic->partitions) {
            for (const NodeId node : partition->replicas)
                if (const auto at = overviews.find(node); at != overviews.end()) ++at->second.replicas;
            if (const auto at = overviews.find(partition->leader); at != overviews.end()) ++at->second.leaders;
        }
    }
    if (weights.unheard(image).empty()) weigh(image, weights, overviews);
    std::vector<BrokerOverview> result;
    for (auto& [id, overview] : overviews) result.push_back(std::move(overview));
    return result;
}

std::vector<FeatureOverview> describe_features(const metadata::Image& image) {
    std::vector<FeatureOverview> result;
    for (const metadata::SupportedLevels& supported : metadata::supported_features()) {
        FeatureOverview feature{std::string(supported.name), supported.level_min, supported.level_max,
                                metadata::feature_level(*image.features, supported.name)};
        for (const auto& [id, broker] : *image.brokers) {
            const auto its = feature_range(broker.features, feature.name);
            feature.level_min = std::max(feature.level_min, its.level_min);
            feature.level_max = std::min(feature.level_max, its.level_max);
        }
        result.push_back(std::move(feature));
    }
    return result;
}

}  // namespace milena::controller
