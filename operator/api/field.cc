#include "api/field.h"

#include <algorithm>

#include "api/ascii.h"
#include "api/quantity.h"
#include "api/time_text.h"

namespace milena::api {

namespace {

bool is_dns_label(std::string_view text) {
    return !text.empty() && is_lower_or_digit(text.front()) && is_lower_or_digit(text.back()) &&
           std::ranges::all_of(text, [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_dns_name(std::string_view text) {
    while (true) {
        const size_t dot = text.find('.');
        if (!is_dns_label(text.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

bool is_topic_name(std::string_view text) {
    return !text.empty() && text != "." && text != ".." &&
           std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_version(std::string_view text) {
    return !text.empty() && is_digit(text.front()) &&
           std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_minute_of_day(std::string_view text) {
    return text.size() == 5 && is_digit(text[0]) && is_digit(text[1]) && text[2] == ':' && is_digit(text[3]) &&
           is_digit(text[4]) && text.substr(0, 2) < "24" && text[3] < '6';
}

}  // namespace

std::string_view pattern_of(Format format) {
    switch (format) {
        case Format::any: return "";
        case Format::dns_label: return "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$";
        case Format::dns_name: return "^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$";
        case Format::topic_name: return "^([a-zA-Z0-9_-]|[.][a-zA-Z0-9_-]|[.][.][a-zA-Z0-9._-])[a-zA-Z0-9._-]*$";
        case Format::version: return "^[0-9][a-zA-Z0-9._-]*$";
        case Format::quantity: return "^[0-9]+([.][0-9]+)?([KMGTPE]i|[munkMGTPE]|[eE][0-9]+)?$";
        case Format::time: return "";
        case Format::minute_of_day: return "^([01][0-9]|2[0-3]):[0-5][0-9]$";
    }
    return "";
}

bool matches(Format format, std::string_view text) {
    switch (format) {
        case Format::any: return true;
        case Format::dns_label: return is_dns_label(text);
        case Format::dns_name: return is_dns_name(text);
        case Format::topic_name: return is_topic_name(text);
        case Format::version: return is_version(text);
        case Format::quantity: return parse_quantity(text).has_value();
        case Format::time: return parse_time(text).has_value();
        case Format::minute_of_day: return is_minute_of_day(text);
    }
    return false;
}

std::string_view words_for(Format format) {
    switch (format) {
        case Format::any: return "any text";
        case Format::dns_label: return "small letters, digits and \"-\", as in a DNS label";
        case Format::dns_name: return "small letters, digits, \"-\" and \".\", as in a DNS name";
        case Format::topic_name: return "letters, digits, \".\", \"_\" and \"-\", and not \".\" or \"..\"";
        case Format::version: return "a version such as 0.1.0";
        case Format::quantity: return "a Kubernetes quantity such as 10Gi";
        case Format::time: return "a time such as 2026-11-30T02:00:00Z";
        case Format::minute_of_day: return "a time of day such as 22:30";
    }
    return "";
}

}  // namespace milena::api
