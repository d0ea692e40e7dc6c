#include "controller/topic_names.h"

#include <algorithm>

namespace milena::controller {
namespace {

bool is_legal(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

}  // namespace

std::optional<std::string> reason_topic_name_refused(std::string_view name) {
    if (name.empty()) return "Topic name is invalid: the empty string is not allowed";
    if (name == "." || name == "..") return "Topic name is invalid: '" + std::string(name) + "' is not allowed";
    if (name.size() > topic_name_bytes_max)
        return "Topic name is invalid: the length of '" + std::string(name) +
               "' is longer than the max allowed length " + std::to_string(topic_name_bytes_max);
    if (!std::ranges::all_of(name, is_legal))
        return "Topic name is invalid: '" + std::string(name) +
               "' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'";
    return std::nullopt;
}

std::string metric_name(std::string_view topic_name) {
    std::string name(topic_name);
    std::ranges::replace(name, '.', '_');
    return name;
}

}  // namespace milena::controller
