#include "wire/decoder.h"

#include <string>

#include <gtest/gtest.h>

#include "unit/wire/bytes_of.h"

namespace milena::wire {
namespace {

Decoder decoder_of(const Bytes& frame, bool flexible) {
    Decoder from(frame);
    from.begin(0, flexible);
    return from;
}

TEST(Decoder, numbers_are_big_endian) {
    Decoder from(bytes_of({0x01, 0x02, 0xff, 0xfe, 0x80}));
    EXPECT_EQ(from.fixed<int16_t>(), 0x0102);
    EXPECT_EQ(from.fixed<int16_t>(), -2);
    EXPECT_EQ(from.fixed<int8_t>(), -128);
    EXPECT_EQ(from.left(), 0U);
    EXPECT_FALSE(from.has_failed());
}

TEST(Decoder, number_beyond_the_end_is_a_fault_at_its_offset) {
    Decoder from(bytes_of({0, 1, 2, 3, 4}));
    from.fixed<int32_t>();
    EXPECT_EQ(from.fixed<int16_t>(), 0);
    ASSERT_TRUE(from.has_failed());
    EXPECT_EQ(from.fault().offset, 4U);
}

TEST(Decoder, first_fault_sticks_and_everything_after_is_zero) {
    Decoder from(bytes_of({0, 1, 2, 3}));
    from.fail("first");
    EXPECT_EQ(from.fixed<int8_t>(), 0);
    EXPECT_EQ(from.string(), "");
    EXPECT_STREQ(from.fault().reason, "first");
    EXPECT_EQ(from.fault().offset, 0U);
}

TEST(Decoder, string_points_into_the_frame) {
    const Bytes frame = bytes_of({0, 2, 'h', 'i'});
    Decoder from = decoder_of(frame, false);
    const std::string_view text = from.string();
    EXPECT_EQ(text, "hi");
    EXPECT_EQ(static_cast<const void*>(text.data()), static_cast<const void*>(frame.data() + 2));
}

TEST(Decoder, null_string_is_null_only_where_null_is_allowed) {
    Decoder allowed = decoder_of(bytes_of({0xff, 0xff}), false);
    EXPECT_EQ(allowed.nullable_string(), std::nullopt);
    EXPECT_FALSE(allowed.has_failed());
    Decoder forbidden = decoder_of(bytes_of({0xff, 0xff}), false);
    forbidden.string();
    EXPECT_TRUE(forbidden.has_failed());
}

TEST(Decoder, compact_length_is_one_more_than_the_length) {
    Decoder from = decoder_of(bytes_of({3, 'h', 'i', 1, 0}), true);
    EXPECT_EQ(from.string(), "hi");
    EXPECT_EQ(from.string(), "");
    EXPECT_EQ(from.nullable_string(), std::nullopt);
    EXPECT_FALSE(from.has_failed());
}

TEST(Decoder, lengths_beyond_the_frame_and_below_minus_one_are_faults) {
    for (const Bytes& frame : {bytes_of({0, 3, 'h', 'i'}), bytes_of({0xff, 0xfe, 'h', 'i'})}) {
        Decoder from = decoder_of(frame, false);
        from.nullable_string();
        EXPECT_TRUE(from.has_failed());
    }
    Decoder compact = decoder_of(bytes_of({0xff, 0xff, 0xff, 0xff, 0x0f, 'h'}), true);
    compact.nullable_bytes();
    EXPECT_TRUE(compact.has_failed());
}

TEST(Decoder, string_longer_than_32767_bytes_is_a_fault) {
    std::vector<std::byte> memory(40000);
    memory[0] = std::byte{0x81};  // unsigned varint of 32,769: 32,768 bytes
    memory[1] = std::byte{0x80};
    memory[2] = std::byte{0x02};
    Decoder from = decoder_of(Bytes::from(std::move(memory)), true);
    from.string();
    ASSERT_TRUE(from.has_failed());
    EXPECT_STREQ(from.fault().reason, "string too long");
}

TEST(Decoder, bytes_share_the_owner_of_the_frame) {
    Bytes content;
    {
        const Bytes frame = bytes_of({0, 0, 0, 2, 7, 8});
        Decoder from = decoder_of(frame, false);
        content = from.bytes();
        EXPECT_EQ(content.owner(), frame.owner());
    }
    EXPECT_EQ(content, bytes_of({7, 8}));
}

TEST(Decoder, count_is_checked_against_what_the_frame_can_hold) {
    Decoder fits = decoder_of(bytes_of({0, 0, 0, 2, 0, 0, 0, 0}), false);
    EXPECT_EQ(fits.array_count(2, 8), 2);
    Decoder lies = decoder_of(bytes_of({0, 0, 0, 3, 0, 0, 0, 0}), false);
    EXPECT_EQ(lies.array_count(2, 8), 0);
    EXPECT_TRUE(lies.has_failed());
    Decoder huge = decoder_of(bytes_of({0x7f, 0xff, 0xff, 0xff}), false);
    huge.array_count(1, 8);
    EXPECT_TRUE(huge.has_failed());
}

TEST(Decoder, elements_may_take_only_so_much_memory) {
    const Bytes frame = Bytes::from(std::vector<std::byte>(1000, std::byte{0x7f}));
    Decoder modest = decoder_of(frame, true);
    EXPECT_EQ(modest.array_count(1, 500), 126);
    Decoder greedy = decoder_of(frame, true);
    EXPECT_EQ(greedy.array_count(1, 500), 126);
    EXPECT_EQ(greedy.array_count(1, 500), 0);
    ASSERT_TRUE(greedy.has_failed());
    EXPECT_STREQ(greedy.fault().reason, "more elements than a message may have");
}

TEST(Decoder, elements_are_at_most_a_million_however_small) {
    std::vector<std::byte> memory(8 << 20);
    store_big_endian(memory.data(), int32_t{1} << 20);
    const Bytes frame = Bytes::from(std::move(memory));
    EXPECT_EQ(decoder_of(frame, false).array_count(1, 1), 1 << 20);
    store_big_endian(const_cast<std::byte*>(frame.data()), (int32_t{1} << 20) + 1);
    Decoder greedy = decoder_of(frame, false);
    EXPECT_EQ(greedy.array_count(1, 1), 0);
    EXPECT_TRUE(greedy.has_failed());
}

TEST(Decoder, overlong_varint_is_a_fault) {
    Decoder from(bytes_of({0x80, 0x80, 0x80, 0x80, 0x10}));
    from.unsigned_varint();
    EXPECT_TRUE(from.has_failed());
}

TEST(Decoder, unknown_tagged_fields_are_read_over) {
    Decoder from(bytes_of({2, 0, 1, 42, 9, 2, 1, 2, 77}));
    from.skip_tags();
    EXPECT_FALSE(from.has_failed());
    EXPECT_EQ(from.fixed<int8_t>(), 77);
}

TEST(Decoder, tagged_field_may_not_be_longer_than_the_frame) {
    Decoder from(bytes_of({1, 0, 5, 1, 2}));
    from.skip_tags();
    EXPECT_TRUE(from.has_failed());
}

TEST(Decoder, tagged_fields_come_once_and_in_ascending_order) {
    for (const Bytes& frame : {bytes_of({2, 3, 0, 1, 0}), bytes_of({2, 3, 0, 3, 0})}) {
        Decoder from(frame);
        from.skip_tags();
        EXPECT_TRUE(from.has_failed());
    }
}

TEST(Decoder, known_tagged_field_is_read_within_its_bounds) {
    Decoder whole(bytes_of({1, 0, 2, 1, 2}));
    whole.tags([&](uint32_t) { return whole.fixed<int16_t>() == 0x0102; });
    EXPECT_FALSE(whole.has_failed());
    Decoder over(bytes_of({1, 0, 2, 1, 2, 3, 4}));
    over.tags([&](uint32_t) { return over.fixed<int32_t>() == 0; });
    EXPECT_TRUE(over.has_failed());
    Decoder under(bytes_of({1, 0, 2, 1, 2}));
    under.tags([&](uint32_t) { return under.fixed<int8_t>() == 1; });
    EXPECT_TRUE(under.has_failed());
}

}  // namespace
}  // namespace milena::wire
