#include "base/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#define MILENA_HAS_CRC_INSTRUCTION
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#define MILENA_HAS_CRC_INSTRUCTION
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

#if defined(MILENA_HAS_CRC_INSTRUCTION)

#if defined(__x86_64__)

#define MILENA_CRC_TARGET __attribute__((target("sse4.2")))
using Lane = uint64_t;  // the upper half is 0
const bool has_crc_instruction = __builtin_cpu_supports("sse4.2") != 0;
MILENA_CRC_TARGET inline Lane add(Lane crc, uint64_t word) { return _mm_crc32_u64(crc, word); }
MILENA_CRC_TARGET inline Lane add(Lane crc, std::byte b) {
    return _mm_crc32_u8(static_cast<uint32_t>(crc), static_cast<uint8_t>(b));
}

#else

#define MILENA_CRC_TARGET __attribute__((target("+crc")))
using Lane = uint32_t;
const bool has_crc_instruction = (::getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
MILENA_CRC_TARGET inline Lane add(Lane crc, uint64_t word) { return __crc32cd(crc, word); }
MILENA_CRC_TARGET inline Lane add(Lane crc, std::byte b) { return __crc32cb(crc, static_cast<uint8_t>(b)); }

#endif

// The instruction has a latency of some cycles and a throughput of one: three independent lanes keep it busy. Lanes are
// joined by shifting a lane's checksum over the length of the next one, which is a multiplication by x^(8 * lane)
// modulo the polynomial: done by four table look-ups.
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

uint32_t shift(Lane crc) {
    return lane_shift[0][crc & 0xff] ^ lane_shift[1][(crc >> 8) & 0xff] ^ lane_shift[2][(crc >> 16) & 0xff] ^
           lane_shift[3][(crc >> 24) & 0xff];
}

uint64_t load64(const std::byte* from) {
    uint64_t value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

MILENA_CRC_TARGET uint32_t crc32c_by_instruction(std::span<const std::byte> data, uint32_t seed) {
    const std::byte* p = data.data();
    size_t left = data.size();
    Lane crc = ~seed;
    while (left >= 3 * lane_bytes) {
        Lane second = 0;
        Lane third = 0;
        for (size_t i = 0; i < lane_bytes; i += 8) {
            crc = add(crc, load64(p + i));
            second = add(second, load64(p + lane_bytes + i));
            third = add(third, load64(p + 2 * lane_bytes + i));
        }
        crc = shift(crc) ^ second;
        crc = shift(crc) ^ third;
        p += 3 * lane_bytes;
        left -= 3 * lane_bytes;
    }
    for (; left >= 8; p += 8, left -= 8) crc = add(crc, load64(p));
    for (; left > 0; ++p, --left) crc = add(crc, *p);
    return ~static_cast<uint32_t>(crc);
}

#endif

}  // namespace

uint32_t crc32c_portable(std::span<const std::byte> data, uint32_t seed) {
    uint32_t crc = ~seed;
    for (const std::byte b : data) crc = (crc >> 8) ^ byte_table[(crc ^ static_cast<uint32_t>(b)) & 0xff];
    return ~crc;
}

uint32_t crc32c(std::span<const std::byte> data, uint32_t seed) {
#if defined(MILENA_HAS_CRC_INSTRUCTION)
    if (has_crc_instruction) return crc32c_by_instruction(data, seed);
#endif
    return crc32c_portable(data, seed);
}

}  // namespace milena
