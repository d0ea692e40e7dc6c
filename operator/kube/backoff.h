// How long to wait after so many failures: exponential, with jitter, so that those who failed together don't come back
// together, and never before a server that was too busy has asked for it. Pure.
#pragma once

#include <optional>

#include "base/time.h"
#include "env/random.h"

namespace milena::kube {

struct Backoff {
    Duration least = Milliseconds(800);
    Duration most = Milliseconds(30'000);
};

// `failures` counts from 1. Between the whole of it and a half more.
Duration delay_after(int failures, const Backoff& backoff, std::optional<Milliseconds> retry_after,
                     env::Random& random);

}  // namespace milena::kube
