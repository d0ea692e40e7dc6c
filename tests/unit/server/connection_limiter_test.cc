#include "server/connection_limiter.h"

#include <gtest/gtest.h>

namespace milena::server {
namespace {

TEST(ConnectionLimiter, the_total_is_bounded) {
    ConnectionLimiter limiter({.total_max = 2, .per_ip_max = 10, .per_ip_overrides = {}});
    EXPECT_TRUE(limiter.admit("a", {}).is_admitted);
    EXPECT_TRUE(limiter.admit("b", {}).is_admitted);
    EXPECT_FALSE(limiter.admit("c", {}).is_admitted);
    limiter.leave("a");
    EXPECT_TRUE(limiter.admit("c", {}).is_admitted);
}

TEST(ConnectionLimiter, an_address_has_its_own_limit) {
    ConnectionLimiter limiter({.total_max = 10, .per_ip_max = 1, .per_ip_overrides = {{"b", 2}}});
    EXPECT_TRUE(limiter.admit("a", {}).is_admitted);
    EXPECT_FALSE(limiter.admit("a", {}).is_admitted);
    EXPECT_TRUE(limiter.admit("b", {}).is_admitted);
    EXPECT_TRUE(limiter.admit("b", {}).is_admitted);
    EXPECT_FALSE(limiter.admit("b", {}).is_admitted);
}

struct RateOfConnections : testing::Test {
    ConnectionLimiter limiter{{.total_max = 1'000, .per_ip_max = 1'000, .per_ip_overrides = {}}};
    Instant now{std::chrono::seconds(100)};

    void limit(const std::optional<std::string>& ip, double rate) {
        metadata::ClientQuotas quotas;
        quotas[{{"ip", ip}}]["connection_creation_rate"] = rate;
        limiter.adopt(std::make_shared<const metadata::ClientQuotas>(quotas));
    }
    // How many of so many at once.
    int admitted(const std::string& ip, int count) {
        int result = 0;
        for (int i = 0; i < count; ++i) result += limiter.admit(ip, now).is_admitted ? 1 : 0;
        return result;
    }
};

TEST_F(RateOfConnections, is_that_of_the_address) {
    limit("10.0.0.1", 2);
    EXPECT_EQ(admitted("10.0.0.1", 50), 20);  // the burst of a window
    EXPECT_EQ(admitted("10.0.0.2", 50), 50);
    now = now + std::chrono::seconds(20);
    EXPECT_EQ(admitted("10.0.0.1", 50), 20);
}

TEST_F(RateOfConnections, default_is_one_for_each_address) {
    limit(std::nullopt, 2);
    EXPECT_EQ(admitted("10.0.0.1", 50), 20);
    EXPECT_EQ(admitted("10.0.0.2", 50), 20);
}

TEST_F(RateOfConnections, address_is_the_same_however_it_is_written) {
    limit("0:0:0:0:0:0:0:1", 2);
    EXPECT_EQ(admitted("::1", 50), 20);
}

TEST_F(RateOfConnections, who_comes_too_fast_is_told_a_little_later) {
    limit("10.0.0.1", 1);
    EXPECT_EQ(admitted("10.0.0.1", 10), 10);
    const auto refused = limiter.admit("10.0.0.1", now);
    EXPECT_GT(refused.close_after, Duration{});
    EXPECT_LE(refused.close_after, std::chrono::seconds(1));
}

}  // namespace
}  // namespace milena::server
