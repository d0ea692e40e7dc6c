// Randomness as the core sees it: injected, so that a seed decides it in simulation.
#pragma once

#include <cstdint>

namespace milena::env {

struct Random {
    virtual ~Random() = default;
    virtual uint64_t next() = 0;  // 64 uniform bits
};

}  // namespace milena::env
