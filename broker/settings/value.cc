#include "settings/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace milena::settings {

namespace {

std::string_view type_name(Type type) {
    switch (type) {
        case Type::int16: return "SHORT";
        case Type::int32: return "INT";
        case Type::int64: return "LONG";
        default: return "DOUBLE";
    }
}

bool is_number(Type type) {
    return type == Type::int16 || type == Type::int32 || type == Type::int64 || type == Type::float64;
}

bool fits(Type type, int64_t value) {
    if (type == Type::int16) return std::in_range<int16_t>(value);
    if (type == Type::int32) return std::in_range<int32_t>(value);
    return true;
}

std::optional<double> number_of_type(Type type, std::string_view text) {
    if (type == Type::float64) return parse_number(text);
    const std::optional<int64_t> value = parse_integer(text);
    if (!value || !fits(type, *value)) return std::nullopt;
    return static_cast<double>(*value);
}

// A limit as Kafka prints it: 1, 1048576, 0.5.
std::string limit_text(double limit) {
    char buffer[32];
    const auto end = limit == std::floor(limit)
                         ? std::to_chars(buffer, std::end(buffer), static_cast<int64_t>(limit)).ptr
                         : std::to_chars(buffer, std::end(buffer), limit).ptr;
    return {buffer, end};
}

std::optional<std::string> reason_out_of_range(const Allowed& allowed, double value) {
    if (allowed.or_equal_to) {
        if (value == *allowed.or_equal_to || (value >= *allowed.min && value <= *allowed.max)) return std::nullopt;
        return "Value must be between " + limit_text(*allowed.min) + " and " + limit_text(*allowed.max) +
               " or equal to " + limit_text(*allowed.or_equal_to);
    }
    if (allowed.min && value < *allowed.min) return "Value must be at least " + limit_text(*allowed.min);
    if (allowed.max && value > *allowed.max) return "Value must be no more than " + limit_text(*allowed.max);
    return std::nullopt;
}

bool is_allowed_word(const Allowed& allowed, std::string_view word) {
    std::string_view rest = allowed.words;
    while (!rest.empty()) {
        const size_t comma = rest.find(", ");
        const std::string_view candidate = rest.substr(0, comma);
        if (candidate == word || (allowed.any_case && equal_ignoring_case(candidate, word))) return true;
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 2);
    }
    return false;
}

std::string words_reason(const Allowed& allowed) {
    return std::string(allowed.any_case ? "String must be one of (case insensitive): " : "String must be one of: ") +
           std::string(allowed.words);
}

bool is_throttled_replicas(const std::vector<std::string>& parts) {
    if (parts.size() == 1 && parts[0] == "*") return true;
    return std::ranges::all_of(parts, [](std::string_view part) {
        const size_t colon = part.find(':');
        return colon != std::string_view::npos && parse_integer(part.substr(0, colon)).value_or(-1) >= 0 &&
               parse_integer(part.substr(colon + 1)).value_or(-1) >= 0;
    });
}

std::optional<std::string> list_reason(const Setting& setting, std::string_view text) {
    const Allowed& allowed = setting.allowed;
    const std::vector<std::string> parts = parse_list(text);
    if (parts.empty()) {
        if (!allowed.not_empty) return std::nullopt;
        return "The list must not be empty";
    }
    if (std::ranges::find(parts, "") != parts.end()) return "The list must not have empty values";
    if (allowed.throttled_replicas && !is_throttled_replicas(parts)) {
        return std::string(setting.name) +
               " must be the literal '*' or a list of replicas in the following format: "
               "[partitionId]:[brokerId],[partitionId]:[brokerId],...";
    }
    const auto is_refused = [&](std::string_view part) { return !is_allowed_word(allowed, part); };
    if (allowed.words.empty() || std::ranges::none_of(parts, is_refused)) return std::nullopt;
    return words_reason(allowed);
}

// Java's Double.toString: plain from 10^-3 up to 10^7, scientific beyond, always with a fraction.
std::string java_number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    const double magnitude = std::fabs(value);
    const bool is_plain = magnitude == 0 || (magnitude >= 1e-3 && magnitude < 1e7);
    char buffer[64];
    const auto format = is_plain ? std::chars_format::fixed : std::chars_format::scientific;
    std::string text(buffer, std::to_chars(buffer, std::end(buffer), value, format).ptr);
    if (is_plain) return text.find('.') == std::string::npos ? text + ".0" : text;
    const size_t e = text.find('e');
    std::string digits = text.substr(0, e);
    if (digits.find('.') == std::string::npos) digits += ".0";
    const int64_t exponent = parse_integer(text.substr(e + 1)).value_or(0);
    return digits + "E" + std::to_string(exponent);
}

}  // namespace

std::optional<bool> parse_boolean(std::string_view text) {
    text = trimmed(text);
    if (equal_ignoring_case(text, "true")) return true;
    if (equal_ignoring_case(text, "false")) return false;
    return std::nullopt;
}

