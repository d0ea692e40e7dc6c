#include <algorithm>

#include "api/ascii.h"
#include "plan/pass.h"

namespace milena::plan {

namespace {

// Brokers cut it off.
std::string_view without_blanks(std::string_view text) {
    const size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

bool is_integer(std::string_view text) {
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    return !text.empty() && std::ranges::all_of(text, api::is_digit);
}

bool is_boolean(std::string_view text) {
    const auto is = [&](std::string_view word) {
        return std::ranges::equal(text, word, [](char a, char b) { return (a | 0x20) == b; });
    };
    return is("true") || is("false");
}

}  // namespace

bool may_be_of_type(std::string_view type, std::string_view text) {
    if (type == "boolean") return is_boolean(without_blanks(text));
    if (type == "int" || type == "short" || type == "long") return is_integer(without_blanks(text));
    return true;
}

}  // namespace milena::plan
