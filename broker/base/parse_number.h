// A number that is a whole text, in decimal digits. Pure.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace milena {

// All of `text` as a number, else nothing: no sign but a minus, no blanks, nothing out of range.
template <std::integral T>
std::optional<T> parse_number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace milena
