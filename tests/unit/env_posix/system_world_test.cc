#include "env/posix/system_world.h"

#include <gtest/gtest.h>

namespace milena::env {
namespace {

TEST(SystemClock, monotonic_time_does_not_go_back) {
    SystemClock clock;
    const Instant before = clock.now();
    EXPECT_LE(before, clock.now());
}

TEST(SystemRandom, two_draws_differ) {
    SystemRandom random;
    EXPECT_NE(random.next(), random.next());
}

}  // namespace
}  // namespace milena::env
