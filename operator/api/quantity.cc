#include "api/quantity.h"

#include <algorithm>
#include <array>

#include "api/ascii.h"

namespace milena::api {

namespace {

struct Suffix {
    std::string_view text;
    __int128 thousandths;
};

constexpr __int128 power(int64_t base, int exponent) {
    __int128 value = 1;
    for (int i = 0; i < exponent; ++i) value *= base;
    return value;
}

constexpr std::array<Suffix, 14> suffixes{{
    {"", 1000},
    {"m", 1},
    {"k", power(10, 6)},
    {"M", power(10, 9)},
    {"G", power(10, 12)},
    {"T", power(10, 15)},
    {"P", power(10, 18)},
    {"E", power(10, 21)},
    {"Ki", 1000 * power(2, 10)},
    {"Mi", 1000 * power(2, 20)},
    {"Gi", 1000 * power(2, 30)},
    {"Ti", 1000 * power(2, 40)},
    {"Pi", 1000 * power(2, 50)},
    {"Ei", 1000 * power(2, 60)},
}};

// "e3", "E3": the power of ten, in thousandths.
std::optional<__int128> exponent_of(std::string_view suffix) {
    if (suffix.size() < 2 || suffix.size() > 3 || (suffix[0] != 'e' && suffix[0] != 'E')) return std::nullopt;
    int exponent = 0;
    for (const char c : suffix.substr(1)) {
        if (!is_digit(c)) return std::nullopt;
        exponent = exponent * 10 + (c - '0');
    }
    return exponent > 18 ? std::nullopt : std::optional(power(10, exponent + 3));
}

std::optional<__int128> unit_of(std::string_view suffix) {
    const auto found = std::ranges::find(suffixes, suffix, &Suffix::text);
    return found == suffixes.end() ? exponent_of(suffix) : std::optional(found->thousandths);
}

}  // namespace

std::optional<int64_t> parse_quantity(std::string_view text) {
    constexpr size_t digits_max = 18;
    size_t at = 0;
    __int128 digits = 0;
    __int128 fraction = 1;
    bool is_after_dot = false;
    for (; at < text.size() && (is_digit(text[at]) || (text[at] == '.' && !is_after_dot)); ++at) {
        if (at > digits_max) return std::nullopt;
        if (text[at] == '.') {
            is_after_dot = true;
            continue;
        }
        digits = digits * 10 + (text[at] - '0');
        if (is_after_dot) fraction *= 10;
    }
    if (at == 0 || !is_digit(text[0]) || !is_digit(text[at - 1])) return std::nullopt;
    const auto unit = unit_of(text.substr(at));
    if (!unit) return std::nullopt;
    const __int128 product = digits * *unit;
    if (product % fraction != 0 && *unit <= 1000) return std::nullopt;
    const __int128 thousandths = (product + fraction - 1) / fraction;
    if (thousandths > INT64_MAX) return std::nullopt;
    return static_cast<int64_t>(thousandths);
}

std::optional<int64_t> whole_units(std::string_view text) {
    const auto thousandths = parse_quantity(text);
    if (!thousandths) return std::nullopt;
    return *thousandths / 1000 + (*thousandths % 1000 != 0 ? 1 : 0);
}

}  // namespace milena::api
