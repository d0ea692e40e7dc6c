#include "settings/properties.h"

#include <gtest/gtest.h>

namespace milena::settings {
namespace {

// Every property as name|value@line.
std::string read(std::string_view text) {
    const auto properties = parse_properties(text);
    if (!properties) return "error@" + std::to_string(properties.error().line);
    std::string read;
    for (const Property& property : *properties) {
        read += property.name + "|" + property.value + "@" + std::to_string(property.line) + ";";
    }
    return read;
}

TEST(Properties, names_end_at_the_first_separator_of_any_kind) {
    EXPECT_EQ(read("a=b"), "a|b@1;");
    EXPECT_EQ(read("a:b"), "a|b@1;");
    EXPECT_EQ(read("a b"), "a|b@1;");
    EXPECT_EQ(read(" \t a \t = \t b"), "a|b@1;");
    EXPECT_EQ(read("a==b"), "a|=b@1;");
    EXPECT_EQ(read("a = :b"), "a|:b@1;");
    EXPECT_EQ(read("a  b = c"), "a|b = c@1;");
}

TEST(Properties, a_value_may_be_missing_and_keeps_its_trailing_blanks) {
    EXPECT_EQ(read("a"), "a|@1;");
    EXPECT_EQ(read("a="), "a|@1;");
    EXPECT_EQ(read("=b"), "|b@1;");
    EXPECT_EQ(read("a=b  "), "a|b  @1;");
}

TEST(Properties, comments_and_blank_lines_count_as_lines) {
    EXPECT_EQ(read("# one\n\n  ! two = 2\na=b # no comment\n"), "a|b # no comment@4;");
    EXPECT_EQ(read(""), "");
    EXPECT_EQ(read("\n \n\t\n"), "");
}

TEST(Properties, all_line_ends_are_understood) { EXPECT_EQ(read("a=1\rb=2\r\nc=3\n"), "a|1@1;b|2@2;c|3@3;"); }

TEST(Properties, an_odd_number_of_backslashes_continues_a_line) {
    EXPECT_EQ(read("a=1,\\\n   2,\\\r\n\t3\nb=4"), "a|1,2,3@1;b|4@4;");
    EXPECT_EQ(read("a=1\\\\\nb=2"), "a|1\\@1;b|2@2;");
    EXPECT_EQ(read("a=1\\"), "a|1@1;");
    EXPECT_EQ(read("a=1\\\n# not a comment"), "a|1# not a comment@1;");
    EXPECT_EQ(read("\\\na=1"), "a|1@1;");
}

TEST(Properties, escapes_work_in_names_and_values) {
    EXPECT_EQ(read("a\\ b\\:c\\=d=e\\tf\\ng\\x"), "a b:c=d|e\tf\ngx@1;");
    EXPECT_EQ(read("a=C:\\\\data"), "a|C:\\data@1;");
}

TEST(Properties, unicode_escapes_become_utf8) {
    EXPECT_EQ(read("a=\\u0041\\u00e9\\u20AC"), "a|A\xC3\xA9\xE2\x82\xAC@1;");
    EXPECT_EQ(read("a=\\ud83d\\ude00"), "a|\xF0\x9F\x98\x80@1;");
    EXPECT_EQ(read("a=\\ud83dx"), "a|\xEF\xBF\xBDx@1;");
    EXPECT_EQ(read("a=\xC3\xA9"), "a|\xC3\xA9@1;");
    EXPECT_EQ(read("\xEF\xBB\xBF"
                   "a=b"),
              "a|b@1;");
}

TEST(Properties, a_malformed_unicode_escape_is_reported_with_its_line) {
    EXPECT_EQ(read("a=1\nb=\\u12g4"), "error@2");
    EXPECT_EQ(read("a=\\u12"), "error@1");
    EXPECT_EQ(read("a=\\u"), "error@1");
}

}  // namespace
}  // namespace milena::settings
