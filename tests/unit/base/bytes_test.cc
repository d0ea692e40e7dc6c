#include "base/bytes.h"

#include <gtest/gtest.h>

namespace milena {
namespace {

TEST(Bytes, slice_shares_the_memory_and_keeps_it_alive) {
    Bytes part;
    const std::byte* memory = nullptr;
    {
        const Bytes whole = Bytes::copy_of("0123456789");
        memory = whole.data();
        part = whole.slice(3, 4);
    }
    EXPECT_EQ(part.view(), "3456");
    EXPECT_EQ(part.data(), memory + 3);
}

TEST(Bytes, equality_is_that_of_content) {
    EXPECT_EQ(Bytes::copy_of("abc"), Bytes::copy_of("abc"));
    EXPECT_FALSE(Bytes::copy_of("abc") == Bytes::copy_of("abd"));
    EXPECT_EQ(Bytes(), Bytes::copy_of(""));
}

TEST(BytesDeathTest, slice_beyond_the_end_aborts) {
    const Bytes whole = Bytes::copy_of("abc");
    EXPECT_DEATH((void)whole.slice(2, 2), "check failed");
}

}  // namespace
}  // namespace milena
