#include "base/bytes_text.h"

#include <cstdio>
#include <iterator>

namespace milena {

std::string bytes_text(uint64_t bytes) {
    static constexpr const char* units[]{"B", "kB", "MB", "GB", "TB", "PB"};
    auto amount = static_cast<double>(bytes);
    size_t unit = 0;
    for (; amount >= 1000 && unit + 1 < std::size(units); ++unit) amount /= 1000;
    char text[32];
    std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", amount, units[unit]);
    return text;
}

}  // namespace milena
