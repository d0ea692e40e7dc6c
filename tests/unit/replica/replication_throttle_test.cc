#include "replica/replication_throttle.h"

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

using std::chrono::milliseconds;

Instant at_ms(int ms) { return {milliseconds(100'000 + ms)}; }

TEST(ReplicationThrottleTest, nothing_waits_without_a_rate) {
    ReplicationThrottle throttle;
    throttle.charge(1 << 30, at_ms(0));
    EXPECT_TRUE(throttle.is_open(at_ms(0)));
}

TEST(ReplicationThrottleTest, what_was_sent_is_paid_for_by_a_pause) {
    ReplicationThrottle throttle;
    throttle.limit(1000);
    throttle.charge(3000, at_ms(0));
    EXPECT_FALSE(throttle.is_open(at_ms(1999)));
    EXPECT_TRUE(throttle.is_open(at_ms(2000)));
}

TEST(ReplicationThrottleTest, a_second_without_sending_may_be_made_up_for_and_no_more) {
    ReplicationThrottle throttle;
    throttle.limit(1000);
    throttle.charge(1000, at_ms(60'000));
    EXPECT_TRUE(throttle.is_open(at_ms(60'000)));
    throttle.charge(100, at_ms(60'000));
    EXPECT_FALSE(throttle.is_open(at_ms(60'000)));
    EXPECT_TRUE(throttle.is_open(at_ms(60'100)));
}

TEST(ReplicationThrottleTest, whoever_looks_only_now_and_then_sends_at_the_whole_rate) {
    ReplicationThrottle throttle;
    throttle.limit(1'000'000);
    size_t sent = 0;
    for (int ms = 0; ms < 10'000; ms += 100)
        for (; throttle.is_open(at_ms(ms)); sent += 10'000) throttle.charge(10'000, at_ms(ms));
    EXPECT_GE(sent, 9'900'000U);
    EXPECT_LE(sent, 11'100'000U);
}

TEST(ReplicationThrottleTest, another_rate_forgives_and_the_same_one_does_not) {
    ReplicationThrottle throttle;
    throttle.limit(1);
    throttle.charge(1 << 20, at_ms(0));
    throttle.limit(1);
    EXPECT_FALSE(throttle.is_open(at_ms(1000)));
    throttle.limit(ReplicationThrottle::unlimited);
    EXPECT_TRUE(throttle.is_open(at_ms(1000)));
}

TEST(ReplicationThrottleTest, no_rate_is_too_small_for_an_end_of_the_pause) {
    ReplicationThrottle throttle;
    throttle.limit(0);
    throttle.charge(1 << 30, at_ms(0));
    EXPECT_FALSE(throttle.is_open(at_ms(1000)));
    EXPECT_TRUE(throttle.is_open(at_ms(3'600'000)));
}

}  // namespace
}  // namespace milena::replica
