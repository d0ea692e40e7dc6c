#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "controller/decide.h"
#include "controller/internal_topics.h"
#include "controller/placement.h"
#include "controller/topic_names.h"
#include "metadata/image_records.h"
#include "raft/raft_log.h"
#include "settings/alter.h"

namespace milena::controller {

namespace {

using settings::ConfigError;
using settings::Texts;
using Partitions = std::vector<metadata::PartitionImage>;
using NewTopic = wire::CreateTopicsRequest::Topic;

bool may_collide(std::string_view name) { return name.find_first_of("._") != std::string_view::npos; }

// The topics that there are, by the metric names that requested ones would share with them. All are looked through
// once for all that are requested.
using TakenMetricNames = std::unordered_map<std::string, const metadata::TopicImage*>;

TakenMetricNames taken_metric_names(const metadata::Image& image, const wire::CreateTopicsRequest& request) {
    TakenMetricNames taken;
    for (const NewTopic& topic : request.topics)
        if (may_collide(topic.name) && !reason_topic_name_refused(topic.name))
            taken.try_emplace(metric_name(topic.name), nullptr);
    if (taken.empty()) return taken;
    for (const auto& topic : image.topics->by_name) {
        if (!may_collide(topic->name)) continue;
        const auto at = taken.find(metric_name(topic->name));
        if (at != taken.end() && at->second == nullptr) at->second = topic.get();
    }
    return taken;
}

Result<void, ConfigError> check_name(const metadata::Image& image, const TakenMetricNames& taken,
                                     std::string_view name) {
    if (name == raft::metadata_topic)
        return refused(ErrorCode::invalid_request,
                       "Creation of internal topic " + std::string(name) + " is prohibited.");
    if (auto reason = reason_topic_name_refused(name))
        return refused(ErrorCode::invalid_topic_exception, std::move(*reason));
    if (image.topic(name) != nullptr)
        return refused(ErrorCode::topic_already_exists, "Topic '" + std::string(name) + "' already exists.");
    const auto other = taken.find(metric_name(name));
    if (other == taken.end() || other->second == nullptr) return {};
    return refused(ErrorCode::invalid_topic_exception,
                   "Topic '" + std::string(name) + "' collides with existing topic: " + other->second->name);
}

Result<Partitions, ConfigError> assigned_partitions(const Context& context, const NewTopic& topic) {
    const std::string_view counted = topic.replication_factor != -1 ? "replication factor"
                                     : topic.num_partitions != -1   ? "numPartitions"
                                                                    : "";
    if (!counted.empty())
        return refused(ErrorCode::invalid_request, "A manual partition assignment was specified, but " +
                                                       std::string(counted) + " was not set to -1.");
    std::map<int32_t, metadata::PartitionImage> by_index;
    size_t replication_factor = 0;
    for (const auto& assignment : topic.assignments) {
        const std::string index = std::to_string(assignment.partition_index);
        if (by_index.contains(assignment.partition_index))
            return refused(ErrorCode::invalid_replica_assignment,
                           "Found multiple manual partition assignments for partition " + index);
        auto replicas = check_assignment(context.image, assignment.broker_ids, replication_factor);
        if (!replicas) return refused(ErrorCode::invalid_replica_assignment, replicas.error());
        replication_factor = replicas->size();
        auto partition = new_partition(context.image, std::move(replicas).value());
        if (!partition)
            return refused(ErrorCode::invalid_replica_assignment,
                           "All brokers specified in the manual partition assignment for partition " + index +
                               " are fenced or in controlled shutdown.");
        by_index.emplace(assignment.partition_index, std::move(*partition));
    }
    if (by_index.begin()->first != 0 || by_index.rbegin()->first != static_cast<int32_t>(by_index.size()) - 1)
        return refused(ErrorCode::invalid_replica_assignment,
                       "partitions should be a consecutive 0-based integer sequence");
    Partitions result;
    for (auto& [index, partition] : by_index) result.push_back(std::move(partition));
    return result;
}

Result<Partitions, ConfigError> placed_partitions(const Context& context, const NewTopic& topic,
                                                  const TopicDefaults& defaults) {
    if (topic.replication_factor < -1 || topic.replication_factor == 0)
        return refused(ErrorCode::invalid_replication_factor,
                       "Replication factor must be larger than 0, or -1 to use the default value.");
    if (topic.num_partitions < -1 || topic.num_partitions == 0)
        return refused(ErrorCode::invalid_partitions, "Number of partitions was set to an invalid non-positive value.");
    const PlacementSpec spec{
        .partitions_count = topic.num_partitions == -1 ? defaults.partitions_count : topic.num_partitions,
        .replication_factor = topic.replication_factor == -1 ? defaults.replication_factor : topic.replication_factor};
    if (static_cast<size_t>(spec.partitions_count) > records_per_request_max)
        return refused(ErrorCode::policy_violation, "Excessively large number of partitions per request.");
    auto placed = place(context.image, context.random, spec);
    if (!placed)
        return refused(ErrorCode::invalid_replication_factor, "Unable to replicate the partition " +
                                                                  std::to_string(spec.replication_factor) +
                                                                  " time(s): " + placed.error());
    Partitions result;
    result.reserve(placed->size());
    for (auto& replicas : *placed) result.push_back(*new_partition(context.image, std::move(replicas)));
    return result;
}

Result<Texts, ConfigError> checked_configs(const settings::TopicConfig& broker_defaults, const NewTopic& topic,
                                           const TopicDefaults& defaults) {
    Texts result = defaults.configs;
    std::string nulls;
    for (const auto& config : topic.configs) {
        if (config.value.has_value()) {
            result.insert_or_assign(std::string(config.name), std::string(*config.value));
        } else {
            nulls += (nulls.empty() ? "" : ",") + std::string(config.name);
        }
    }
    if (!nulls.empty())
        return refused(ErrorCode::invalid_config, "Null value not supported for topic configs: " + nulls);
    RETURN_IF_ERROR(settings::validate_topic_config(broker_defaults, result));
    return result;
}

// Never one that is taken, and none whose text a command line would take for an option.
Uuid new_topic_id(const Context& context) {
    for (;;) {
        const uint64_t high = context.random.next();
        const Uuid id = Uuid::from_random(high, context.random.next());
        if (!id.is_reserved() && id.to_string().front() != '-' && context.image.topic(id) == nullptr) return id;
    }
}

void add_records(const std::string& name, const Uuid& id, const Texts& configs, const Partitions& partitions,
                 metadata::Records& records) {
    records.emplace_back(wire::TopicRecord{.name = name, .topic_id = id});
    for (const auto& [key, value] : configs) {
        records.emplace_back(
            wire::ConfigRecord{.resource_type = static_cast<int8_t>(metadata::ConfigResourceType::topic),
                               .resource_name = name,
                               .name = key,
                               .value = value});
    }
    for (size_t i = 0; i < partitions.size(); ++i)
        records.emplace_back(metadata::partition_record(id, PartitionIndex(static_cast<int32_t>(i)), partitions[i]));
}

void describe(const Context& context, const Texts& configs, const Partitions& partitions,
              wire::CreateTopicsResponse::Topic& result) {
    result.num_partitions = static_cast<int32_t>(partitions.size());
    result.replication_factor = static_cast<int16_t>(partitions.front().replicas.size());
    auto& described = result.configs.emplace();
    for (auto& config : settings::describe_topic(context.settings, configs)) {
        described.push_back({.name = std::move(config.name),
                             .value = config.is_sensitive ? std::nullopt : std::move(config.value),
                             .read_only = config.is_read_only,
                             .config_source = static_cast<int8_t>(config.source),
                             .is_sensitive = config.is_sensitive});
    }
}

Result<void, ConfigError> create(const Context& context, const settings::TopicConfig& broker_defaults,
                                 const TakenMetricNames& taken, const NewTopic& topic,
                                 Decision<wire::CreateTopicsResponse>& decision) {
    RETURN_IF_ERROR(check_name(context.image, taken, topic.name));
    const TopicDefaults defaults = topic_defaults(context.settings, topic.name, context.image.brokers->size());
    ASSIGN_OR_RETURN(const Texts configs, checked_configs(broker_defaults, topic, defaults));
    auto created =
        topic.assignments.empty() ? placed_partitions(context, topic, defaults) : assigned_partitions(context, topic);
    ASSIGN_OR_RETURN(const Partitions partitions, std::move(created));
    if (decision.records.size() + partitions.size() + configs.size() > records_per_request_max)
        return refused(ErrorCode::policy_violation, "Excessively large number of partitions per request.");
    wire::CreateTopicsResponse::Topic& result = decision.response.topics.back();
    result.topic_id = new_topic_id(context);
    describe(context, configs, partitions, result);
    add_records(result.name, result.topic_id, configs, partitions, decision.records);
    return {};
}

// The names that occur more than once: none of them is created or changed.
template <class Topics>
std::set<std::string_view> repeated_names(const Topics& topics) {
    std::set<std::string_view> seen;
    std::set<std::string_view> repeated;
    for (const auto& topic : topics) {
        if (!seen.insert(topic.name).second) repeated.insert(topic.name);
    }
    return repeated;
}

}  // namespace

Decision<wire::CreateTopicsResponse> decide(const Context& context, const wire::CreateTopicsRequest& request) {
    Decision<wire::CreateTopicsResponse> decision;
    const settings::TopicConfig broker_defaults = settings::topic_defaults(context.settings);
    const std::set<std::string_view> repeated = repeated_names(request.topics);
    const TakenMetricNames taken = taken_metric_names(context.image, request);
    std::set<std::string_view> answered;
    for (const NewTopic& topic : request.topics) {
        if (!answered.insert(topic.name).second) continue;
        auto& result = decision.response.topics.emplace_back();
        result.name = topic.name;
        const Result<void, ConfigError> created = repeated.contains(topic.name)
                                                      ? refused(ErrorCode::invalid_request, "Duplicate topic name.")
                                                      : create(context, broker_defaults, taken, topic, decision);
        if (created) continue;
        result.configs.emplace();  // none, as Kafka says it of a topic that isn't there
        result.error_code = created.error().code;
        result.error_message = created.error().message;
    }
    if (request.validate_only) decision.records.clear();
    return decision;
}

}  // namespace milena::controller
