// The real clock and the real randomness. Any thread.
#pragma once

#include "env/clock.h"
#include "env/random.h"

namespace milena::env {

struct SystemClock final : Clock {
    Instant now() override;
    Timestamp wall() override;
};

// From the kernel: good enough for ids and secrets.
struct SystemRandom final : Random {
    uint64_t next() override;
};

}  // namespace milena::env