std::optional<int64_t> parse_integer(std::string_view text) {
    text = trimmed(text);
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<double> parse_number(std::string_view text) {
    text = trimmed(text);
    if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (text == "Infinity" || text == "+Infinity") return std::numeric_limits<double>::infinity();
    if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    // from_chars also knows "inf" and "nan" in words, which Java doesn't.
    if (text.find_first_of("nN") != std::string_view::npos) return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::vector<std::string> parse_list(std::string_view text) {
    std::vector<std::string> parts;
    text = trimmed(text);
    if (text.empty()) return parts;
    while (true) {
        const size_t comma = text.find(',');
        std::string part(trimmed(text.substr(0, comma)));
        if (std::ranges::find(parts, part) == parts.end()) parts.push_back(std::move(part));
        if (comma == std::string_view::npos) return parts;
        text.remove_prefix(comma + 1);
    }
}

std::string join_list(const std::vector<std::string>& parts) {
    std::string joined;
    for (const std::string& part : parts) {
        if (&part != &parts.front()) joined += ',';
        joined += part;
    }
    return joined;
}

std::optional<std::string> reason_refused(const Setting& setting, std::string_view text) {
    const Allowed& allowed = setting.allowed;
    if (is_number(setting.type)) {
        const std::optional<double> value = number_of_type(setting.type, text);
        if (!value) return "Not a number of type " + std::string(type_name(setting.type));
        return reason_out_of_range(allowed, *value);
    }
    if (setting.type == Type::boolean) {
        return parse_boolean(text) ? std::nullopt
                                   : std::optional<std::string>("Expected value to be either true or false");
    }
    if (setting.type == Type::list) return list_reason(setting, text);
    if (allowed.not_empty && trimmed(text).empty()) return "String must be non-empty";
    if (allowed.words.empty() || is_allowed_word(allowed, trimmed(text))) return std::nullopt;
    return words_reason(allowed);
}

std::optional<std::string> refusal(const Setting& setting, std::string_view text) {
    const std::optional<std::string> reason = reason_refused(setting, text);
    if (!reason) return std::nullopt;
    const std::string name(setting.name);
    std::string value(trimmed(text));
    if (setting.type == Type::list) {
        const std::vector<std::string> parts = parse_list(text);
        if (parts.empty())
            return "Configuration '" + name + "' must not be empty. Valid values include: " +
                   (setting.allowed.words.empty() ? "any non-empty value"
                                                  : "[" + std::string(setting.allowed.words) + "]");
        if (std::ranges::find(parts, "") != parts.end())
            return "Configuration '" + name + "' values must not be empty.";
        const auto is_refused = [&](std::string_view part) { return !is_allowed_word(setting.allowed, part); };
        value = setting.allowed.words.empty() ? "[" + join_list(parts) + "]" : *std::ranges::find_if(parts, is_refused);
    } else if (setting.type == Type::float64 && parse_number(text)) {
        value = canonical(setting, text);
    } else if (setting.is_sensitive()) {
        value = "[hidden]";
    }
    return "Invalid value " + value + " for configuration " + name + ": " + *reason;
}

std::string describe_allowed(const Setting& setting) {
    const Allowed& allowed = setting.allowed;
    if (setting.type == Type::boolean) return "true or false";
    if (allowed.throttled_replicas) return "\"*\", or a list of partition:broker";
    if (!allowed.words.empty()) {
        const std::string start = setting.type == Type::list ? "a list out of: " : "one of: ";
        return start + std::string(allowed.words) + (allowed.any_case ? " (in any case)" : "");
    }
    if (setting.type == Type::list) return allowed.not_empty ? "a list with at least one value" : "a list";
    if (!is_number(setting.type)) return allowed.not_empty ? "a text that is not empty" : "a text";
    std::string text = setting.type == Type::float64 ? "a number" : "a whole number";
    if (allowed.min) text += " from " + limit_text(*allowed.min);
    if (allowed.max) {
        text += " to " + limit_text(*allowed.max);
    } else if (setting.type == Type::int32) {
        text += std::string(allowed.min ? "" : " from -2147483648") + " to 2147483647";
    }
    if (allowed.or_equal_to) text += ", or " + limit_text(*allowed.or_equal_to);
    return text;
}

std::string canonical(const Setting& setting, std::string_view text) {
    switch (setting.type) {
        case Type::boolean: return parse_boolean(text).value_or(false) ? "true" : "false";
        case Type::int16:
        case Type::int32:
        case Type::int64: return std::to_string(parse_integer(text).value_or(0));
        case Type::float64: return java_number(parse_number(text).value_or(0));
        case Type::list: return join_list(parse_list(text));
        default: return std::string(trimmed(text));
    }
}

}  // namespace milena::settings
