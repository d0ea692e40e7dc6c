#include "controller/describe_quotas.h"

#include <map>
#include <string>
#include <utility>

#include "base/result.h"
#include "controller/quota_names.h"

namespace milena::controller {
namespace {

using metadata::QuotaEntity;
using wire::DescribeClientQuotasRequest;
using wire::DescribeClientQuotasResponse;

enum MatchType : int8_t { exact = 0, default_entity = 1, specified = 2 };

struct QuotasRefusal {
    ErrorCode error = ErrorCode::invalid_request;
    std::string message;
};

struct Wanted {
    bool is_any = false;
    std::optional<std::string> name;  // unless any; null: the default entity
};
using Filter = std::map<std::string, Wanted>;  // by entity type

Result<Wanted, QuotasRefusal> wanted_of(const DescribeClientQuotasRequest::Component& component) {
    const auto refused = [](std::string message) {
        return unexpected(QuotasRefusal{ErrorCode::invalid_request, std::move(message)});
    };
    switch (component.match_type) {
        case exact:
            if (!component.match) return refused("Request specified MATCH_TYPE_EXACT, but set match string to null.");
            return Wanted{false, std::string(*component.match)};
        case default_entity:
            if (component.match)
                return refused("Request specified MATCH_TYPE_DEFAULT, but also specified a match string.");
            return Wanted{false, std::nullopt};
        case specified:
            if (component.match)
                return refused("Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.");
            return Wanted{true, std::nullopt};
        default: return refused("Unknown match type " + std::to_string(component.match_type));
    }
}

Result<Filter, QuotasRefusal> filter_of(const DescribeClientQuotasRequest& request) {
    Filter filter;
    for (const DescribeClientQuotasRequest::Component& component : request.components) {
        const std::string type(component.entity_type);
        if (type.empty()) return unexpected(QuotasRefusal{ErrorCode::invalid_request, "Invalid empty entity type."});
        if (filter.contains(type))
            return unexpected(QuotasRefusal{ErrorCode::invalid_request,
                                            "Entity type " + type + " cannot appear more than once in the filter."});
        if (!is_quota_entity_type(type))
            return unexpected(QuotasRefusal{ErrorCode::unsupported_version, "Unsupported entity type " + type});
        ASSIGN_OR_RETURN(filter[type], wanted_of(component));
    }
    if (filter.contains(std::string(quota_ip)) && filter.size() > 1)
        return unexpected(
            QuotasRefusal{ErrorCode::invalid_request,
                          "Invalid entity filter component combination. IP filter component should not be "
                          "used with user or clientId filter component."});
    return filter;
}

bool matches(const QuotaEntity& entity, const Filter& filter, bool is_strict) {
    // Strict and without a filter means nothing, though every entity has what is asked for.
    if (is_strict && (filter.empty() || entity.size() != filter.size())) return false;
    for (const auto& [type, wanted] : filter) {
        const auto part = entity.find(type);
        if (part == entity.end() || (!wanted.is_any && part->second != wanted.name)) return false;
    }
    return true;
}

}  // namespace

DescribeClientQuotasResponse describe_client_quotas(const metadata::Image& image,
                                                    const DescribeClientQuotasRequest& request) {
    DescribeClientQuotasResponse response;
    const auto filter = filter_of(request);
    if (!filter.has_value()) {
        response.error_code = filter.error().error;
        response.error_message = filter.error().message;
        return response;
    }
    response.error_message = "";
    response.entries.emplace();
    for (const auto& [entity, limits] : *image.client_quotas) {
        if (!matches(entity, *filter, request.strict)) continue;
        DescribeClientQuotasResponse::Entry& entry = response.entries->emplace_back();
        for (const auto& [type, name] : entity) entry.entity.push_back({type, name});
        for (const auto& [key, value] : limits) entry.values.push_back({key, value});
    }
    return response;
}

}  // namespace milena::controller
