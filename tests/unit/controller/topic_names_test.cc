#include "controller/topic_names.h"

#include <gtest/gtest.h>

namespace milena::controller {
namespace {

TEST(TopicNames, legal_characters_and_lengths) {
    for (const char* name : {"a", "A-Z.a_z-09", "...", "__consumer_offsets"})
        EXPECT_FALSE(reason_topic_name_refused(name).has_value()) << name;
    for (const char* name : {"", ".", "..", "a b", "a:b", "ü"})
        EXPECT_TRUE(reason_topic_name_refused(name).has_value()) << name;
    EXPECT_FALSE(reason_topic_name_refused(std::string(249, 'x')).has_value());
    EXPECT_TRUE(reason_topic_name_refused(std::string(250, 'x')).has_value());
}

TEST(TopicNames, dot_and_underscore_collide) {
    EXPECT_EQ(metric_name("a.b"), metric_name("a_b"));
    EXPECT_EQ(metric_name("a.b"), metric_name("a.b"));
    EXPECT_NE(metric_name("a.b"), metric_name("a-b"));
    EXPECT_NE(metric_name("a.b"), metric_name("a.bb"));
}

}  // namespace
}  // namespace milena::controller
