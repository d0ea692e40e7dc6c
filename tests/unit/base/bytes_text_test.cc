#include "base/bytes_text.h"

#include <limits>

#include <gtest/gtest.h>

namespace milena {
namespace {

TEST(BytesText, is_as_short_as_people_want_it) {
    EXPECT_EQ(bytes_text(0), "0 B");
    EXPECT_EQ(bytes_text(999), "999 B");
    EXPECT_EQ(bytes_text(1500), "1.5 kB");
    EXPECT_EQ(bytes_text(20'000'000'000), "20.0 GB");
    EXPECT_EQ(bytes_text(std::numeric_limits<uint64_t>::max()), "18446.7 PB");
}

}  // namespace
}  // namespace milena
