// How many cases a test goes through that could go through any number: MILENA_TEST_PERCENT of those that it names,
// and all by default. With a sanitizer, which makes each ten times as dear, a part is enough: what only their number
// can find is found without it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace milena {

inline uint64_t cases(uint64_t all) {
    const char* percent = std::getenv("MILENA_TEST_PERCENT");
    return percent == nullptr ? all : std::max<uint64_t>(1, all * std::strtoull(percent, nullptr, 10) / 100);
}

}  // namespace milena
