// What a character of a name or a number is, whatever the locale.
#pragma once

namespace milena::api {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || is_digit(c); }
constexpr bool is_letter_or_digit(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

}  // namespace milena::api
