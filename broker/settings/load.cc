#include "settings/load.h"

#include <algorithm>

#include "settings/properties.h"
#include "settings/providers.h"
#include "settings/table.h"

namespace milena::settings {

namespace {

using Errors = std::vector<std::string>;

// One configured value and where it was written: "server.properties:12", "--override", "environment variable KAFKA_X".
struct Entry {
    std::string name;
    std::string text;
    std::string place;
};

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

void read_file(const Input& input, std::vector<Entry>& entries, Errors& errors) {
    auto properties = parse_properties(input.file_text);
    if (!properties) {
        const PropertiesError& error = properties.error();
        errors.push_back(input.file_name + ":" + std::to_string(error.line) + ": " + error.reason);
        return;
    }
    const Machine machine{input.environment, input.host_name};
    for (Property& property : *properties) {
        std::string place = input.file_name + ":" + std::to_string(property.line);
        auto value = with_provided(property.value, machine);
        for (const std::string& error : value ? Errors{} : value.error())
            errors.push_back(place + ": " + property.name + ": " + error);
        if (value) entries.push_back({std::move(property.name), *std::move(value), std::move(place)});
    }
}

void read_environment(const Input& input, std::vector<Entry>& entries) {
    for (const auto& [variable, text] : input.environment) {
        std::string name = setting_of_variable(variable);
        if (!name.empty()) entries.push_back({std::move(name), text, "environment variable " + variable});
    }
}

void read_overrides(const Input& input, std::vector<Entry>& entries, Errors& errors) {
    for (const std::string& argument : input.overrides) {
        const size_t equals = argument.find('=');
        if (equals == std::string::npos || equals == 0) {
            errors.push_back("--override " + argument + ": must be of the form name=value");
            continue;
        }
        entries.push_back({std::string(trimmed(std::string_view(argument).substr(0, equals))),
                           argument.substr(equals + 1), "--override"});
    }
}

std::string unknown_name(const Entry& entry) {
    const Setting* of_topic = find(topic_settings(), entry.name);
    if (of_topic != nullptr && !of_topic->broker_name.empty()) {
        return quoted(entry.name) + " is a setting of topics; the default for all topics is " +
               quoted(of_topic->broker_name);
    }
    const std::string_view nearest = nearest_name(broker_settings(), entry.name);
    return "unknown setting " + quoted(entry.name) + (nearest.empty() ? "" : "; did you mean " + quoted(nearest) + "?");
}

// Why this entry can't stay; empty: it can.
std::string refusal_of(const Entry& entry) {
    const Setting* setting = find_broker_setting(entry.name);
    if (setting == nullptr) {
        if (is_open_name(entry.name)) return {};
        const std::string_view advice = advice_for_removed(entry.name);
        if (!advice.empty()) return quoted(entry.name) + " was removed from Kafka: " + std::string(advice);
        return unknown_name(entry);
    }
    if (entry.text.starts_with("${") && entry.text.ends_with('}')) {
        return entry.name +
               ": of config providers only ${env:NAME} and ${ordinal:NAME} are supported; give the value itself, or in "
               "the environment";
    }
    const auto reason = reason_refused(*setting, entry.text);
    if (!reason) return {};
    const std::string shown = setting->is_sensitive() ? entry.name : entry.name + "=" + entry.text;
    return shown + ": " + *reason + "; allowed is " + describe_allowed(*setting);
}

void agree_on_node_id(Texts& texts, Errors& errors) {
    const auto broker_id = texts.find("broker.id");
    const auto node_id = texts.find("node.id");
    if (broker_id == texts.end() && node_id == texts.end()) return;
    if (broker_id == texts.end()) {
        texts.emplace("broker.id", node_id->second);
    } else if (node_id == texts.end()) {
        texts.emplace("node.id", broker_id->second);
    } else if (parse_integer(node_id->second) != parse_integer(broker_id->second)) {
        errors.push_back("broker.id and node.id must be equal, or only one of them given");
    }
}

// The place of the setting that an error of several settings begins with, in front of it.
std::string placed(const std::string& error, const Texts& places) {
    const auto place = places.find(std::string_view(error).substr(0, error.find_first_of(" :")));
    return place == places.end() ? error : place->second + ": " + error;
}

// Names with the places where they were given a value: those that nothing here reads.
std::vector<std::string> notices_of(const Texts& places) {
    std::vector<std::string> notices;
    for (const auto& [name, place] : places) {
        const Setting* setting = find(broker_settings(), name);
        if (setting != nullptr && setting->effect == Effect::effective) continue;
        const std::string reason = setting == nullptr ? "" : ": " + std::string(setting->doc);
        notices.push_back(name + " has no effect here (" + place + ")" + reason);
    }
    return notices;
}

// The names that `after` has otherwise than `before`, each with the place.
void add_changed(const Texts& before, const Texts& after, const std::string& place, Texts& places) {
    for (const auto& [name, text] : after) {
        const auto old = before.find(name);
        if (old == before.end() || old->second != text) places.insert_or_assign(name, place);
    }
}

}  // namespace

Result<Loaded, Errors> load(const Input& input) {
    Errors errors;
    std::vector<Entry> entries;
    read_file(input, entries, errors);
    read_environment(input, entries);
    read_overrides(input, entries, errors);

    Texts texts, places;
    for (Entry& entry : entries) {
        if (std::string refusal = refusal_of(entry); !refusal.empty()) {
            errors.push_back(entry.place + ": " + refusal);
            continue;
        }
        places.insert_or_assign(entry.name, std::move(entry.place));
        texts.insert_or_assign(entry.name, std::move(entry.text));
    }
    agree_on_node_id(texts, errors);

    BrokerSettings settings(std::move(texts));
    auto config = broker_config(settings, input.host_name);
    if (!config) {
        for (const std::string& error : config.error()) errors.push_back(placed(error, places));
    }
    if (!errors.empty()) return unexpected(std::move(errors));
    return Loaded{std::move(settings), std::move(*config), notices_of(places)};
}

std::vector<std::string> dynamic_notices(const BrokerSettings& before, const BrokerSettings& after) {
    Texts places;
    add_changed(before.dynamic_default(), after.dynamic_default(), "dynamic default of the cluster", places);
    add_changed(before.dynamic_broker(), after.dynamic_broker(), "dynamic setting of this broker", places);
    return notices_of(places);
}

}  // namespace milena::settings
