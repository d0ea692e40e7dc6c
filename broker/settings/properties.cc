#include "settings/properties.h"

#include <cstdint>

namespace milena::settings {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\f'; }

void append_utf8(std::string& out, uint32_t code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
        return;
    }
    const int tail_count = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    constexpr uint32_t lead[] = {0, 0xC0, 0xE0, 0xF0};
    out += static_cast<char>(lead[tail_count] | code >> (6 * tail_count));
    for (int i = tail_count - 1; i >= 0; --i) out += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3F));
}

// One logical line: natural lines joined where one ends in an odd number of backslashes.
struct Line {
    std::string text;
    int number = 0;
};

class LineReader {
  public:
    explicit LineReader(std::string_view text) : rest_(text) {}

    // Skips blank lines and comments; false at the end of the text.
    bool next(Line& line) {
        line = {};
        while (!rest_.empty()) {
            const std::string_view natural = take_natural();
            if (line.text.empty() && line.number == 0 && is_nothing(natural)) continue;
            if (line.number == 0) line.number = number_;
            line.text += natural;
            if (!is_continued(line.text)) return true;
            line.text.pop_back();
        }
        return line.number != 0;
    }

  private:
    std::string_view take_natural() {
        ++number_;
        const size_t end = rest_.find_first_of("\r\n");
        std::string_view natural = rest_.substr(0, end);
        if (end == std::string_view::npos) {
            rest_ = {};
        } else {
            const bool is_two = rest_[end] == '\r' && end + 1 < rest_.size() && rest_[end + 1] == '\n';
            rest_.remove_prefix(end + (is_two ? 2 : 1));
        }
        while (!natural.empty() && is_blank(natural.front())) natural.remove_prefix(1);
        return natural;
    }

    static bool is_nothing(std::string_view natural) {
        return natural.empty() || natural.front() == '#' || natural.front() == '!';
    }

    static bool is_continued(std::string_view text) {
        size_t count = 0;
        while (count < text.size() && text[text.size() - 1 - count] == '\\') ++count;
        return count % 2 == 1;
    }

    std::string_view rest_;
    int number_ = 0;
};

// Four hexadecimal digits; -1 if they aren't.
int32_t hex4(std::string_view digits) {
    if (digits.size() < 4) return -1;
    int32_t value = 0;
    for (char c : digits.substr(0, 4)) {
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

// \uXXXX at `at`, a pair of surrogates taken together; moves `at` behind it. False: malformed.
bool append_unicode(std::string& out, std::string_view text, size_t& at) {
    const int32_t first = hex4(text.substr(at + 2));
    if (first < 0) return false;
    at += 6;
    uint32_t code = static_cast<uint32_t>(first);
    const bool is_high = code >= 0xD800 && code < 0xDC00;
    if (is_high && text.substr(at).starts_with("\\u")) {
        const int32_t second = hex4(text.substr(at + 2));
        if (second >= 0xDC00 && second < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (static_cast<uint32_t>(second) - 0xDC00);
            at += 6;
        }
    }
    // A lone surrogate has no UTF-8.
    append_utf8(out, code >= 0xD800 && code < 0xE000 ? 0xFFFD : code);
    return true;
}

bool unescape(std::string_view text, std::string& out) {
    for (size_t at = 0; at < text.size();) {
        if (text[at] != '\\' || at + 1 >= text.size()) {
            out += text[at++];
            continue;
        }
        const char escaped = text[at + 1];
        if (escaped == 'u') {
            if (!append_unicode(out, text, at)) return false;
            continue;
        }
        constexpr std::string_view letters = "tnrf";
        constexpr std::string_view controls = "\t\n\r\f";
        const size_t found = letters.find(escaped);
        out += found == std::string_view::npos ? escaped : controls[found];
        at += 2;
    }
    return true;
}

size_t end_of_name(std::string_view text) {
    for (size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\') {
            ++at;
        } else if (text[at] == '=' || text[at] == ':' || is_blank(text[at])) {
            return at;
        }
    }
    return text.size();
}

std::string_view value_part(std::string_view text, size_t name_end) {
    std::string_view value = text.substr(name_end);
    bool has_separator = false;
    while (!value.empty()) {
        const bool is_separator = value.front() == '=' || value.front() == ':';
        if (!is_blank(value.front()) && (!is_separator || has_separator)) break;
        has_separator = has_separator || is_separator;
        value.remove_prefix(1);
    }
    return value;
}

}  // namespace

Result<std::vector<Property>, PropertiesError> parse_properties(std::string_view text) {
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    std::vector<Property> properties;
    LineReader reader(text);
    for (Line line; reader.next(line);) {
        const size_t name_end = end_of_name(line.text);
        Property property{.name = {}, .value = {}, .line = line.number};
        if (!unescape(std::string_view(line.text).substr(0, name_end), property.name) ||
            !unescape(value_part(line.text, name_end), property.value)) {
            return unexpected(PropertiesError{line.number, "\\u must be followed by four hexadecimal digits"});
        }
        properties.push_back(std::move(property));
    }
    return properties;
}

}  // namespace milena::settings
