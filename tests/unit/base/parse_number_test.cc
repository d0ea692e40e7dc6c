#include "base/parse_number.h"

#include <gtest/gtest.h>

namespace milena {
namespace {

TEST(ParseNumber, takes_the_whole_text_or_nothing) {
    EXPECT_EQ(parse_number<int32_t>("12"), 12);
    EXPECT_EQ(parse_number<int32_t>(""), std::nullopt);
    EXPECT_EQ(parse_number<int32_t>("12 "), std::nullopt);
    EXPECT_EQ(parse_number<int32_t>("9999999999"), std::nullopt);
}

}  // namespace
}  // namespace milena
