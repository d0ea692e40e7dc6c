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

#if defined(__x86_64__)

// Where carry-less multiplication is 512 bits wide, a message is folded: what was read is multiplied by x^distance
// modulo the polynomial and added to what lies that far behind it, until 64 bytes are left that have the same checksum
// as the whole (Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction").
#define MILENA_FOLD_TARGET __attribute__((target("avx512f,vpclmulqdq,sse4.2")))
const bool has_wide_multiplication =
    has_crc_instruction && __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("vpclmulqdq") != 0;

constexpr size_t register_bytes = 64;
constexpr size_t fold_bytes = 4 * register_bytes;

// x^exponent modulo the polynomial, bit-reversed, and where a product of bit-reversed factors wants it: one bit up.
constexpr uint64_t power_of_x(size_t exponent) {
    uint32_t power = 0x80000000;
    for (size_t i = 0; i < exponent; ++i) power = (power >> 1) ^ ((power & 1) != 0 ? polynomial : 0);
    return uint64_t{power} << 1;
}

// The two factors by which the halves of 16 bytes move `distance` bytes ahead.
template <size_t distance>
MILENA_FOLD_TARGET inline __m512i factors() {
    constexpr auto low = static_cast<int64_t>(power_of_x(8 * distance + 32));
    constexpr auto high = static_cast<int64_t>(power_of_x(8 * distance - 32));
    return _mm512_set_epi64(high, low, high, low, high, low, high, low);
}

MILENA_FOLD_TARGET inline __m512i fold(__m512i value, __m512i by, __m512i onto) {
    constexpr int exclusive_or = 0x96;
    return _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(value, by, 0x00),
                                     _mm512_clmulepi64_epi128(value, by, 0x11), onto, exclusive_or);
}

MILENA_FOLD_TARGET uint32_t crc32c_by_folding(std::span<const std::byte> data, uint32_t seed) {
    const std::byte* p = data.data();
    const auto load = [](const std::byte* from) MILENA_FOLD_TARGET { return _mm512_loadu_si512(from); };
    const __m512i begin = _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(~seed)));
    __m512i a = _mm512_xor_si512(load(p), begin);
    __m512i b = load(p + register_bytes);
    __m512i c = load(p + 2 * register_bytes);
    __m512i d = load(p + 3 * register_bytes);
    size_t left = data.size() - fold_bytes;
    p += fold_bytes;
    for (const __m512i by = factors<fold_bytes>(); left >= fold_bytes; p += fold_bytes, left -= fold_bytes) {
        a = fold(a, by, load(p));
        b = fold(b, by, load(p + register_bytes));
        c = fold(c, by, load(p + 2 * register_bytes));
        d = fold(d, by, load(p + 3 * register_bytes));
    }
    const __m512i by = factors<register_bytes>();
    std::array<std::byte, register_bytes> rest;
    _mm512_storeu_si512(rest.data(), fold(fold(fold(a, by, b), by, c), by, d));
    const uint32_t folded = crc32c_by_instruction(rest, ~uint32_t{0});
    return crc32c_by_instruction({p, left}, folded);
}

#endif

}  // namespace

uint32_t crc32c_portable(std::span<const std::byte> data, uint32_t seed) {
    uint32_t crc = ~seed;
    for (const std::byte b : data) crc = (crc >> 8) ^ byte_table[(crc ^ static_cast<uint32_t>(b)) & 0xff];
    return ~crc;
}

uint32_t crc32c(std::span<const std::byte> data, uint32_t seed) {
#if defined(__x86_64__)
    if (has_wide_multiplication && data.size() >= fold_bytes) return crc32c_by_folding(data, seed);
#endif
#if defined(MILENA_HAS_CRC_INSTRUCTION)
    if (has_crc_instruction) return crc32c_by_instruction(data, seed);
#endif
    return crc32c_portable(data, seed);
}

}  // namespace milena
