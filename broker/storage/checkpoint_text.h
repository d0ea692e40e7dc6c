// The frame that Kafka's small text files share: a line with the version 0, a line with the number of entries, then
// one entry a line. Pure functions over text.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milena::storage {

// All of `text` as a number, else nothing.
template <std::integral T>
std::optional<T> parse_number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// The words of a line, separated by blanks.
std::vector<std::string_view> split_words(std::string_view line);

// The entries, if there are as many as announced. An empty text has none: that is how Kafka creates such a file.
std::optional<std::vector<std::string_view>> parse_checkpoint_lines(std::string_view text);

std::string checkpoint_text(const std::vector<std::string>& entries);

}  // namespace milena::storage
