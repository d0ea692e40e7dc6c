#include "settings/load.h"
#include "settings/table.h"
#include "settings/value.h"

namespace milena::settings {

std::string_view type_word(Type type) {
    switch (type) {
        case Type::boolean: return "boolean";
        case Type::string: return "string";
        case Type::int32: return "int";
        case Type::int16: return "short";
        case Type::int64: return "long";
        case Type::float64: return "double";
        case Type::list: return "list";
        case Type::class_name: return "class";
        case Type::password: return "password";
    }
    return "";
}

namespace {

std::string_view mode_name(const Setting& setting) {
    switch (change_of(setting)) {
        case Change::restart: return "restart";
        case Change::live: return "live";
        case Change::live_per_broker: return "live, per broker";
        case Change::immutable: return "never, once started";
    }
    return "";
}

std::string shown_default(const Setting& setting) {
    if (setting.default_text == nullptr) return "none";
    const std::string_view text = setting.default_text;
    return text.empty() ? "empty" : std::string(text);
}

void append(std::string& page, const Setting& setting, std::string_view mode) {
    page += setting.name;
    page += "\n    " + std::string(setting.doc) + "\n    " + std::string(type_word(setting.type)) + ": " +
            describe_allowed(setting) + "; default " + shown_default(setting) + "; " + std::string(mode) + "\n";
}

}  // namespace

std::string render_help() {
    std::string page = "Settings of the broker\n\n";
    for (const Setting& setting : broker_settings()) {
        if (setting.effect == Effect::effective) append(page, setting, mode_name(setting));
    }
    page += "\nSettings of a topic, each with the broker's setting that is its default\n\n";
    for (const Setting& setting : topic_settings()) {
        if (setting.effect != Effect::effective) continue;
        const std::string_view from = setting.broker_name;
        append(page, setting, from.empty() ? std::string("live") : "live; default from " + std::string(from));
    }
    page += "\nKnown from Kafka and accepted, without an effect here\n\n";
    for (const Setting& setting : broker_settings()) {
        if (setting.effect == Effect::accepted) page += std::string(setting.name) + "\n";
    }
    return page;
}

}  // namespace milena::settings
