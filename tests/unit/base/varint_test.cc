#include "base/varint.h"

#include <array>
#include <limits>

#include <gtest/gtest.h>

namespace milena {
namespace {

constexpr std::array<int64_t, 13> interesting{0,
                                              1,
                                              -1,
                                              63,
                                              -64,
                                              64,
                                              -65,
                                              1'000'000,
                                              -1'000'000,
                                              std::numeric_limits<int32_t>::max(),
                                              std::numeric_limits<int32_t>::min(),
                                              std::numeric_limits<int64_t>::max(),
                                              std::numeric_limits<int64_t>::min()};

TEST(Varint, signed_values_survive_a_round_trip_in_as_many_bytes_as_announced) {
    for (const int64_t value : interesting) {
        std::array<std::byte, varlong_bytes_max> memory;
        const size_t bytes = write_varint(memory.data(), value);
        EXPECT_EQ(bytes, varint_size(value));
        const auto read = read_varlong(std::span(memory).first(bytes));
        EXPECT_EQ(read.value, value);
        EXPECT_EQ(read.bytes, bytes);
    }
}

TEST(Varint, truncated_input_reads_as_zero_bytes) {
    std::array<std::byte, varlong_bytes_max> memory;
    const size_t bytes = write_unsigned_varint(memory.data(), 1U << 30);
    for (size_t length = 0; length < bytes; ++length)
        EXPECT_EQ(read_unsigned_varint(std::span(memory).first(length)).bytes, 0U);
}

TEST(Varint, more_bits_than_the_type_holds_are_refused) {
    std::array<std::byte, varlong_bytes_max> memory;
    memory.fill(std::byte{0xff});
    EXPECT_EQ(read_unsigned_varint(memory).bytes, 0U);
    EXPECT_EQ(read_unsigned_varlong(memory).bytes, 0U);
    memory[4] = std::byte{0x10};
    EXPECT_EQ(read_unsigned_varint(memory).bytes, 0U);
    memory[4] = std::byte{0x0f};
    EXPECT_EQ(read_unsigned_varint(memory).value, 0xffffffffU);
}

TEST(Varint, thirty_two_bit_reader_agrees_with_the_long_one) {
    for (const int64_t value : interesting) {
        if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) continue;
        std::array<std::byte, varlong_bytes_max> memory;
        const size_t bytes = write_varint(memory.data(), value);
        EXPECT_EQ(read_varint(std::span(memory).first(bytes)).value, value);
    }
}

}  // namespace
}  // namespace milena
