#include "kube/backoff.h"

#include <gtest/gtest.h>

#include "unit/operator/kube/manual_world.h"

namespace milena::kube {
namespace {

constexpr Backoff backoff{Milliseconds(100), Milliseconds(1000)};

TEST(Backoff, delays_double_up_to_the_most) {
    FixedRandom random;
    for (const auto& [failures, ms] : {std::pair{1, 100}, {2, 200}, {3, 400}, {4, 800}, {5, 1000}, {60, 1000}})
        EXPECT_EQ(Duration(Milliseconds(ms)), delay_after(failures, backoff, std::nullopt, random));
}

TEST(Backoff, jitter_only_adds) {
    FixedRandom random;
    for (uint64_t value = 0; value < 1'000'000'000; value += 12'345'678) {
        random.value = value;
        const Duration delay = delay_after(1, backoff, std::nullopt, random);
        EXPECT_GE(delay, Milliseconds(100));
        EXPECT_LE(delay, Milliseconds(150));
    }
}

TEST(Backoff, nobody_comes_back_before_the_server_said) {
    FixedRandom random;
    EXPECT_EQ(Duration(Milliseconds(5000)), delay_after(1, backoff, Milliseconds(5000), random));
    EXPECT_EQ(Duration(Milliseconds(100)), delay_after(1, backoff, Milliseconds(1), random));
}

}  // namespace
}  // namespace milena::kube
