#include <nlohmann/json.hpp>

#include "api/schema.h"

namespace milena::api {

namespace {

using OrderedJson = nlohmann::ordered_json;

bool is_plain(std::string_view text) {
    constexpr std::string_view inside = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./-_";
    const bool begins_with_letter =
        !text.empty() && ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z'));
    constexpr std::string_view other_types[]{"true", "false", "null", "yes", "no",   "on", "off", "True", "False",
                                             "Yes",  "No",    "On",   "Off", "Null", "y",  "n",   "Y",    "N"};
    return begins_with_letter && text.find_first_not_of(inside) == std::string_view::npos &&
           std::find(std::begin(other_types), std::end(other_types), text) == std::end(other_types);
}

// JSON's text of a string is YAML's in double quotes.
std::string scalar(const OrderedJson& value) {
    if (value.is_string() && is_plain(value.get_ref<const std::string&>())) return value.get<std::string>();
    return value.dump();
}

bool is_block(const OrderedJson& value) { return value.is_structured() && !value.empty(); }

void emit(const OrderedJson& value, const std::string& indent, std::string& out) {
    if (value.is_object()) {
        for (const auto& [key, item] : value.items()) {
            out += indent + scalar(OrderedJson(key)) + ":";
            if (is_block(item)) {
                out += "\n";
                emit(item, indent + "  ", out);
            } else {
                out += " " + scalar(item) + "\n";
            }
        }
        return;
    }
    for (const OrderedJson& item : value) {
        if (is_block(item)) {
            std::string block;
            emit(item, indent + "  ", block);
            out += indent + "- " + block.substr(indent.size() + 2);
        } else {
            out += indent + "- " + scalar(item) + "\n";
        }
    }
}

}  // namespace

std::string to_yaml(const OrderedJson& value) {
    std::string out;
    emit(value, "", out);
    return out;
}

}  // namespace milena::api
