#include "group/subscription.h"

#include <gtest/gtest.h>

#include "unit/group/coordinator_fixture.h"

namespace milena::group {
namespace {

using Topics = std::set<std::string, std::less<>>;

TEST(Subscription, its_topics_are_read) {
    Topics topics;
    EXPECT_TRUE(read_subscribed_topics(subscription({"a", "b"}), topics));
    EXPECT_EQ(topics, (Topics{"a", "b"}));
}

TEST(Subscription, what_a_later_version_adds_is_no_concern) {
    Topics topics;
    std::string text(subscription({"a"}).view());
    text[1] = 3;
    EXPECT_TRUE(read_subscribed_topics(bytes_of(text + "more of it"), topics));
    EXPECT_EQ(topics, Topics{"a"});
}

TEST(Subscription, no_other_bytes_are_taken_for_one) {
    Topics topics;
    const std::string text(subscription({"abc"}).view());
    for (size_t size = 0; size < text.size(); ++size)
        EXPECT_FALSE(read_subscribed_topics(bytes_of(text.substr(0, size)), topics)) << size;
    EXPECT_FALSE(read_subscribed_topics(bytes_of("\xff\xff" + text.substr(2)), topics));
    EXPECT_FALSE(read_subscribed_topics(bytes_of(std::string("\0\0\x7f\xff\xff\xff", 6)), topics));
}

}  // namespace
}  // namespace milena::group
