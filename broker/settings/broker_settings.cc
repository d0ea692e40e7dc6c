#include "settings/broker_settings.h"

#include "base/check.h"
#include "settings/table.h"

namespace milena::settings {

namespace {

// Only names that may change without a restart, with values that are allowed. Unknown names stay: they are shown.
Texts acceptable(const Texts& texts) {
    Texts kept;
    for (const auto& [name, text] : texts) {
        const Setting* setting = find(broker_settings(), name);
        if (setting == nullptr || (is_live(*setting) && !reason_refused(*setting, text))) {
            kept.emplace(name, text);
        }
    }
    return kept;
}

int64_t unit_ms(std::string_view name) {
    if (name.ends_with(".hours")) return 3'600'000;
    return name.ends_with(".minutes") ? 60'000 : 1;
}

}  // namespace

BrokerSettings BrokerSettings::with_dynamic(const Texts& of_broker, const Texts& of_cluster) const {
    BrokerSettings changed(static_);
    changed.dynamic_broker_ = acceptable(of_broker);
    changed.dynamic_default_ = acceptable(of_cluster);
    return changed;
}

std::optional<std::string> BrokerSettings::text(std::string_view name) const {
    const Setting* setting = find(broker_settings(), name);
    check(setting != nullptr);
    for (const Texts* source : {&dynamic_broker_, &dynamic_default_, &static_}) {
        const auto found = source->find(name);
        if (found != source->end()) return canonical(*setting, found->second);
    }
    if (setting->default_text == nullptr) return std::nullopt;
    return setting->default_text;
}

std::optional<int64_t> BrokerSettings::milliseconds(std::string_view name) const {
    for (const std::string& synonym : broker_synonyms(name)) {
        if (const auto value = text(synonym)) return parse_integer(*value).value_or(0) * unit_ms(synonym);
    }
    return std::nullopt;
}

bool BrokerSettings::is_configured(std::string_view name) const {
    return dynamic_broker_.contains(name) || dynamic_default_.contains(name) || static_.contains(name);
}

}  // namespace milena::settings
