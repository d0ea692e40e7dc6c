#include "env/posix/system_world.h"

#include <chrono>

#include <sys/random.h>

#include "base/check.h"

namespace milena::env {

Instant SystemClock::now() {
    return {std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

Timestamp SystemClock::wall() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return Timestamp(std::chrono::duration_cast<Milliseconds>(now).count());
}

uint64_t SystemRandom::next() {
    uint64_t bits = 0;
    // Up to 256 bytes come whole and without interruption once the kernel's pool is ready (getrandom(2)).
    check(::getrandom(&bits, sizeof bits, 0) == static_cast<ssize_t>(sizeof bits));
    return bits;
}

}  // namespace milena::env
