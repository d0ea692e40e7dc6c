#include "server/handlers/broker_loggers.h"

#include <algorithm>
#include <set>
#include <string>

#include "base/log.h"
#include "base/parse_number.h"
#include "base/result.h"
#include "metadata/image.h"
#include "settings/alter.h"

namespace milena::server {
namespace {

using settings::AlterOperation;
using wire::IncrementalAlterConfigsRequest;

struct Refusal {
    ErrorCode code = ErrorCode::invalid_request;
    std::string message;
};
using Outcome = Result<void, Refusal>;

Unexpected<Refusal> refused(ErrorCode code, std::string message) {
    return unexpected(Refusal{code, std::move(message)});
}

Outcome check_names(const IncrementalAlterConfigsRequest::Resource& resource) {
    std::set<std::string_view> names;
    std::string without_value;
    for (const IncrementalAlterConfigsRequest::Config& config : resource.configs) {
        if (!names.insert(config.name).second)
            return refused(ErrorCode::invalid_request, "Error due to duplicate config keys");
        if (config.value || config.config_operation == static_cast<int8_t>(AlterOperation::remove)) continue;
        without_value += (without_value.empty() ? "" : ", ") + std::string(config.name);
    }
    if (!without_value.empty())
        return refused(ErrorCode::invalid_request, "Null value not supported for : " + without_value);
    return {};
}

Outcome check_node(std::string_view name, NodeId self) {
    const auto id = parse_number<int32_t>(name);
    if (!id) return refused(ErrorCode::invalid_request, "Node id must be an integer, but it is: " + std::string(name));
    if (*id != self.value)
        return refused(ErrorCode::invalid_request, "Unexpected node id. Expected " + std::to_string(self.value) +
                                                       ", but received " + std::string(name));
    return {};
}

Outcome check_logger(std::string_view name) {
    const std::vector<LoggerLevel> loggers = logger_levels();
    if (std::ranges::find(loggers, name, &LoggerLevel::name) == loggers.end())
        return refused(ErrorCode::invalid_config, "Logger " + std::string(name) + " does not exist!");
    return {};
}

Outcome check_change(const IncrementalAlterConfigsRequest::Config& config) {
    switch (static_cast<AlterOperation>(config.config_operation)) {
        case AlterOperation::set:
            RETURN_IF_ERROR(check_logger(config.name));
            if (!parse_log_level(*config.value))
                return refused(ErrorCode::invalid_config, "Cannot set the log level of " + std::string(config.name) +
                                                              " to " + std::string(*config.value) +
                                                              " as it is not a supported log level. Valid log levels "
                                                              "are DEBUG, ERROR, FATAL, INFO, TRACE, WARN");
            return {};
        case AlterOperation::remove:
            RETURN_IF_ERROR(check_logger(config.name));
            if (config.name == root_logger)
                return refused(ErrorCode::invalid_request, "Removing the log level of the root logger is not allowed");
            return {};
        case AlterOperation::append:
            return refused(ErrorCode::invalid_request,
                           "APPEND operation is not allowed for the BROKER_LOGGER resource");
        case AlterOperation::subtract:
            return refused(ErrorCode::invalid_request,
                           "SUBTRACT operation is not allowed for the BROKER_LOGGER resource");
    }
    return refused(ErrorCode::unknown_server_error, "");
}

Outcome alter(const IncrementalAlterConfigsRequest::Resource& resource, NodeId self, bool validate_only) {
    RETURN_IF_ERROR(check_names(resource));
    RETURN_IF_ERROR(check_node(resource.resource_name, self));
    for (const IncrementalAlterConfigsRequest::Config& config : resource.configs) RETURN_IF_ERROR(check_change(config));
    if (validate_only) return {};
    for (const IncrementalAlterConfigsRequest::Config& config : resource.configs) {
        const bool is_set = config.config_operation == static_cast<int8_t>(AlterOperation::set);
        const std::optional<LogLevel> level = is_set ? parse_log_level(*config.value) : std::nullopt;
        change_logger_level(config.name, level);
        log_info("logger changed",
                 {{"logger", config.name}, {"level", level ? log_level_name(*level) : std::string_view("root's")}});
    }
    return {};
}

}  // namespace

void alter_broker_loggers(const IncrementalAlterConfigsRequest& request, NodeId self,
                          wire::IncrementalAlterConfigsResponse& response) {
    for (size_t i = 0; i < request.resources.size() && i < response.responses.size(); ++i) {
        const IncrementalAlterConfigsRequest::Resource& resource = request.resources[i];
        auto& result = response.responses[i];
        const bool is_of_loggers =
            resource.resource_type == static_cast<int8_t>(metadata::ConfigResourceType::broker_logger);
        if (!is_of_loggers || result.error_code != ErrorCode::none) continue;
        const Outcome outcome = alter(resource, self, request.validate_only);
        if (outcome.has_value()) continue;
        result.error_code = outcome.error().code;
        if (!outcome.error().message.empty()) result.error_message = outcome.error().message;
    }
}

}  // namespace milena::server
