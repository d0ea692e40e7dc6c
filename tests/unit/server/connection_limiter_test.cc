#include "server/connection_limiter.h"

#include <gtest/gtest.h>

namespace milena::server {
namespace {

TEST(ConnectionLimiter, the_total_is_bounded) {
    ConnectionLimiter limiter({.total_max = 2, .per_ip_max = 10, .per_ip_overrides = {}});
    EXPECT_TRUE(limiter.admit("a", {}));
    EXPECT_TRUE(limiter.admit("b", {}));
    EXPECT_FALSE(limiter.admit("c", {}));
    limiter.leave("a");
    EXPECT_TRUE(limiter.admit("c", {}));
}

TEST(ConnectionLimiter, an_address_has_its_own_limit) {
    ConnectionLimiter limiter({.total_max = 10, .per_ip_max = 1, .per_ip_overrides = {{"b", 2}}});
    EXPECT_TRUE(limiter.admit("a", {}));
    EXPECT_FALSE(limiter.admit("a", {}));
    EXPECT_TRUE(limiter.admit("b", {}));
    EXPECT_TRUE(limiter.admit("b", {}));
    EXPECT_FALSE(limiter.admit("b", {}));
}

}  // namespace
}  // namespace milena::server
