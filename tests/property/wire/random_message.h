// fill(dice, message, version) gives every member that is on the wire in a version some random content, with a liking
// for what breaks codecs: nulls, empty and long strings, numbers at their limits. The same seed gives the same message.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/uuid.h"
#include "wire/schema.h"
#include "wire/slices.h"

namespace milena::wire {

// SplitMix64.
class Dice {
  public:
    explicit Dice(uint64_t seed) : state_(seed) {}

    uint64_t next() {
        uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    size_t below(size_t bound) { return static_cast<size_t>(next() % bound); }
    bool one_in(size_t n) { return below(n) == 0; }

  private:
    uint64_t state_;
};

// Valid UTF-8, and alive as long as the program: messages may keep views of it.
std::string_view random_text(Dice& dice);
Bytes random_bytes(Dice& dice);

// Which members a version has; tagged ones only if it is flexible.
struct Wanted {
    Version version = 0;
    bool flexible = false;
};

template <class T>
void fill_value(Dice& dice, T& value, Wanted wanted);

template <class T>
    requires std::integral<T> || std::is_enum_v<T>
void fill_number(Dice& dice, T& value) {
    using Limits = std::numeric_limits<int64_t>;
    const std::array<uint64_t, 6> candidates{
        0, 1, ~uint64_t{0}, static_cast<uint64_t>(Limits::max()), dice.below(1000), dice.next()};
    value = static_cast<T>(candidates[dice.below(candidates.size())]);
}

template <class T>
void fill_value(Dice& dice, std::vector<T>& values, Wanted wanted) {
    values.resize(dice.one_in(16) ? 130 * dice.below(2) : dice.below(4));
    for (T& value : values) fill_value(dice, value, wanted);
    if (!std::is_arithmetic_v<T> && values.size() > 4) values.resize(4);
}

template <class T>
void fill_value(Dice& dice, std::optional<T>& value, Wanted wanted) {
    value.reset();
    if (!dice.one_in(3)) fill_value(dice, value.emplace(T()), wanted);
}

template <is_field T>
void fill_field(Dice& dice, T& field, Wanted wanted) {
    if (wanted.version < T::since_version || wanted.version > T::until_version) return;
    if (is_tagged<T> && (!wanted.flexible || dice.one_in(2))) return;
    fill_value(dice, plain(field), wanted);
    if constexpr (T::nullable_since > 0) {
        if (!field.has_value() && wanted.version < T::nullable_since) fill_value(dice, field.emplace(), wanted);
    }
}

template <class T>
void fill_value(Dice& dice, T& value, Wanted wanted) {
    if constexpr (is_field<T>) {
        fill_field(dice, value, wanted);
    } else if constexpr (std::is_same_v<T, bool>) {
        value = dice.one_in(2);
    } else if constexpr (std::is_same_v<T, double>) {
        value = static_cast<double>(dice.next()) / 1e6;
    } else if constexpr (std::integral<T> || std::is_enum_v<T>) {
        fill_number(dice, value);
    } else if constexpr (std::is_same_v<T, Uuid>) {
        value = dice.one_in(4) ? Uuid{} : Uuid{dice.next(), dice.next()};
    } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
        value = random_text(dice);
    } else if constexpr (std::is_same_v<T, Bytes> || std::is_same_v<T, Slices>) {
        value = random_bytes(dice);
    } else {
        with_members(value, [&](auto&... member) { (fill_value(dice, member, wanted), ...); });
    }
}

template <class M>
M random_message(uint64_t seed, Version version) {
    Dice dice(seed);
    M message;
    fill_value(dice, message, {version, M::api.is_flexible(version)});
    return message;
}

}  // namespace milena::wire
