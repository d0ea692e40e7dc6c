#include "wire/dump.h"

#include <array>
#include <charconv>

namespace milena::wire::detail {

namespace {

constexpr size_t text_dumped_max = 256;
constexpr std::string_view hex_digits = "0123456789abcdef";

template <class T>
void append_number(std::string& to, T value) {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    to.append(digits.data(), end);
}

}  // namespace

// Quotes, backslashes and control characters are escaped: text comes from clients and must not forge a log line.
void dump_text(std::string& to, std::string_view text) {
    to += '"';
    for (const char c : text.substr(0, text_dumped_max)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            to += "\\x";
            to += hex_digits[byte >> 4];
            to += hex_digits[byte & 0xf];
        } else {
            if (c == '"' || c == '\\') to += '\\';
            to += c;
        }
    }
    if (text.size() > text_dumped_max) to += "…";
    to += '"';
}

void dump_number(std::string& to, int64_t value) { append_number(to, value); }
void dump_number(std::string& to, double value) { append_number(to, value); }

void dump_bytes(std::string& to, size_t size) {
    to += '<';
    append_number(to, size);
    to += " bytes>";
}

}  // namespace milena::wire::detail
