// The time as a test sets it.
#pragma once

#include "env/clock.h"

namespace milena::server {

struct FakeClock final : env::Clock {
    Instant time{std::chrono::seconds(100)};
    Instant now() override { return time; }
    Timestamp wall() override { return Timestamp(0); }
};

}  // namespace milena::server
