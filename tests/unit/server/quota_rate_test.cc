#include "server/quota_rate.h"

#include <gtest/gtest.h>

namespace milena::server {
namespace {

using namespace std::chrono_literals;

constexpr QuotaWindow window{.samples = 11, .sample_length = 1s};

struct Rate : testing::Test {
    QuotaRate rate;
    Instant now{100s};

    void record(double amount) { rate.record(amount, window, now); }
    double per_second() { return rate.per_second(window, now); }
};

TEST_F(Rate, is_taken_over_all_samples_but_one_from_the_start) {
    record(1000);
    EXPECT_DOUBLE_EQ(per_second(), 100);
    now = now + 500ms;
    EXPECT_DOUBLE_EQ(per_second(), 1000 / 10.5);
}

TEST_F(Rate, of_steady_use_is_what_is_used) {
    for (int i = 0; i < 300; ++i, now = now + 100ms) record(50);
    EXPECT_NEAR(per_second(), 500, 50);
}

TEST_F(Rate, forgets_what_is_older_than_the_window) {
    record(1000);
    now = now + 11s;
    EXPECT_EQ(per_second(), 0);
    EXPECT_TRUE(rate.is_unused(window, now));
}

TEST_F(Rate, is_within_the_limit_again_after_the_throttle_time) {
    record(3000);
    const Duration throttle = rate.throttle_time(100, window, now);
    EXPECT_EQ(throttle, 20s);  // 3000 are 30 seconds' worth, 10 of which the window gives
    EXPECT_EQ(rate.throttle_time(300, window, now), 0s);
}

TEST_F(Rate, who_uses_ten_times_his_limit_and_keeps_away_when_told_uses_his_limit) {
    constexpr double limit = 1000;
    const Instant begin = now;
    double used = 0;
    while (now - begin < 300s) {
        record(100);
        used += 100;
        now = now + std::max<Duration>(rate.throttle_time(limit, window, now), 10ms);
    }
    EXPECT_NEAR(used / 300, limit, limit * 0.1);
}

TEST_F(Rate, what_is_taken_back_was_not_used) {
    record(1000);
    record(-1000);
    EXPECT_TRUE(rate.is_unused(window, now));
    EXPECT_EQ(rate.throttle_time(1, window, now), 0s);
}

TEST_F(Rate, tiniest_limit_throttles_for_as_long_as_a_client_can_be_told) {
    record(1e18);
    EXPECT_EQ(rate.throttle_time(1e-6, window, now), Milliseconds(INT32_MAX));
}

struct Bucket : testing::Test {
    TokenBucket bucket;
    Instant now{100s};
};

TEST_F(Bucket, allows_a_burst_of_a_whole_window_and_then_the_rate) {
    bucket.record(22, 2, window, now);
    EXPECT_EQ(bucket.throttle_time(2, window, now), 0s);
    bucket.record(1, 2, window, now);
    EXPECT_EQ(bucket.throttle_time(2, window, now), 500ms);
    now = now + 500ms;
    EXPECT_EQ(bucket.throttle_time(2, window, now), 0s);
}

TEST_F(Bucket, is_full_again_after_a_window_and_no_fuller) {
    bucket.record(22, 2, window, now);
    EXPECT_FALSE(bucket.is_full(2, window, now));
    now = now + 100s;
    EXPECT_TRUE(bucket.is_full(2, window, now));
    bucket.record(24, 2, window, now);
    EXPECT_EQ(bucket.throttle_time(2, window, now), 1s);
}

}  // namespace
}  // namespace milena::server
