#include <algorithm>
#include <set>

#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

using metadata::ConfigResourceType;

constexpr ConfigResourceType all_types[] = {ConfigResourceType::topic, ConfigResourceType::broker,
                                            ConfigResourceType::broker_logger, ConfigResourceType::client_metrics,
                                            ConfigResourceType::group};

// Topics and brokers are listed whether or not they have settings of their own; groups and subscriptions exist only as
// far as they do.
std::vector<std::string> names_of(const metadata::Image& image, ConfigResourceType type) {
    std::vector<std::string> names;
    switch (type) {
        case ConfigResourceType::topic:
            for (const auto& topic : image.topics->by_name) names.push_back(topic->name);
            break;
        case ConfigResourceType::broker:
        case ConfigResourceType::broker_logger:
            for (const auto& [id, broker] : *image.brokers)
                if (!broker.is_fenced) names.push_back(std::to_string(id.value));
            break;
        default:
            for (const auto& config : *image.configs)
                if (config->resource.type == type) names.push_back(config->resource.name);
    }
    return names;
}

std::set<ConfigResourceType> asked_types(const wire::ListConfigResourcesRequest& request, wire::Version version) {
    if (version == 0) return {ConfigResourceType::client_metrics};
    if (request.resource_types.empty()) return {std::begin(all_types), std::end(all_types)};
    std::set<ConfigResourceType> types;
    for (const int8_t type : request.resource_types) types.insert(static_cast<ConfigResourceType>(type));
    return types;
}

}  // namespace

wire::ListConfigResourcesResponse list_config_resources(const wire::ListConfigResourcesRequest& request,
                                                        const Caller& caller) {
    wire::ListConfigResourcesResponse response;
    const std::set<ConfigResourceType> types = asked_types(request, caller.version());
    for (const ConfigResourceType type : types) {
        if (std::ranges::find(all_types, type) != std::end(all_types)) continue;
        response.error_code = ErrorCode::unsupported_version;
        return response;
    }
    for (const ConfigResourceType type : types) {
        for (std::string& name : names_of(caller.context.image(), type)) {
            auto& resource = response.config_resources.emplace_back();
            resource.resource_name = std::move(name);
            resource.resource_type = static_cast<int8_t>(type);
        }
    }
    return response;
}

}  // namespace milena::server::handlers
