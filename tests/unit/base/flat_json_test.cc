#include "base/flat_json.h"

#include <gtest/gtest.h>

namespace milena {
namespace {

TEST(FlatJson, value_is_found_by_its_name_whatever_blanks_there_are) {
    EXPECT_EQ(flat_json_number<int64_t>(R"({"version":0,"brokerEpoch":12345678901})", "brokerEpoch"), 12345678901);
    EXPECT_EQ(flat_json_number<int32_t>("{ \"a\" : 1 ,\n\t\"b\" :\r\n -7\t}\n", "b"), -7);
    EXPECT_EQ(flat_json_value(R"({"id":"x y" })", "id"), R"("x y")");
}

TEST(FlatJson, what_is_missing_or_cut_off_has_no_value) {
    for (const char* text : {"", "{", "{}", R"({"epoch)", R"({"epoch")", R"({"epoch":)", R"({"epoch": )",
                             R"({"epoch":1)", R"({"epochs":1})", R"({"epoch" 1})"})
        EXPECT_FALSE(flat_json_value(text, "epoch").has_value()) << text;
}

TEST(FlatJson, what_is_no_number_or_too_large_for_one_is_none) {
    for (const char* text : {R"({"epoch":"1"})", R"({"epoch":1.5})", R"({"epoch":})", R"({"epoch":99999999999})"})
        EXPECT_FALSE(flat_json_number<int32_t>(text, "epoch").has_value()) << text;
}

}  // namespace
}  // namespace milena
