#include "base/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace milena {
namespace {

constexpr uint32_t polynomial = 0x82f63b78;  // Castagnoli, bit-reversed

constexpr std::array<uint32_t, 256> make_table() {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? polynomial : 0);
        table[i] = value;
    }
    return table;
}

constexpr std::array<uint32_t, 256> byte_table = make_table();

#if defined(__x86_64__)

// The crc32 instruction has a latency of three cycles and a throughput of one: three independent lanes keep it busy.
// Lanes are joined by shifting a lane's checksum over the length of the next one, which is a multiplication by
// x^(8 * lane) modulo the polynomial: done by four table look-ups.
constexpr size_t lane_bytes = 1024;
using ShiftTable = std::array<std::array<uint32_t, 256>, 4>;

constexpr uint32_t shift_by_lane(uint32_t crc) {
    for (size_t i = 0; i < lane_bytes; ++i) crc = (crc >> 8) ^ byte_table[crc & 0xff];
    return crc;
}

ShiftTable make_shift_table() {
    ShiftTable table{};
    for (uint32_t byte = 0; byte < 4; ++byte)
        for (uint32_t i = 0; i < 256; ++i) table[byte][i] = shift_by_lane(i << (8 * byte));
    return table;
}

const ShiftTable lane_shift = make_shift_table();

uint32_t shift(uint32_t crc) {
    return lane_shift[0][crc & 0xff] ^ lane_shift[1][(crc >> 8) & 0xff] ^ lane_shift[2][(crc >> 16) & 0xff] ^
           lane_shift[3][crc >> 24];
}

uint64_t load64(const std::byte* from) {
    uint64_t value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

__attribute__((target("sse4.2"))) uint32_t crc32c_sse42(std::span<const std::byte> data, uint32_t seed) {
    const std::byte* p = data.data();
    size_t left = data.size();
    uint64_t crc = ~seed;
    while (left >= 3 * lane_bytes) {
        uint64_t second = 0;
        uint64_t third = 0;
        for (size_t i = 0; i < lane_bytes; i += 8) {
            crc = _mm_crc32_u64(crc, load64(p + i));
            second = _mm_crc32_u64(second, load64(p + lane_bytes + i));
            third = _mm_crc32_u64(third, load64(p + 2 * lane_bytes + i));
        }
        crc = shift(static_cast<uint32_t>(crc)) ^ second;
        crc = shift(static_cast<uint32_t>(crc)) ^ third;
        p += 3 * lane_bytes;
        left -= 3 * lane_bytes;
    }
    for (; left >= 8; p += 8, left -= 8) crc = _mm_crc32_u64(crc, load64(p));
    auto narrow = static_cast<uint32_t>(crc);
    for (; left > 0; ++p, --left) narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(*p));
    return ~narrow;
}

const bool has_sse42 = __builtin_cpu_supports("sse4.2") != 0;

#endif

}  // namespace

uint32_t crc32c_portable(std::span<const std::byte> data, uint32_t seed) {
    uint32_t crc = ~seed;
    for (const std::byte b : data) crc = (crc >> 8) ^ byte_table[(crc ^ static_cast<uint32_t>(b)) & 0xff];
    return ~crc;
}

uint32_t crc32c(std::span<const std::byte> data, uint32_t seed) {
#if defined(__x86_64__)
    if (has_sse42) return crc32c_sse42(data, seed);
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
    uint32_t crc = ~seed;
    const std::byte* p = data.data();
    size_t left = data.size();
    for (; left >= 8; p += 8, left -= 8) {
        uint64_t word;
        std::memcpy(&word, p, sizeof word);
        crc = __crc32cd(crc, word);
    }
    for (; left > 0; ++p, --left) crc = __crc32cb(crc, static_cast<uint8_t>(*p));
    return ~crc;
#endif
    return crc32c_portable(data, seed);
}

}  // namespace milena
