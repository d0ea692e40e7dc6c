#include <algorithm>

#include "metadata/feature_levels.h"
#include "server/controller_gate.h"
#include "server/dispatch.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

// Up to version 3 readers take a lowest level of 0 for a mistake, so such features are left out for them (KAFKA-17011).
constexpr wire::Version level_zero_since = 4;

// Letters and digits, with "-" and "." in between (KIP-511).
bool is_software_name(std::string_view text) {
    const auto is_alphanumeric = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
           std::ranges::all_of(text, [&](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

void describe_features(const Caller& caller, wire::ApiVersionsResponse& response) {
    for (const metadata::SupportedLevels& feature : metadata::supported_features())
        if (feature.level_min > 0 || caller.version() >= level_zero_since)
            response.supported_features.push_back({std::string(feature.name), feature.level_min, feature.level_max});
    const metadata::Image& image = caller.context.image();
    for (const auto& [name, level] : metadata::effective_levels(*image.features))
        if (level > 0) response.finalized_features.push_back({name, level, level});
    const int16_t kraft_version = caller.context.controller.kraft_version();
    if (kraft_version > 0)
        response.finalized_features.push_back(
            {std::string(metadata::kraft_version_feature), kraft_version, kraft_version});
    response.finalized_features_epoch = image.offset.value;
}

}  // namespace

wire::ApiVersionsResponse api_versions(const wire::ApiVersionsRequest& request, const Caller& caller) {
    wire::ApiVersionsResponse response;
    if (caller.version() >= 3 &&
        (!is_software_name(request.client_software_name) || !is_software_name(request.client_software_version))) {
        response.error_code = ErrorCode::invalid_request;
        return response;
    }
    if (caller.version() >= 3)
        caller.connection->remember_software(
            {std::string(request.client_software_name), std::string(request.client_software_version)});
    for (const ServedApi& served : served_apis())
        response.api_keys.push_back({served.info->api.key, served.min, served.max});
    describe_features(caller, response);
    return response;
}

void refuse_api_versions(const Caller& caller) {
    constexpr wire::Api api = wire::ApiVersionsRequest::api;
    wire::ApiVersionsResponse response;
    response.error_code = ErrorCode::unsupported_version;
    response.api_keys.push_back({api.key, api.min, api.stable});
    caller.connection->answer(caller.slot, wire::encode_response(response, 0, caller.header.correlation_id));
}

}  // namespace milena::server::handlers
