#include "base/crc32c.h"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace milena {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(Crc32c, has_the_check_value_of_the_standard) { EXPECT_EQ(crc32c(bytes_of("123456789")), 0xe3069283U); }

TEST(Crc32c, of_32_zero_bytes_is_that_of_rfc_3720) {
    const std::vector<std::byte> zeroes(32);
    EXPECT_EQ(crc32c(zeroes), 0x8a9136aaU);
}

TEST(Crc32c, fast_and_portable_agree_at_every_length_and_alignment) {
    std::vector<std::byte> data(10'000);
    uint32_t state = 1;
    for (std::byte& b : data) b = static_cast<std::byte>((state = state * 1664525 + 1013904223) >> 24);
    for (size_t length = 0; length < data.size(); length += 1 + length / 7) {
        for (size_t start = 0; start < 9 && start + length <= data.size(); ++start) {
            const auto part = std::span(data).subspan(start, length);
            const auto seed = static_cast<uint32_t>(length * start);
            ASSERT_EQ(crc32c(part, seed), crc32c_portable(part, seed)) << length << " from " << start;
        }
    }
}

TEST(Crc32c, goes_on_from_a_seed) {
    EXPECT_EQ(crc32c(bytes_of("56789"), crc32c(bytes_of("1234"))), crc32c(bytes_of("123456789")));
}

}  // namespace
}  // namespace milena
