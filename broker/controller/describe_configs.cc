#include "controller/describe_configs.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/parse_number.h"
#include "controller/topic_names.h"
#include "settings/alter.h"

namespace milena::controller {
namespace {

using metadata::ConfigResourceType;
using settings::Described;
using wire::DescribeConfigsRequest;
using wire::DescribeConfigsResponse;

constexpr size_t answer_bytes_max = 128U << 20;  // before it is encoded: ten thousand topics

struct ConfigsRefusal {
    ErrorCode code = ErrorCode::invalid_request;
    std::string message;
};
using Listing = Result<std::vector<Described>, ConfigsRefusal>;

Result<void, ConfigsRefusal> check_broker(const std::string& name, NodeId self, std::string_view or_else = "") {
    const auto id = parse_number<int32_t>(name);
    if (!id) return unexpected(ConfigsRefusal{.message = "Broker id must be an integer, but it is: " + name});
    if (NodeId(*id) != self)
        return unexpected(ConfigsRefusal{.message = "Unexpected broker id, expected " + std::to_string(self.value) +
                                                    std::string(or_else) + " but received " + name});
    return {};
}

Listing describe_broker(const settings::BrokerSettings& settings, NodeId self, const std::string& name) {
    if (name.empty()) return settings::describe_cluster(settings);
    RETURN_IF_ERROR(check_broker(name, self, " or empty string,"));
    return settings::describe_broker(settings);
}

Listing describe_loggers(NodeId self, const std::string& name) {
    if (name.empty()) return unexpected(ConfigsRefusal{.message = "Broker id must not be empty"});
    RETURN_IF_ERROR(check_broker(name, self));
    std::vector<Described> loggers;
    for (LoggerLevel& logger : logger_levels())
        loggers.push_back({.name = std::move(logger.name),
                           .value = std::string(log_level_name(logger.level)),
                           .source = settings::Source::dynamic_broker_logger});
    return loggers;
}

Listing describe_topic(const metadata::Image& image, const settings::BrokerSettings& settings,
                       const std::string& name) {
    if (auto reason = reason_topic_name_refused(name))
        return unexpected(ConfigsRefusal{ErrorCode::invalid_topic_exception, std::move(*reason)});
    if (image.topic(name) == nullptr) return unexpected(ConfigsRefusal{ErrorCode::unknown_topic_or_partition, ""});
    return settings::describe_topic(settings, image.topic_config(name));
}

Listing describe(const metadata::Image& image, const settings::BrokerSettings& settings, NodeId self, int8_t type,
                 const std::string& name) {
    switch (static_cast<ConfigResourceType>(type)) {
        case ConfigResourceType::topic: return describe_topic(image, settings, name);
        case ConfigResourceType::broker: return describe_broker(settings, self, name);
        case ConfigResourceType::broker_logger: return describe_loggers(self, name);
        case ConfigResourceType::client_metrics:
            if (name.empty())
                return unexpected(ConfigsRefusal{.message = "Client metrics subscription name must not be empty"});
            return settings::describe_client_metrics(image.config(ConfigResourceType::client_metrics, name));
        case ConfigResourceType::group:
            if (name.empty()) return unexpected(ConfigsRefusal{.message = "Group name must not be empty"});
            return settings::describe_group(settings, image.config(ConfigResourceType::group, name));
        case ConfigResourceType::unknown: break;
    }
    return unexpected(ConfigsRefusal{.message = "Unsupported resource type: " + std::to_string(type)});
}

DescribeConfigsResponse::Config to_wire(Described&& described, const DescribeConfigsRequest& request) {
    DescribeConfigsResponse::Config config;
    config.name = std::move(described.name);
    if (!described.is_sensitive) config.value = std::move(described.value);
    config.read_only = described.is_read_only;
    config.config_source = static_cast<int8_t>(described.source);
    config.is_sensitive = described.is_sensitive;
    config.config_type = described.type;
    if (request.include_documentation) config.documentation = std::optional(std::string(described.doc));
    if (!request.include_synonyms) return config;
    for (settings::Synonym& synonym : described.synonyms) {
        DescribeConfigsResponse::Synonym& entry = config.synonyms.emplace_back();
        entry.name = std::move(synonym.name);
        if (!described.is_sensitive) entry.value = std::move(synonym.value);
        entry.source = static_cast<int8_t>(synonym.source);
    }
    return config;
}

size_t bytes_of(const DescribeConfigsResponse::Config& config) {
    const std::optional<std::string>& documentation = config.documentation;
    return sizeof(config) + config.name.size() + (config.value ? config.value->size() : 0) +
           (documentation ? documentation->size() : 0) +
           plain(config.synonyms).size() * sizeof(DescribeConfigsResponse::Synonym);
}

bool is_asked_for(const DescribeConfigsRequest::Resource& resource, std::string_view name) {
    return !resource.configuration_keys || resource.configuration_keys->empty() ||
           std::ranges::find(*resource.configuration_keys, name) != resource.configuration_keys->end();
}

}  // namespace

std::optional<DescribeConfigsResponse> describe_configs(const metadata::Image& image,
                                                        const settings::BrokerSettings& settings, NodeId self,
                                                        const DescribeConfigsRequest& request) {
    DescribeConfigsResponse response;
    size_t bytes = 0;
    for (const DescribeConfigsRequest::Resource& resource : request.resources) {
        DescribeConfigsResponse::Result& result = response.results.emplace_back();
        result.resource_type = resource.resource_type;
        result.resource_name = std::string(resource.resource_name);
        result.error_message = "";
        Listing listing = describe(image, settings, self, resource.resource_type, result.resource_name);
        if (!listing.has_value()) {
            result.error_code = listing.error().code;
            result.error_message = listing.error().message;
            continue;
        }
        for (Described& described : *listing) {
            if (!is_asked_for(resource, described.name)) continue;
            result.configs.push_back(to_wire(std::move(described), request));
            bytes += bytes_of(result.configs.back());
        }
        if (bytes > answer_bytes_max) return std::nullopt;
    }
    return response;
}

}  // namespace milena::controller
