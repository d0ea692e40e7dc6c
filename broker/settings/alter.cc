#include "settings/alter.h"

#include <algorithm>
#include <set>

namespace milena::settings {

namespace {

std::span<const Setting> table_of(Scope scope) {
    switch (scope) {
        case Scope::topic: return topic_settings();
        case Scope::broker: return broker_settings();
        case Scope::group: return group_settings();
        case Scope::client_metrics: return client_metrics_settings();
    }
    return {};
}

// Unlike the broker, the controller writes the operation in capitals; clients see both.
std::string not_a_list(Scope scope, const Alteration& alteration) {
    const bool is_append = alteration.operation == AlterOperation::append;
    if (scope == Scope::broker) {
        return std::string("Config value ") + (is_append ? "append" : "subtract") +
               " is not allowed for config key: " + alteration.name;
    }
    return std::string("Can't ") + (is_append ? "APPEND" : "SUBTRACT") + " to key " + alteration.name +
           " because its type is not LIST.";
}

// The list that is appended to or subtracted from: the resource's own, or else the table's default, as in Kafka.
std::vector<std::string> current_list(const Setting& setting, const Texts& texts) {
    const auto found = texts.find(setting.name);
    if (found != texts.end()) return parse_list(found->second);
    return parse_list(setting.default_text == nullptr ? "" : setting.default_text);
}

Result<std::string, ConfigError> altered_list(Scope scope, const Texts& texts, const Alteration& alteration) {
    const Setting* setting =
        scope == Scope::broker ? find_broker_setting(alteration.name) : find(table_of(scope), alteration.name);
    if (setting == nullptr || setting->type != Type::list) {
        return unexpected(ConfigError{.message = not_a_list(scope, alteration)});
    }
    std::vector<std::string> parts = current_list(*setting, texts);
    for (std::string& part : parse_list(*alteration.value)) {
        const auto found = std::ranges::find(parts, part);
        if (alteration.operation == AlterOperation::append && found == parts.end()) parts.push_back(std::move(part));
        if (alteration.operation == AlterOperation::subtract && found != parts.end()) parts.erase(found);
    }
    return join_list(parts);
}

}  // namespace

Result<Texts, ConfigError> altered(Scope scope, Texts current, const std::vector<Alteration>& alterations) {
    std::set<std::string_view> names;
    for (const Alteration& alteration : alterations) {
        if (!names.insert(alteration.name).second) {
            return unexpected(ConfigError{ErrorCode::invalid_request, "Error due to duplicate config keys"});
        }
        if (alteration.operation != AlterOperation::remove && !alteration.value) {
            return unexpected(
                ConfigError{ErrorCode::invalid_request, "Null value not supported for : " + alteration.name});
        }
    }
    for (const Alteration& alteration : alterations) {
        switch (alteration.operation) {
            case AlterOperation::set: current.insert_or_assign(alteration.name, *alteration.value); break;
            case AlterOperation::remove: current.erase(alteration.name); break;
            case AlterOperation::append:
            case AlterOperation::subtract: {
                ASSIGN_OR_RETURN(std::string text, altered_list(scope, current, alteration));
                current.insert_or_assign(alteration.name, std::move(text));
                break;
            }
            default: return unexpected(ConfigError{ErrorCode::invalid_request, "Unknown operation"});
        }
    }
    return current;
}

}  // namespace milena::settings
