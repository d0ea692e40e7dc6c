#include <algorithm>
#include <set>
#include <utility>

#include <re2/re2.h>

#include "base/parse_number.h"
#include "controller/decide.h"
#include "controller/elr_safety.h"
#include "controller/topic_names.h"
#include "metadata/feature_levels.h"
#include "settings/advertised.h"
#include "settings/alter.h"

namespace milena::controller {
namespace {

using metadata::ConfigResource;
using metadata::ConfigResourceType;
using settings::Alteration;
using settings::AlterOperation;
using settings::ConfigError;
using settings::Texts;

ConfigError refusal(ErrorCode code, std::string message) { return {code, std::move(message)}; }

Result<void, ConfigError> check_broker(const metadata::Image& image, const std::string& name) {
    if (name.empty()) return {};
    const auto id = parse_number<int32_t>(name);
    if (!id || *id < 0) return unexpected(refusal(ErrorCode::invalid_request, "Invalid broker name: '" + name + "'"));
    if (image.broker(NodeId(*id)) == nullptr)
        return unexpected(
            refusal(ErrorCode::broker_id_not_registered, "No broker with id " + std::to_string(*id) + " found."));
    return {};
}

// Whether the resource is one whose settings can be changed.
Result<void, ConfigError> check_resource(const metadata::Image& image, const ConfigResource& resource) {
    switch (resource.type) {
        case ConfigResourceType::topic:
            if (resource.name.empty())
                return unexpected(refusal(ErrorCode::invalid_request, "Default topic resources are not allowed."));
            if (auto reason = reason_topic_name_refused(resource.name))
                return unexpected(refusal(ErrorCode::invalid_topic_exception, std::move(*reason)));
            if (image.topic(resource.name) == nullptr)
                return unexpected(refusal(ErrorCode::unknown_topic_or_partition,
                                          "The topic '" + resource.name + "' does not exist."));
            return {};
        case ConfigResourceType::broker: return check_broker(image, resource.name);
        case ConfigResourceType::client_metrics:
            if (resource.name.empty())
                return unexpected(refusal(ErrorCode::invalid_request, "Subscription name can't be empty"));
            return {};
        case ConfigResourceType::group:
            if (resource.name.empty())
                return unexpected(refusal(ErrorCode::invalid_request, "Group name can't be empty"));
            return {};
        case ConfigResourceType::broker_logger:
        case ConfigResourceType::unknown: break;
    }
    return unexpected(refusal(ErrorCode::invalid_request,
                              "Unknown resource type " + std::to_string(static_cast<int>(resource.type))));
}

settings::Scope scope_of(ConfigResourceType type) {
    switch (type) {
        case ConfigResourceType::topic: return settings::Scope::topic;
        case ConfigResourceType::group: return settings::Scope::group;
        case ConfigResourceType::client_metrics: return settings::Scope::client_metrics;
        default: return settings::Scope::broker;
    }
}

// What `settings` can't know: whether the patterns for clients are patterns.
Result<void, ConfigError> validate_client_metrics(const Texts& texts) {
    RETURN_IF_ERROR(settings::validate_client_metrics_texts(texts));
    const auto match = texts.find("match");
    if (match == texts.end()) return {};
    for (const std::string& entry : settings::parse_list(match->second)) {
        const re2::RE2 pattern(entry.substr(entry.find('=') + 1), re2::RE2::Quiet);
        if (!pattern.ok())
            return unexpected(refusal(ErrorCode::invalid_config, "Illegal client matching pattern: " + entry));
    }
    return {};
}

Result<void, ConfigError> validate(const Context& context, const ConfigResource& resource, const Texts& texts) {
    switch (resource.type) {
        case ConfigResourceType::topic:
            return settings::validate_topic_config(settings::topic_defaults(context.settings), texts);
        case ConfigResourceType::group: return settings::validate_group_texts(context.settings, texts);
        case ConfigResourceType::client_metrics: return validate_client_metrics(texts);
        default:
            return resource.name.empty() ? settings::validate_cluster_texts(context.settings, texts)
                                         : settings::validate_broker_texts(context.settings, texts);
    }
}

void add_differences(const ConfigResource& resource, const Texts& before, const Texts& after,
                     metadata::Records& records) {
    const auto add = [&](const std::string& name, std::optional<std::string> value) {
        wire::ConfigRecord record;
        record.resource_type = static_cast<int8_t>(resource.type);
        record.resource_name = resource.name;
        record.name = name;
        record.value = std::move(value);
        records.emplace_back(std::move(record));
    };
    for (const auto& [name, value] : before)
        if (!after.contains(name)) add(name, std::nullopt);
    for (const auto& [name, value] : after) {
        const auto old = before.find(name);
        if (old == before.end() || old->second != value) add(name, value);
    }
}

// Where registrations can't say what is cordoned, the setting can't be touched while the broker runs.
Result<void, ConfigError> check_cordoning(const Context& context, const ConfigResource& resource,
                                          const std::vector<Alteration>& alterations) {
    constexpr std::string_view name = "cordoned.log.dirs";
    if (resource.type != ConfigResourceType::broker) return {};
    if (metadata::knows_cordoned_directories(*context.image.features)) return {};
    if (std::ranges::find(alterations, name, &Alteration::name) == alterations.end()) return {};
    return unexpected(refusal(ErrorCode::invalid_config, "The " + std::string(name) +
                                                             " configuration value cannot be set because it requires "
                                                             "metadata.version >= 4.3-IV0"));
}

std::set<std::string> listeners_of(const metadata::Image& image, NodeId broker) {
    std::set<std::string> listeners;
    for (const metadata::Endpoint& endpoint : image.broker(broker)->endpoints) listeners.insert(endpoint.name);
    if (const auto controller = image.controllers->find(broker); controller != image.controllers->end())
        for (const metadata::Endpoint& endpoint : controller->second.endpoints) listeners.insert(endpoint.name);
    return listeners;
}

// A broker takes other addresses while it runs, but no other listeners. Which it has, its registrations say: the
// settings here may be those of another node.
Result<void, ConfigError> check_advertised(const metadata::Image& image, const ConfigResource& resource,
                                           const Texts& before, const Texts& after) {
    if (resource.type != ConfigResourceType::broker || resource.name.empty()) return {};
    const auto text = after.find(settings::advertised_setting);
    if (text == after.end()) return {};
    if (const auto old = before.find(text->first); old != before.end() && old->second == text->second) return {};
    const auto addresses = settings::parse_advertised(text->second);
    if (!addresses) return unexpected(refusal(ErrorCode::invalid_request, addresses.error()));
    const std::set<std::string> known = listeners_of(image, NodeId(*parse_number<int32_t>(resource.name)));
    for (const settings::Endpoint& address : *addresses) {
        if (known.contains(address.listener_name)) continue;
        return unexpected(refusal(ErrorCode::invalid_request, text->first + ": " + address.listener_name +
                                                                  " isn't one of the listeners of broker " +
                                                                  resource.name + ", which are " +
                                                                  settings::join_list({known.begin(), known.end()})));
    }
    return {};
}

Result<void, ConfigError> alter(const Context& context, const ConfigResource& resource, const Texts& base,
                                const std::vector<Alteration>& alterations, metadata::Records& records) {
    // Levels of loggers are no settings: the broker that has the loggers changes them.
    if (resource.type == ConfigResourceType::broker_logger) return {};
    RETURN_IF_ERROR(check_resource(context.image, resource));
    ASSIGN_OR_RETURN(const Texts after, settings::altered(scope_of(resource.type), base, alterations));
    RETURN_IF_ERROR(validate(context, resource, after));
    RETURN_IF_ERROR(check_cordoning(context, resource, alterations));
    const Texts& before = context.image.config(resource.type, resource.name);
    RETURN_IF_ERROR(check_advertised(context.image, resource, before, after));
    RETURN_IF_ERROR(check_min_isr(context.image, resource, before, after));
    add_differences(resource, before, after, records);
    return {};
}

// Resources that the request names more than once: all of them are refused.
template <class Request>
std::set<ConfigResource> repeated_resources(const Request& request) {
    std::set<ConfigResource> seen;
    std::set<ConfigResource> repeated;
    for (const auto& resource : request.resources) {
        ConfigResource key{static_cast<ConfigResourceType>(resource.resource_type),
                           std::string(resource.resource_name)};
        if (!seen.insert(key).second) repeated.insert(std::move(key));
    }
    return repeated;
}

// Both APIs differ in what the alterations start from and in how they are read from the request.
template <class Response, class Request, class Start, class Read>
Decision<Response> decide_each(const Context& context, const Request& request, Start&& start, Read&& read) {
    Decision<Response> decision;
    const std::set<ConfigResource> repeated = repeated_resources(request);
    for (const auto& asked : request.resources) {
        const ConfigResource resource{static_cast<ConfigResourceType>(asked.resource_type),
                                      std::string(asked.resource_name)};
        auto& result = decision.response.responses.emplace_back();
        result.resource_type = asked.resource_type;
        result.resource_name = resource.name;
        std::vector<Alteration> alterations;
        for (const auto& config : asked.configs) alterations.push_back(read(config));
        Result<void, ConfigError> outcome =
            repeated.contains(resource)
                ? unexpected(refusal(ErrorCode::invalid_request, "Each resource must appear at most once."))
                : alter(context, resource, start(resource), alterations, decision.records);
        if (outcome.has_value()) continue;
        result.error_code = outcome.error().code;
        result.error_message = outcome.error().message;
    }
    settle_elr(context, decision.records);
    if (request.validate_only) decision.records.clear();
    return decision;
}

std::optional<std::string> owned(const std::optional<std::string_view>& text) {
    return text ? std::optional(std::string(*text)) : std::nullopt;
}

}  // namespace

Decision<wire::IncrementalAlterConfigsResponse> decide(const Context& context,
                                                       const wire::IncrementalAlterConfigsRequest& request) {
    return decide_each<wire::IncrementalAlterConfigsResponse>(
        context, request,
        [&](const ConfigResource& resource) -> const Texts& {
            return context.image.config(resource.type, resource.name);
        },
        [](const wire::IncrementalAlterConfigsRequest::Config& config) {
            return Alteration{std::string(config.name), static_cast<AlterOperation>(config.config_operation),
                              owned(config.value)};
        });
}

Decision<wire::AlterConfigsResponse> decide(const Context& context, const wire::AlterConfigsRequest& request) {
    const Texts nothing;
    auto decision = decide_each<wire::AlterConfigsResponse>(
        context, request, [&](const ConfigResource&) -> const Texts& { return nothing; },
        [](const wire::AlterConfigsRequest::Config& config) {
            return Alteration{std::string(config.name), AlterOperation::set, owned(config.value)};
        });
    // Loggers can't be reset to defaults that nobody names.
    for (auto& result : decision.response.responses) {
        if (result.resource_type != static_cast<int8_t>(ConfigResourceType::broker_logger)) continue;
        if (result.error_code != ErrorCode::none) continue;
        result.error_code = ErrorCode::invalid_request;
        result.error_message = "Unknown resource type " + std::to_string(result.resource_type);
    }
    return decision;
}

}  // namespace milena::controller
