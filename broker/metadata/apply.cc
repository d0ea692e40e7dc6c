#include <algorithm>
#include <utility>

#include "base/log.h"
#include "metadata/draft.h"

namespace milena::metadata {

namespace {

template <class WireEndpoint>
std::vector<Endpoint> endpoints(const std::vector<WireEndpoint>& from) {
    std::vector<Endpoint> result;
    for (const WireEndpoint& e : from)
        result.push_back({e.name, e.host, e.port, static_cast<SecurityProtocol>(e.security_protocol)});
    return result;
}

template <class WireFeature>
std::map<std::string, SupportedFeature> features(const std::vector<WireFeature>& from) {
    std::map<std::string, SupportedFeature> result;
    for (const WireFeature& f : from) result[f.name] = {f.min_supported_version, f.max_supported_version};
    return result;
}

}  // namespace

Draft::Draft(std::shared_ptr<const Image> from)
    : base(std::move(from)),
      features(base->features),
      feature_updates(base->feature_updates),
      brokers(base->brokers),
      controllers(base->controllers),
      client_quotas(base->client_quotas),
      acls(base->acls),
      scram_credentials(base->scram_credentials),
      delegation_tokens(base->delegation_tokens),
      producer_ids(base->producer_ids) {}

Texts& Draft::config(const ConfigResource& resource) {
    const auto at = configs.find(resource);
    if (at != configs.end()) return at->second;
    return configs.emplace(resource, base->config(resource.type, resource.name)).first->second;
}

BrokerImage* Draft::registered(int32_t id, int64_t epoch, std::string_view record) {
    const auto known = brokers->find(NodeId(id));
    if (known == brokers->end() || known->second.epoch != epoch) {
        log_warn("metadata broker not changed: it isn't registered with this epoch",
                 {{"record", record}, {"broker", id}, {"broker_epoch", epoch}});
        return nullptr;
    }
    changed_brokers.insert(NodeId(id));
    return &brokers.edit().at(NodeId(id));
}

void Draft::apply(const wire::RegisterBrokerRecord& record) {
    const NodeId id(record.broker_id);
    BrokerImage broker;
    broker.id = id;
    broker.epoch = record.broker_epoch;
    broker.incarnation_id = record.incarnation_id;
    broker.endpoints = endpoints(record.end_points);
    broker.features = metadata::features(record.features);
    broker.rack = record.rack;
    broker.is_fenced = record.fenced;
    broker.is_in_controlled_shutdown = record.in_controlled_shutdown;
    broker.is_migrating_zk_broker = record.is_migrating_zk_broker;
    broker.directories = record.log_dirs;
    broker.cordoned_directories = record.cordoned_log_dirs;
    brokers.edit()[id] = std::move(broker);
    changed_brokers.insert(id);
}

void Draft::apply(const wire::UnregisterBrokerRecord& record) {
    if (registered(record.broker_id, record.broker_epoch, "UnregisterBroker") == nullptr) return;
    brokers.edit().erase(NodeId(record.broker_id));
}

void Draft::apply(const wire::BrokerRegistrationChangeRecord& record) {
    BrokerImage* broker = registered(record.broker_id, record.broker_epoch, "BrokerRegistrationChange");
    if (broker == nullptr) return;
    if (record.fenced != 0) broker->is_fenced = record.fenced > 0;
    if (record.in_controlled_shutdown != 0) broker->is_in_controlled_shutdown = record.in_controlled_shutdown > 0;
    if (!record.log_dirs.empty()) broker->directories = record.log_dirs;
    if (record.cordoned_log_dirs.has_value()) broker->cordoned_directories = record.cordoned_log_dirs;
}

void Draft::apply(const wire::FenceBrokerRecord& record) {
    if (BrokerImage* broker = registered(record.id, record.epoch, "FenceBroker")) broker->is_fenced = true;
}

void Draft::apply(const wire::UnfenceBrokerRecord& record) {
    if (BrokerImage* broker = registered(record.id, record.epoch, "UnfenceBroker")) broker->is_fenced = false;
}

void Draft::apply(const wire::RegisterControllerRecord& record) {
    const NodeId id(record.controller_id);
    controllers.edit()[id] = {.id = id,
                              .incarnation_id = record.incarnation_id,
                              .is_zk_migration_ready = record.zk_migration_ready,
                              .endpoints = endpoints(record.end_points),
                              .features = metadata::features(record.features)};
}

void Draft::apply(const wire::ConfigRecord& record) {
    Texts& texts = config({static_cast<ConfigResourceType>(record.resource_type), record.resource_name});
    if (record.value.has_value()) {
        texts.insert_or_assign(record.name, *record.value);
    } else {
        texts.erase(record.name);
    }
}

void Draft::apply(const wire::FeatureLevelRecord& record) {
    if (record.feature_level == 0) {
        features.edit().erase(record.name);
    } else {
        features.edit().insert_or_assign(record.name, record.feature_level);
    }
}

void Draft::apply(const wire::FeatureUpdateRecord& record) {
    std::vector<FeatureUpdate>& updates = feature_updates.edit();
    if (updates.size() == feature_updates_max) updates.erase(updates.begin());
    updates.push_back({.feature = record.name,
                       .level_before = record.level_before,
                       .level = record.level,
                       .at = Timestamp(record.timestamp),
                       .controller = NodeId(record.controller_id),
                       .version = record.software_version});
}

void Draft::apply(const wire::ClientQuotaRecord& record) {
    QuotaEntity entity;
    for (const auto& part : record.entity) entity.emplace(part.entity_type, part.entity_name);
    ClientQuotas& quotas = client_quotas.edit();
    auto& limits = quotas[entity];
    if (record.remove) {
        limits.erase(record.key);
    } else {
        limits.insert_or_assign(record.key, record.value);
    }
    if (limits.empty()) quotas.erase(entity);
}

void Draft::apply(const wire::ProducerIdsRecord& record) {
    producer_ids = {NodeId(record.broker_id), record.broker_epoch, ProducerId(record.next_producer_id)};
}

void Draft::apply(const wire::AccessControlEntryRecord& record) {
    acls.edit()[record.id] = {.resource_type = record.resource_type,
                              .resource_name = record.resource_name,
                              .pattern_type = record.pattern_type,
                              .principal = record.principal,
                              .host = record.host,
                              .operation = record.operation,
                              .permission_type = record.permission_type};
}

void Draft::apply(const wire::RemoveAccessControlEntryRecord& record) { acls.edit().erase(record.id); }

void Draft::apply(const wire::UserScramCredentialRecord& record) {
    // Copies: the record shares the memory of a whole batch.
    scram_credentials.edit()[{record.mechanism, record.name}] = {.salt = Bytes::copy_of(record.salt.span()),
                                                                 .stored_key = Bytes::copy_of(record.stored_key.span()),
                                                                 .server_key = Bytes::copy_of(record.server_key.span()),
                                                                 .iterations = record.iterations};
}

void Draft::apply(const wire::RemoveUserScramCredentialRecord& record) {
    scram_credentials.edit().erase({record.mechanism, record.name});
}

void Draft::apply(const wire::DelegationTokenRecord& record) {
    delegation_tokens.edit()[record.token_id] = {.owner = record.owner,
                                                 .requester = record.requester,
                                                 .renewers = record.renewers,
                                                 .issue_timestamp = Timestamp(record.issue_timestamp),
                                                 .max_timestamp = Timestamp(record.max_timestamp),
                                                 .expiration_timestamp = Timestamp(record.expiration_timestamp)};
}

void Draft::apply(const wire::RemoveDelegationTokenRecord& record) { delegation_tokens.edit().erase(record.token_id); }

}  // namespace milena::metadata
