#include <algorithm>
#include <set>

#include "settings/alter.h"

namespace milena::settings {

namespace {

// Kafka takes the rates of replication in a running cluster only: its file doesn't know them, nor a default of them.
bool has_default_in_file(const Setting& setting) {
    const bool is_rate_of_replication = setting.is_internal && setting.mode == UpdateMode::cluster_wide;
    return setting.default_text != nullptr && !is_rate_of_replication;
}

// What the four sources say about `name` and the names behind it, the strongest first. As in Kafka, the list begins
// with the first entry of that very name: what only a weaker name says doesn't count as configured.
std::vector<Synonym> broker_synonyms_of(const BrokerSettings& settings, std::string_view name, bool is_sensitive) {
    const std::vector<std::string> names = broker_synonyms(name);
    std::vector<Synonym> synonyms;
    const auto add = [&](const std::string& synonym, std::string_view text, Source source) {
        if (synonyms.empty() && synonym != name) return;
        synonyms.push_back({synonym, is_sensitive ? std::nullopt : std::optional<std::string>(text), source});
    };
    const std::pair<const Texts*, Source> sources[] = {
        {&settings.dynamic_broker(), Source::dynamic_broker},
        {&settings.dynamic_default(), Source::dynamic_default_broker},
        {&settings.static_texts(), Source::static_broker},
    };
    for (const auto& [texts, source] : sources) {
        for (const std::string& synonym : names) {
            const auto found = texts->find(synonym);
            if (found != texts->end()) add(synonym, found->second, source);
        }
    }
    for (const std::string& synonym : names) {
        const Setting* setting = find(broker_settings(), synonym);
        if (setting != nullptr && has_default_in_file(*setting)) {
            add(synonym, setting->default_text, Source::default_value);
        }
    }
    return synonyms;
}

Source source_of(const std::vector<Synonym>& synonyms) {
    return synonyms.empty() ? Source::default_value : synonyms.front().source;
}

// `setting` is null for a name that no table has: nobody knows whether its value is a secret.
Described described_broker(const BrokerSettings& settings, std::string_view name, std::optional<std::string> value) {
    const Setting* own = find(broker_settings(), name);
    const Setting* setting = find_broker_setting(name);
    Described described;
    described.name = name;
    described.is_sensitive = setting == nullptr || setting->is_sensitive();
    described.synonyms = broker_synonyms_of(settings, name, described.is_sensitive);
    described.source = source_of(described.synonyms);
    described.is_read_only = own == nullptr || own->mode == UpdateMode::read_only;
    if (!described.is_sensitive) described.value = std::move(value);
    if (setting != nullptr) {
        described.type = static_cast<int8_t>(setting->type);
        described.doc = setting->doc;
    }
    return described;
}

// A setting of a topic, group or client metrics subscription, in front of what its default comes from.
Described described_own(const Setting& setting, const Texts& overrides, Source own_source, std::vector<Synonym> behind,
                        std::optional<std::string> default_value) {
    Described described;
    described.name = setting.name;
    described.is_sensitive = setting.is_sensitive();
    described.type = static_cast<int8_t>(setting.type);
    described.doc = setting.doc;
    described.synonyms = std::move(behind);
    described.value = std::move(default_value);
    const auto found = overrides.find(setting.name);
    if (found != overrides.end() && !reason_refused(setting, found->second)) {
        described.value = canonical(setting, found->second);
        described.synonyms.insert(described.synonyms.begin(), {described.name, described.value, own_source});
    }
    described.source = source_of(described.synonyms);
    return described;
}

std::optional<std::string> default_of(const Setting& setting) {
    return setting.default_text == nullptr ? std::nullopt : std::optional<std::string>(setting.default_text);
}

// What the broker gives a topic or group that has no setting of its own.
std::optional<std::string> broker_value(const BrokerSettings& settings, const Setting& setting) {
    if (setting.broker_name.empty()) return default_of(setting);
    if (!setting.broker_name.ends_with(".ms")) return settings.text(setting.broker_name);
    const std::optional<int64_t> value_ms = settings.milliseconds(setting.broker_name);
    return value_ms ? std::optional(std::to_string(*value_ms)) : std::nullopt;
}

}  // namespace

std::vector<Described> describe_broker(const BrokerSettings& settings) {
    std::vector<Described> all;
    for (const Setting& setting : broker_settings()) {
        if (setting.is_internal && !settings.is_configured(setting.name)) continue;
        all.push_back(described_broker(settings, setting.name, settings.text(setting.name)));
    }
    std::set<std::string> others;
    for (const Texts* texts : {&settings.dynamic_broker(), &settings.dynamic_default(), &settings.static_texts()}) {
        for (const auto& [name, text] : *texts) {
            if (find(broker_settings(), name) != nullptr || !others.insert(name).second) continue;
            all.push_back(described_broker(settings, name, text));
        }
    }
    std::ranges::sort(all, {}, &Described::name);
    return all;
}

std::vector<Described> describe_cluster(const BrokerSettings& settings) {
    std::vector<Described> all;
    for (const auto& [name, text] : settings.dynamic_default()) {
        Described described = described_broker(settings, name, text);
        std::erase_if(described.synonyms, [](const Synonym& s) { return s.source != Source::dynamic_default_broker; });
        described.source = source_of(described.synonyms);
        all.push_back(std::move(described));
    }
    return all;
}

std::vector<Described> describe_topic(const BrokerSettings& settings, const Texts& overrides) {
    std::vector<Described> all;
    for (const Setting& setting : topic_settings()) {
        if (setting.is_internal && !overrides.contains(setting.name)) continue;
        std::vector<Synonym> behind;
        if (!setting.broker_name.empty()) behind = broker_synonyms_of(settings, setting.broker_name, false);
        all.push_back(described_own(setting, overrides, Source::dynamic_topic, std::move(behind),
                                    broker_value(settings, setting)));
    }
    return all;
}

std::vector<Described> describe_group(const BrokerSettings& settings, const Texts& overrides) {
    std::vector<Described> all;
    for (const Setting& setting : group_settings()) {
        std::vector<Synonym> behind = {{std::string(setting.name), default_of(setting), Source::default_value}};
        if (!setting.broker_name.empty()) behind = broker_synonyms_of(settings, setting.broker_name, false);
        all.push_back(
            described_own(setting, overrides, Source::group, std::move(behind), broker_value(settings, setting)));
    }
    return all;
}

std::vector<Described> describe_client_metrics(const Texts& overrides) {
    std::vector<Described> all;
    for (const Setting& setting : client_metrics_settings()) {
        all.push_back(described_own(setting, overrides, Source::client_metrics, {}, default_of(setting)));
    }
    return all;
}

}  // namespace milena::settings
