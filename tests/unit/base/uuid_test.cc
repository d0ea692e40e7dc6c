#include "base/uuid.h"

#include <gtest/gtest.h>

namespace milena {
namespace {

TEST(Uuid, text_is_kafkas_base64) {
    EXPECT_EQ((Uuid{0, 1}).to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
    EXPECT_EQ((Uuid{0x0123456789abcdef, 0xfedcba9876543210}).to_string(), "ASNFZ4mrze_-3LqYdlQyEA");
}

TEST(Uuid, parse_reads_back_what_to_string_wrote) {
    const Uuid id{0x8877665544332211, 0x00ffeeddccbbaa99};
    EXPECT_EQ(Uuid::parse(id.to_string()), id);
}

TEST(Uuid, parse_refuses_wrong_length_alphabet_and_dangling_bits) {
    EXPECT_FALSE(Uuid::parse("AAAAAAAAAAAAAAAAAAAAA"));
    EXPECT_FALSE(Uuid::parse("AAAAAAAAAAAAAAAAAAAA+Q"));
    EXPECT_FALSE(Uuid::parse("AAAAAAAAAAAAAAAAAAAAAB"));
}

}  // namespace
}  // namespace milena
