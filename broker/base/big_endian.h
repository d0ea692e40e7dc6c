// Fixed-width integers as Kafka writes them on wire and disk: big-endian, unaligned. No bounds are checked here: the
// caller has checked that the bytes are there.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace milena {

template <std::integral T>
constexpr T swap_to_big_endian(T value) {
    using U = std::make_unsigned_t<T>;
    if constexpr (sizeof(T) == 1 || std::endian::native == std::endian::big) {
        return value;
    } else if constexpr (sizeof(T) == 2) {
        return static_cast<T>(__builtin_bswap16(static_cast<U>(value)));
    } else if constexpr (sizeof(T) == 4) {
        return static_cast<T>(__builtin_bswap32(static_cast<U>(value)));
    } else {
        return static_cast<T>(__builtin_bswap64(static_cast<U>(value)));
    }
}

template <std::integral T>
T load_big_endian(const std::byte* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return swap_to_big_endian(value);
}

template <std::integral T>
void store_big_endian(std::byte* to, T value) {
    value = swap_to_big_endian(value);
    std::memcpy(to, &value, sizeof value);
}

}  // namespace milena
