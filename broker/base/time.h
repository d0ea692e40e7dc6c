// Time as types. Instant is monotonic and only good for distances; Timestamp is the wall clock in milliseconds since
// 1970, as records carry it. Both come from env::Clock: nobody here reads a clock.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/ids.h"

namespace milena {

using Duration = std::chrono::nanoseconds;
using Milliseconds = std::chrono::milliseconds;

constexpr double in_seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

struct Instant {
    Duration since_start{};

    constexpr auto operator<=>(const Instant&) const = default;
    constexpr friend Instant operator+(Instant a, Duration d) { return {a.since_start + d}; }
    constexpr friend Duration operator-(Instant a, Instant b) { return a.since_start - b.since_start; }
};

using Timestamp = Id<struct TimestampTag, int64_t>;  // ms since 1970 UTC; -1: none
inline constexpr Timestamp no_timestamp{-1};

}  // namespace milena
