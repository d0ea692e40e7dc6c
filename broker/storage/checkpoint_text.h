// The frame that Kafka's small text files share: a line with the version 0, a line with the number of entries, then
// one entry a line. Pure functions over text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milena::storage {

// The words of a line, separated by blanks.
std::vector<std::string_view> split_words(std::string_view line);

// The entries, if there are as many as announced. An empty text has none: that is how Kafka creates such a file.
std::optional<std::vector<std::string_view>> parse_checkpoint_lines(std::string_view text);

std::string checkpoint_text(const std::vector<std::string>& entries);

}  // namespace milena::storage
