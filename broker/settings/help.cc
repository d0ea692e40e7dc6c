#include "settings/load.h"
#include "settings/table.h"

namespace milena::settings {

namespace {

std::string_view type_name(Type type) {
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

std::string_view mode_name(const Setting& setting) {
    if (!is_live(setting)) return "restart";
    return setting.mode == UpdateMode::per_broker ? "live, per broker" : "live";
}

std::string shown_default(const Setting& setting) {
    if (setting.default_text == nullptr) return "none";
    const std::string_view text = setting.default_text;
    return text.empty() ? "empty" : std::string(text);
}

void append(std::string& page, const Setting& setting, std::string_view mode) {
    page += setting.name;
    page += "\n    " + std::string(setting.doc) + "\n    " + std::string(type_name(setting.type)) + ": " +
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
