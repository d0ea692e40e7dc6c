#include "group/partition_for.h"

#include <cstddef>
#include <cstdlib>

namespace milena::group {
namespace {

constexpr uint32_t replacement = 0xfffd;  // what Java reads where there is no character

struct Character {
    uint32_t code = replacement;
    size_t bytes = 1;
};

Character character_at(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
    const uint8_t first = byte(0);
    if (first < 0x80) return {first, 1};
    const size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < bytes) return {};
    uint32_t code = first & (0xffU >> (bytes + 1));
    for (size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return {};
        code = code << 6 | (byte(i) & 0x3fU);
    }
    return {code, bytes};
}

}  // namespace

int32_t java_hash(std::string_view text) {
    constexpr uint32_t beyond_one_unit = 0x10000;
    uint32_t hash = 0;
    const auto add = [&hash](uint32_t unit) { hash = 31 * hash + unit; };
    while (!text.empty()) {
        const Character next = character_at(text);
        text.remove_prefix(next.bytes);
        if (next.code < beyond_one_unit) {
            add(next.code);
        } else {
            add(0xd800 + ((next.code - beyond_one_unit) >> 10));
            add(0xdc00 + ((next.code - beyond_one_unit) & 0x3ff));
        }
    }
    return static_cast<int32_t>(hash);
}

PartitionIndex partition_for(std::string_view group_id, int32_t partitions_count) {
    const int32_t hash = java_hash(group_id);
    return PartitionIndex(hash == INT32_MIN ? 0 : std::abs(hash) % partitions_count);
}

}  // namespace milena::group
