// Variable-length integers: seven bits a byte, least significant first, the high bit says "more". Signed ones are
// zig-zag coded (records, KIP-98); unsigned ones carry lengths and tags of flexible messages (KIP-482).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace milena {

inline constexpr size_t varint_bytes_max = 5;
inline constexpr size_t varlong_bytes_max = 10;

// What reading found: the value and how many bytes it took; bytes == 0 means truncated or too long.
template <class T>
struct Varint {
    T value{};
    size_t bytes = 0;
};

inline Varint<uint64_t> read_unsigned_varlong(std::span<const std::byte> from) {
    uint64_t value = 0;
    for (size_t i = 0; i < from.size() && i < varlong_bytes_max; ++i) {
        const auto byte = static_cast<uint64_t>(from[i]);
        if (i == varlong_bytes_max - 1 && byte > 1) return {};
        value |= (byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) return {value, i + 1};
    }
    return {};
}

inline Varint<uint32_t> read_unsigned_varint(std::span<const std::byte> from) {
    uint32_t value = 0;
    for (size_t i = 0; i < from.size() && i < varint_bytes_max; ++i) {
        const auto byte = static_cast<uint32_t>(from[i]);
        if (i == varint_bytes_max - 1 && byte > 0x0f) return {};
        value |= (byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) return {value, i + 1};
    }
    return {};
}

constexpr uint64_t zigzag(int64_t v) { return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63); }
constexpr int64_t unzigzag(uint64_t v) { return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1); }

inline Varint<int32_t> read_varint(std::span<const std::byte> from) {
    const auto raw = read_unsigned_varint(from);
    return {static_cast<int32_t>((raw.value >> 1) ^ (0U - (raw.value & 1U))), raw.bytes};
}

inline Varint<int64_t> read_varlong(std::span<const std::byte> from) {
    const auto raw = read_unsigned_varlong(from);
    return {unzigzag(raw.value), raw.bytes};
}

// Writes at `to`, which has room for varlong_bytes_max bytes; returns how many were written.
inline size_t write_unsigned_varint(std::byte* to, uint64_t value) {
    size_t n = 0;
    while (value >= 0x80) {
        to[n++] = static_cast<std::byte>((value & 0x7f) | 0x80);
        value >>= 7;
    }
    to[n++] = static_cast<std::byte>(value);
    return n;
}

inline size_t write_varint(std::byte* to, int64_t value) { return write_unsigned_varint(to, zigzag(value)); }

constexpr size_t unsigned_varint_size(uint64_t value) {
    size_t n = 1;
    for (; value >= 0x80; value >>= 7) ++n;
    return n;
}

constexpr size_t varint_size(int64_t value) { return unsigned_varint_size(zigzag(value)); }

}  // namespace milena
