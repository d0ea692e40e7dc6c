#include <algorithm>
#include <array>

#include "settings/alter.h"
#include "settings/broker_config.h"

namespace milena::settings {

namespace {

using Check = Result<void, ConfigError>;

Unexpected<ConfigError> invalid_request(std::string message) {
    return unexpected(ConfigError{ErrorCode::invalid_request, std::move(message)});
}
Unexpected<ConfigError> invalid_config(std::string message) {
    return unexpected(ConfigError{ErrorCode::invalid_config, std::move(message)});
}

// Refuses all names for which `is_refused`, in one message: "<sentence>: [a, b]".
template <class Predicate>
Check refuse_names(const Texts& texts, std::string_view sentence, Predicate is_refused) {
    std::string names;
    for (const auto& [name, text] : texts) {
        if (is_refused(name)) names += (names.empty() ? "" : ", ") + name;
    }
    if (names.empty()) return {};
    return invalid_request(std::string(sentence) + ": [" + names + "]");
}

bool has_listener_prefix(std::string_view name) { return name.starts_with("listener.name."); }

bool is_static(std::string_view name) {
    const Setting* setting = find(broker_settings(), name);
    return setting != nullptr && setting->mode == UpdateMode::read_only;
}

// Keys and certificates belong to one listener.
bool needs_listener_prefix(std::string_view name) {
    constexpr std::array<std::string_view, 10> names = {
        "ssl.key.password",
        "ssl.keystore.certificate.chain",
        "ssl.keystore.key",
        "ssl.keystore.location",
        "ssl.keystore.password",
        "ssl.keystore.type",
        "ssl.truststore.certificates",
        "ssl.truststore.location",
        "ssl.truststore.password",
        "ssl.truststore.type",
    };
    return std::ranges::find(names, name) != names.end();
}

bool is_per_broker(std::string_view name) {
    const Setting* setting = find(broker_settings(), name);
    if (setting != nullptr) return setting->mode == UpdateMode::per_broker;
    if (!has_listener_prefix(name)) return false;
    const Setting* base = find_broker_setting(name);
    if (base == nullptr) return true;
    return base->name != "max.connections" && base->name != "max.connection.creation.rate" &&
           base->name != "num.network.threads";
}

bool is_fixed_here(std::string_view name) {
    const Setting* setting = find(broker_settings(), name);
    return setting != nullptr && !is_live(*setting);
}

Check check_names(const Texts& texts) {
    RETURN_IF_ERROR(refuse_names(texts, "Cannot update these configs dynamically", is_static));
    return refuse_names(texts,
                        "These security configs can be dynamically updated only per-listener using the listener prefix",
                        needs_listener_prefix);
}

Check check_values(const Texts& texts) {
    for (const auto& [name, text] : texts) {
        const Setting* setting = find_broker_setting(name);
        if (setting == nullptr) continue;
        if (auto message = refusal(*setting, text)) return invalid_request(std::move(*message));
    }
    return refuse_names(texts, "Cannot update these configs dynamically", is_fixed_here);
}

Check check_together(const BrokerSettings& changed) {
    if (const auto cordoned = cordoned_log_dirs(changed); !cordoned)
        return invalid_request("requirement failed: " + cordoned.error());
    // The listeners don't change: any host name will do.
    const auto config = broker_config(changed, "localhost");
    if (!config) return invalid_request(config.error().front());
    return {};
}

// The group's number must lie between two settings of the broker: group.consumer.{min,max}.session.timeout.ms.
Check check_bounds(const BrokerSettings& settings, std::string_view name, int64_t value) {
    const size_t dot = name.find('.');
    std::string_view rest = name.substr(dot + 1);
    if (rest == "num.standby.replicas") rest = "standby.replicas";
    const std::string prefix = "group." + std::string(name.substr(0, dot)) + ".";
    const std::string lower = prefix + "min." + std::string(rest), upper = prefix + "max." + std::string(rest);
    const auto limit = [&](const std::string& of) -> std::optional<int64_t> {
        return find(broker_settings(), of) == nullptr ? std::nullopt : parse_integer(settings.text(of).value_or(""));
    };
    if (const auto min = limit(lower); min && value < *min) {
        return invalid_config(std::string(name) + " must be greater than or equal to " + lower);
    }
    if (const auto max = limit(upper); max && value > *max) {
        return invalid_config(std::string(name) + " must be less than or equal to " + upper);
    }
    return {};
}

// by_duration:PnDTnHnMn.nS, each part at most once and in this order, at least one of them.
bool is_duration(std::string_view text) {
    if (text.empty() || text.front() != 'P') return false;
    text.remove_prefix(1);
    std::string_view units = "DTHMS";
    bool has_part = false;
    while (!text.empty()) {
        const size_t digits = text.front() == 'T' ? 0 : text.find_first_not_of("0123456789.");
        if (digits == std::string_view::npos || (digits == 0 && text.front() != 'T')) return false;
        const size_t unit = units.find(text[digits]);
        const bool is_fraction = text.substr(0, digits).find('.') != std::string_view::npos;
        const bool is_early = unit != 0 && units.starts_with('D') && text[digits] != 'T';
        if (unit == std::string_view::npos || is_early || (is_fraction && text[digits] != 'S')) return false;
        has_part = text[digits] != 'T';
        units.remove_prefix(unit + 1);
        text.remove_prefix(digits + 1);
    }
    return has_part;
}

Check check_offset_reset(std::string_view text) {
    constexpr std::string_view by_duration = "by_duration:";
    if (text == "earliest" || text == "latest") return {};
    if (text.starts_with(by_duration) && is_duration(text.substr(by_duration.size()))) return {};
    return invalid_config(
        "Invalid value " + std::string(text) +
        " for configuration share.auto.offset.reset: The value must be either 'earliest', 'latest' or "
        "of the format 'by_duration:<PnDTnHnMn.nS>'.");
}

}  // namespace

Check validate_broker_texts(const BrokerSettings& settings, const Texts& texts) {
    RETURN_IF_ERROR(check_names(texts));
    RETURN_IF_ERROR(check_values(texts));
    return check_together(settings.with_dynamic(texts, settings.dynamic_default()));
}

Check validate_cluster_texts(const BrokerSettings& settings, const Texts& texts) {
    RETURN_IF_ERROR(check_names(texts));
    RETURN_IF_ERROR(refuse_names(
        texts, "Cannot update these configs at default cluster level, broker id must be specified", is_per_broker));
    RETURN_IF_ERROR(check_values(texts));
    return check_together(settings.with_dynamic(settings.dynamic_broker(), texts));
}

Check validate_group_texts(const BrokerSettings& settings, const Texts& texts) {
    for (const auto& [name, text] : texts) {
        const Setting* setting = find(group_settings(), name);
        if (setting == nullptr) return invalid_config("Unknown group config name: " + name);
        if (auto message = refusal(*setting, text)) return invalid_config(std::move(*message));
        if (name == "share.auto.offset.reset") RETURN_IF_ERROR(check_offset_reset(trimmed(text)));
        if (setting->type != Type::int32) continue;
        RETURN_IF_ERROR(check_bounds(settings, name, parse_integer(text).value_or(0)));
    }
    return {};
}

Check validate_client_metrics_texts(const Texts& texts) {
    constexpr std::array<std::string_view, 6> attributes = {
        "client_instance_id",    "client_id",          "client_software_name", "client_software_version",
        "client_source_address", "client_source_port",
    };
    for (const auto& [name, text] : texts) {
        const Setting* setting = find(client_metrics_settings(), name);
        if (setting == nullptr) return invalid_request("Unknown client metrics configuration: " + name);
        if (auto message = refusal(*setting, text)) return invalid_config(std::move(*message));
        const int64_t interval_ms = parse_integer(text).value_or(0);
        if (name == "interval.ms" && (interval_ms < 100 || interval_ms > 3'600'000)) {
            return invalid_request("Invalid value " + std::string(trimmed(text)) +
                                   " for interval.ms, interval must be between 100 and 3600000 (1 hour)");
        }
        if (name != "match") continue;
        for (const std::string& pattern : parse_list(text)) {
            const size_t equals = pattern.find('=');
            const std::string_view attribute = std::string_view(pattern).substr(0, equals);
            if (equals != std::string::npos && std::ranges::find(attributes, attribute) != attributes.end()) continue;
            return invalid_config("Illegal client matching pattern: " + pattern);
        }
    }
    return {};
}

}  // namespace milena::settings
