// Texts of settings ⇄ values, with Kafka's rules and Kafka's reasons for refusing one. Pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "settings/setting.h"

namespace milena::settings {

// Name → text, as written in a file or in a metadata record.
using Texts = std::map<std::string, std::string, std::less<>>;

std::optional<bool> parse_boolean(std::string_view text);
std::optional<int64_t> parse_integer(std::string_view text);
std::optional<double> parse_number(std::string_view text);
// Parts are trimmed; a part that repeats an earlier one is dropped.
std::vector<std::string> parse_list(std::string_view text);
std::string join_list(const std::vector<std::string>& parts);

// Why `text` can't be the value of `setting` ("Value must be at least 1"); nothing when it can.
std::optional<std::string> reason_refused(const Setting& setting, std::string_view text);

// The same as a whole sentence in Kafka's words: "Invalid value 0 for configuration num.io.threads: Value must be …".
std::optional<std::string> refusal(const Setting& setting, std::string_view text);

// What is allowed, for people: "a whole number from 1 to 9, or -1".
std::string describe_allowed(const Setting& setting);
// "int", "boolean" …
std::string_view type_word(Type type);

// The text in the form in which Kafka shows it: trimmed, true/false in lower case, 5.0E-4. Needs a valid text.
std::string canonical(const Setting& setting, std::string_view text);

}  // namespace milena::settings
