#include "base/flat_json.h"

#include <string>

namespace milena {

std::optional<std::string_view> flat_json_value(std::string_view text, std::string_view name) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::string key = "\"" + std::string(name) + "\"";
    const size_t at = text.find(key);
    if (at == std::string_view::npos) return std::nullopt;
    const size_t colon = text.find_first_not_of(blanks, at + key.size());
    if (colon == std::string_view::npos || text[colon] != ':') return std::nullopt;
    const size_t begin = text.find_first_not_of(blanks, colon + 1);
    if (begin == std::string_view::npos) return std::nullopt;
    const size_t end = text.find_first_of(",}]", begin);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view value = text.substr(begin, end - begin);
    return value.substr(0, value.find_last_not_of(blanks) + 1);
}

}  // namespace milena
