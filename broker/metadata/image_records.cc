#include "metadata/image_records.h"

#include <utility>
#include <vector>

#include "metadata/feature_levels.h"

namespace milena::metadata {

namespace {

using Emit = std::function<void(const Record&)>;

std::vector<int32_t> ids(const std::vector<NodeId>& nodes) {
    std::vector<int32_t> result;
    result.reserve(nodes.size());
    for (const NodeId node : nodes) result.push_back(node.value);
    return result;
}

// Kafka writes an empty ELR as null.
std::optional<std::vector<int32_t>> ids_or_null(const std::vector<NodeId>& nodes) {
    if (nodes.empty()) return std::nullopt;
    return ids(nodes);
}

// metadata.version comes first: it says how all that follows is to be read.
void write_features(const Image& image, const Emit& emit) {
    emit(wire::FeatureLevelRecord{.name = std::string(metadata_version_feature),
                                  .feature_level = metadata_version(*image.features)});
    for (const auto& [name, level] : *image.features) {
        if (name != metadata_version_feature) emit(wire::FeatureLevelRecord{.name = name, .feature_level = level});
    }
}

void write_feature_updates(const Image& image, const Emit& emit) {
    for (const FeatureUpdate& update : *image.feature_updates)
        emit(wire::FeatureUpdateRecord{.name = update.feature,
                                       .level_before = update.level_before,
                                       .level = update.level,
                                       .timestamp = update.at.value,
                                       .controller_id = update.controller.value,
                                       .software_version = update.version});
}

template <class Registration, class Wire>
void copy_registration(const Registration& from, Wire& to) {
    for (const Endpoint& e : from.endpoints)
        to.end_points.push_back({e.name, e.host, e.port, settings::protocol_number(e.security_protocol)});
    for (const auto& [name, levels] : from.features) to.features.push_back({name, levels.level_min, levels.level_max});
}

void write_brokers(const Image& image, const Emit& emit) {
    for (const auto& [id, broker] : *image.brokers) {
        wire::RegisterBrokerRecord record;
        record.broker_id = id.value;
        record.is_migrating_zk_broker = broker.is_migrating_zk_broker;
        record.incarnation_id = broker.incarnation_id;
        record.broker_epoch = broker.epoch;
        copy_registration(broker, record);
        record.rack = broker.rack;
        record.fenced = broker.is_fenced;
        record.in_controlled_shutdown = broker.is_in_controlled_shutdown;
        record.log_dirs = broker.directories;
        record.cordoned_log_dirs = broker.cordoned_directories;
        emit(std::move(record));
    }
    for (const auto& [id, controller] : *image.controllers) {
        wire::RegisterControllerRecord record;
        record.controller_id = id.value;
        record.incarnation_id = controller.incarnation_id;
        record.zk_migration_ready = controller.is_zk_migration_ready;
        copy_registration(controller, record);
        emit(std::move(record));
    }
}

void write_topics(const Image& image, const Emit& emit) {
    for (const auto& topic : image.topics->by_name) {
        emit(wire::TopicRecord{.name = topic->name, .topic_id = topic->id});
        for (size_t i = 0; i < topic->partitions.size(); ++i)
            emit(partition_record(topic->id, PartitionIndex(static_cast<int32_t>(i)), *topic->partitions[i]));
    }
}

void write_configs(const Image& image, const Emit& emit) {
    for (const auto& config : *image.configs) {
        for (const auto& [name, value] : config->values) {
            emit(wire::ConfigRecord{.resource_type = static_cast<int8_t>(config->resource.type),
                                    .resource_name = config->resource.name,
                                    .name = name,
                                    .value = value});
        }
    }
}

void write_client_quotas(const Image& image, const Emit& emit) {
    for (const auto& [entity, limits] : *image.client_quotas) {
        wire::ClientQuotaRecord record;
        for (const auto& [type, name] : entity) record.entity.push_back({type, name});
        for (const auto& [key, value] : limits) {
            record.key = key;
            record.value = value;
            emit(record);
        }
    }
}

void write_producer_ids(const Image& image, const Emit& emit) {
    const ProducerIdsImage& ids = image.producer_ids;
    if (ids.next_producer_id == no_producer_id) return;
    emit(wire::ProducerIdsRecord{.broker_id = ids.broker.value,
                                 .broker_epoch = ids.broker_epoch,
                                 .next_producer_id = ids.next_producer_id.value});
}

void write_access(const Image& image, const Emit& emit) {
    for (const auto& [id, acl] : *image.acls) {
        emit(wire::AccessControlEntryRecord{.id = id,
                                            .resource_type = acl.resource_type,
                                            .resource_name = acl.resource_name,
                                            .pattern_type = acl.pattern_type,
                                            .principal = acl.principal,
                                            .host = acl.host,
                                            .operation = acl.operation,
                                            .permission_type = acl.permission_type});
    }
    for (const auto& [key, credential] : *image.scram_credentials) {
        emit(wire::UserScramCredentialRecord{.name = key.second,
                                             .mechanism = key.first,
                                             .salt = credential.salt,
                                             .stored_key = credential.stored_key,
                                             .server_key = credential.server_key,
                                             .iterations = credential.iterations});
    }
    for (const auto& [id, token] : *image.delegation_tokens) {
        emit(wire::DelegationTokenRecord{.owner = token.owner,
                                         .requester = token.requester,
                                         .renewers = token.renewers,
                                         .issue_timestamp = token.issue_timestamp.value,
                                         .max_timestamp = token.max_timestamp.value,
                                         .expiration_timestamp = token.expiration_timestamp.value,
                                         .token_id = id});
    }
}

}  // namespace

wire::PartitionRecord partition_record(const Uuid& topic_id, PartitionIndex index, const PartitionImage& partition) {
    wire::PartitionRecord record;
    record.partition_id = index.value;
    record.topic_id = topic_id;
    record.replicas = ids(partition.replicas);
    record.isr = ids(partition.isr);
    record.removing_replicas = ids(partition.removing_replicas);
    record.adding_replicas = ids(partition.adding_replicas);
    record.leader = partition.leader.value;
    record.leader_recovery_state = static_cast<int8_t>(partition.leader_recovery_state);
    record.leader_epoch = partition.leader_epoch.value;
    record.partition_epoch = partition.partition_epoch;
    record.directories = partition.directories;
    record.eligible_leader_replicas = ids_or_null(partition.elr);
    record.last_known_elr = ids_or_null(partition.last_known_elr);
    return record;
}

void write_image(const Image& image, const Emit& emit) {
    write_features(image, emit);
    write_feature_updates(image, emit);
    write_brokers(image, emit);
    write_topics(image, emit);
    write_configs(image, emit);
    write_client_quotas(image, emit);
    write_producer_ids(image, emit);
    write_access(image, emit);
}

}  // namespace milena::metadata
