// Kafka's Uuid (KIP-516): 16 bytes, written as URL-safe base64 without padding (22 characters).
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace milena {

struct Uuid {
    uint64_t high = 0;
    uint64_t low = 0;

    constexpr auto operator<=>(const Uuid&) const = default;
    constexpr bool is_zero() const { return high == 0 && low == 0; }

    // A version 4 UUID out of 128 random bits. Draw again while is_reserved(), or while the text begins with "-": a
    // command line would take it for an option.
    static constexpr Uuid from_random(uint64_t high, uint64_t low) {
        return {(high & ~uint64_t{0xf000}) | uint64_t{0x4000}, (low & ~(uint64_t{3} << 62)) | (uint64_t{2} << 62)};
    }
    // Zero, one and the directory ids 0..99 have meanings of their own (KIP-858).
    constexpr bool is_reserved() const { return high == 0 && low < 100; }

    std::string to_string() const;
    static std::optional<Uuid> parse(std::string_view text);
};

}  // namespace milena

template <>
struct std::hash<milena::Uuid> {
    size_t operator()(const milena::Uuid& id) const noexcept { return id.high * 0x9e3779b97f4a7c15ULL ^ id.low; }
};
