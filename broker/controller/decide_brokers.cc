#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "controller/decide.h"
#include "controller/elr_safety.h"
#include "metadata/feature_levels.h"

namespace milena::controller {

namespace {

constexpr int32_t producer_ids_per_block = 1000;

}  // namespace

Result<const metadata::BrokerImage*> asking_broker(const metadata::Image& image, NodeId broker, int64_t broker_epoch) {
    const metadata::BrokerImage* registered = image.broker(broker);
    if (registered == nullptr) return unexpected(ErrorCode::broker_id_not_registered);
    if (broker_epoch != -1 && broker_epoch != registered->epoch) return unexpected(ErrorCode::stale_broker_epoch);
    return registered;
}

Decision<Result<ProducerIdBlock>> decide(const Context& context, const AllocateProducerIds& request) {
    const auto broker = asking_broker(context.image, request.broker, request.broker_epoch);
    if (!broker) return {.records = {}, .response = unexpected(broker.error())};
    const ProducerId first = std::max(context.image.producer_ids.next_producer_id, ProducerId(0));
    if (first.value > std::numeric_limits<int64_t>::max() - producer_ids_per_block)
        return {.records = {}, .response = unexpected(ErrorCode::unknown_server_error)};
    const ProducerId next = first + producer_ids_per_block;
    metadata::Records records;
    records.emplace_back(wire::ProducerIdsRecord{
        .broker_id = request.broker.value, .broker_epoch = (*broker)->epoch, .next_producer_id = next.value});
    return {.records = std::move(records), .response = ProducerIdBlock{first, producer_ids_per_block}};
}

metadata::Records decide_bootstrap(const metadata::Records& bootstrap, const settings::BrokerSettings& settings) {
    metadata::Records records = bootstrap;
    if (bootstrap.empty()) {
        for (const metadata::SupportedLevels& feature : metadata::supported_features()) {
            if (feature.level_new_cluster > 0)
                records.emplace_back(wire::FeatureLevelRecord{.name = std::string(feature.name),
                                                              .feature_level = feature.level_new_cluster});
        }
    }
    begin_elr_in(records, settings);
    return records;
}

}  // namespace milena::controller
