#include "base/utf8.h"

#include <gtest/gtest.h>

namespace milena {
namespace {

constexpr std::string_view characters =
    "a\x7f \xc2\x80 \xc3\xa9 \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf";

TEST(Utf8, characters_stay_as_they_are) {
    EXPECT_EQ(to_utf8(""), "");
    EXPECT_EQ(to_utf8(characters), characters);
    EXPECT_EQ(to_utf8(std::string_view("a\0b", 3)), std::string_view("a\0b", 3));
}

TEST(Utf8, what_is_no_character_is_replaced_byte_by_byte) {
    const std::string bad = "\xef\xbf\xbd";
    EXPECT_EQ(to_utf8("a\x80z"), "a" + bad + "z");                            // continues nothing
    EXPECT_EQ(to_utf8("\xc3"), bad);                                          // ends early
    EXPECT_EQ(to_utf8("\xe2\x82z"), bad + bad + "z");                         // likewise
    EXPECT_EQ(to_utf8("\xc0\x80"), bad + bad);                                // longer than need be
    EXPECT_EQ(to_utf8("\xe0\x9f\xbf"), bad + bad + bad);                      // likewise
    EXPECT_EQ(to_utf8("\xf0\x8f\xbf\xbf"), bad + bad + bad + bad);            // likewise
    EXPECT_EQ(to_utf8("\xed\xa0\x80"), bad + bad + bad);                      // half of a pair of UTF-16
    EXPECT_EQ(to_utf8("\xf4\x90\x80\x80\xff"), bad + bad + bad + bad + bad);  // beyond U+10FFFF
}

}  // namespace
}  // namespace milena
