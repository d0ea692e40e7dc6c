#include "group/partition_for.h"

#include <string>

#include <gtest/gtest.h>

namespace milena::group {
namespace {

TEST(PartitionFor, a_text_has_the_hash_that_java_gives_it) {
    EXPECT_EQ(java_hash(""), 0);
    EXPECT_EQ(java_hash("a"), 97);
    EXPECT_EQ(java_hash("my-group"), -1906497762);
    EXPECT_EQ(java_hash("console-consumer-12345"), 158455506);
    EXPECT_EQ(java_hash("größe"), 98762257);
    EXPECT_EQ(java_hash("grp-😀"), -1235730613);
}

TEST(PartitionFor, the_smallest_hash_belongs_to_the_first_partition) {
    EXPECT_EQ(java_hash("polygenelubricants"), INT32_MIN);
    EXPECT_EQ(partition_for("polygenelubricants", 50), PartitionIndex(0));
}

TEST(PartitionFor, the_partition_is_the_hash_without_sign_modulo_the_count) {
    EXPECT_EQ(partition_for("my-group", 50), PartitionIndex(1906497762 % 50));
    EXPECT_EQ(partition_for("a", 50), PartitionIndex(47));
    EXPECT_EQ(partition_for("a", 1), PartitionIndex(0));
}

TEST(PartitionFor, bytes_that_are_no_text_have_a_hash_as_well) {
    EXPECT_EQ(java_hash("\xff"), 0xfffd);
    EXPECT_EQ(java_hash("\xc3"), 0xfffd);
    EXPECT_EQ(java_hash(std::string("a\xf0\x9f", 3)), (97 * 31 + 0xfffd) * 31 + 0xfffd);
}

}  // namespace
}  // namespace milena::group
