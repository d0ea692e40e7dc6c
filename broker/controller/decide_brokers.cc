#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "controller/decide.h"
#include "metadata/feature_levels.h"

namespace milena::controller {

namespace {

constexpr int32_t producer_ids_per_block = 1000;

template <class Range>
bool contains(const Range& range, const typename Range::value_type& value) {
    return std::ranges::find(range, value) != range.end();
}

wire::RegisterBrokerRecord registration_record(const Context& context, const BrokerRegistration& registration) {
    wire::RegisterBrokerRecord record;
    record.broker_id = registration.id.value;
    record.incarnation_id = registration.incarnation_id;
    record.broker_epoch = context.next_offset.value;
    for (const metadata::Endpoint& e : registration.endpoints)
        record.end_points.push_back({e.name, e.host, e.port, settings::protocol_number(e.security_protocol)});
    for (const metadata::SupportedLevels& feature : metadata::supported_features())
        record.features.push_back({std::string(feature.name), feature.level_min, feature.level_max});
    record.rack = registration.rack;
    record.fenced = false;
    record.log_dirs = registration.directories;
    if (metadata::knows_cordoned_directories(*context.image.features))
        record.cordoned_log_dirs.emplace(registration.cordoned_directories);
    return record;
}

// A replica whose directory didn't come back can't be served: with its data the broker has lost its say.
bool is_directory_there(const metadata::PartitionImage& partition, const BrokerRegistration& registration) {
    const Uuid directory = partition.directory_of(registration.id);
    if (directory == metadata::lost_directory) return false;
    return directory.is_reserved() || contains(registration.directories, directory);
}

// May lead: in sync, eligible, or the last one known to have been when all others are gone (KIP-966).
bool is_eligible(const metadata::PartitionImage& partition, NodeId node) {
    if (contains(partition.isr, node) || contains(partition.elr, node)) return true;
    return partition.isr.empty() && partition.elr.empty() && contains(partition.last_known_elr, node);
}

bool leader_is_alive(const metadata::Image& image, const metadata::PartitionImage& partition, NodeId starting) {
    if (partition.leader == no_node || partition.leader == starting) return false;
    const metadata::BrokerImage* leader = image.broker(partition.leader);
    return leader != nullptr && leader->is_active();
}

std::vector<int32_t> without(const std::vector<NodeId>& nodes, NodeId node) {
    std::vector<int32_t> result;
    for (const NodeId other : nodes) {
        if (other != node) result.push_back(other.value);
    }
    return result;
}

// What becomes of one partition when one of its replicas comes back after a restart: a new leader epoch tells
// everybody that what the former one may have promised is over.
std::optional<wire::PartitionChangeRecord> change_at_start(const metadata::Image& image,
                                                           const metadata::PartitionImage& partition,
                                                           const BrokerRegistration& registration) {
    const NodeId node = registration.id;
    if (!partition.has_replica(node) || leader_is_alive(image, partition, node)) return std::nullopt;
    wire::PartitionChangeRecord change;
    if (!is_eligible(partition, node) || !is_directory_there(partition, registration)) {
        if (partition.leader != node) return std::nullopt;
        change.leader = no_node.value;
        return change;
    }
    change.leader = node.value;
    if (!contains(partition.isr, node)) {
        change.isr.emplace(1, node.value);
        change.eligible_leader_replicas = without(partition.elr, node);
        change.last_known_elr.emplace();
    }
    return change;
}

}  // namespace

Decision<Result<BrokerEpoch>> decide(const Context& context, const BrokerRegistration& registration) {
    Decision<Result<BrokerEpoch>> decision{.records = {}, .response = BrokerEpoch{context.next_offset.value}};
    decision.records.emplace_back(registration_record(context, registration));
    for (const auto& topic : context.image.topics->by_name) {
        for (size_t i = 0; i < topic->partitions.size(); ++i) {
            auto change = change_at_start(context.image, *topic->partitions[i], registration);
            if (!change) continue;
            change->partition_id = static_cast<int32_t>(i);
            change->topic_id = topic->id;
            decision.records.emplace_back(std::move(*change));
        }
    }
    return decision;
}

Decision<Result<ProducerIdBlock>> decide(const Context& context, const AllocateProducerIds& request) {
    const metadata::BrokerImage* broker = context.image.broker(request.broker);
    if (broker == nullptr) return {.records = {}, .response = unexpected(ErrorCode::broker_id_not_registered)};
    const ProducerId first = std::max(context.image.producer_ids.next_producer_id, ProducerId(0));
    if (first.value > std::numeric_limits<int64_t>::max() - producer_ids_per_block)
        return {.records = {}, .response = unexpected(ErrorCode::unknown_server_error)};
    const ProducerId next = first + producer_ids_per_block;
    metadata::Records records;
    records.emplace_back(wire::ProducerIdsRecord{
        .broker_id = request.broker.value, .broker_epoch = broker->epoch, .next_producer_id = next.value});
    return {.records = std::move(records), .response = ProducerIdBlock{first, producer_ids_per_block}};
}

metadata::Records decide_bootstrap(const metadata::Records& bootstrap) {
    if (!bootstrap.empty()) return bootstrap;
    metadata::Records records;
    for (const metadata::SupportedLevels& feature : metadata::supported_features()) {
        if (feature.level_new_cluster > 0)
            records.emplace_back(wire::FeatureLevelRecord{.name = std::string(feature.name),
                                                          .feature_level = feature.level_new_cluster});
    }
    return records;
}

}  // namespace milena::controller
