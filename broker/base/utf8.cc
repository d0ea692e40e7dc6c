#include "base/utf8.h"

#include <algorithm>

namespace milena {
namespace {

// How many bytes of `text` are one character of UTF-8; 0 if they are none.
size_t character_bytes(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const size_t bytes = byte(0) < 0x80   ? 1
                         : byte(0) < 0xc2 ? 0
                         : byte(0) < 0xe0 ? 2
                         : byte(0) < 0xf0 ? 3
                         : byte(0) < 0xf5 ? 4
                                          : 0;
    if (bytes == 0 || bytes > text.size()) return 0;
    for (size_t i = 1; i < bytes; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    const bool is_overlong = (byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xf0 && byte(1) < 0x90);
    const bool is_no_scalar = (byte(0) == 0xed && byte(1) >= 0xa0) || (byte(0) == 0xf4 && byte(1) >= 0x90);
    return is_overlong || is_no_scalar ? 0 : bytes;
}

}  // namespace

std::string to_utf8(std::string_view text) {
    std::string characters;
    characters.reserve(text.size());
    while (!text.empty()) {
        const size_t bytes = character_bytes(text);
        characters += bytes == 0 ? "\xef\xbf\xbd" : text.substr(0, bytes);
        text.remove_prefix(std::max<size_t>(bytes, 1));
    }
    return characters;
}

}  // namespace milena
