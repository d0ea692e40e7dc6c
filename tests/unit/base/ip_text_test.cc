#include "base/ip_text.h"

#include <gtest/gtest.h>

namespace milena {
namespace {

TEST(IpText, every_writing_of_an_address_has_one_shortest_form) {
    for (const char* text : {"::1", "0:0:0:0:0:0:0:1", "0000::0001"}) EXPECT_EQ(shortest_ip(text), "::1") << text;
    EXPECT_EQ(shortest_ip("2001:DB8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
    EXPECT_EQ(shortest_ip("127.0.0.1"), "127.0.0.1");
}

TEST(IpText, a_name_is_no_address) {
    for (const char* text : {"localhost", "", "1.2.3", "::g", "127.0.0.1 "}) EXPECT_FALSE(shortest_ip(text)) << text;
}

TEST(IpText, java_writes_all_groups_without_leading_zeros) {
    EXPECT_EQ(java_ip("::1"), "0:0:0:0:0:0:0:1");
    EXPECT_EQ(java_ip("2001:db8::a00:1"), "2001:db8:0:0:0:0:a00:1");
    EXPECT_EQ(java_ip("fe80::1%eth0"), "fe80:0:0:0:0:0:0:1%eth0");
    EXPECT_EQ(java_ip("10.0.0.7"), "10.0.0.7");
}

}  // namespace
}  // namespace milena
