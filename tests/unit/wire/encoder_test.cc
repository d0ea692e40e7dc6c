#include "wire/encoder.h"

#include <string>

#include <gtest/gtest.h>

#include "unit/wire/bytes_of.h"
#include "wire/decoder.h"

namespace milena::wire {
namespace {

Bytes block(size_t size) { return Bytes::from(std::vector<std::byte>(size, std::byte{7})); }

TEST(Encoder, lengths_are_plain_or_compact) {
    Encoder plain;
    plain.string("hi");
    plain.null_string();
    plain.null_array();
    plain.array_count(1);
    EXPECT_EQ(std::move(plain).finish().joined(),
              bytes_of({0, 2, 'h', 'i', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1}));
    Encoder compact;
    compact.begin(0, true);
    compact.string("hi");
    compact.null_string();
    compact.null_array();
    compact.array_count(1);
    EXPECT_EQ(std::move(compact).finish().joined(), bytes_of({3, 'h', 'i', 0, 0, 2}));
}

TEST(Encoder, buffer_grows_and_keeps_what_was_written) {
    Encoder to(4);
    for (int32_t i = 0; i < 1000; ++i) to.fixed(i);
    const Bytes whole = std::move(to).finish().joined();
    Decoder from(whole);
    for (int32_t i = 0; i < 1000; ++i) ASSERT_EQ(from.fixed<int32_t>(), i);
    EXPECT_EQ(from.left(), 0U);
}

TEST(Encoder, long_bytes_are_spliced_and_short_ones_copied) {
    const Bytes large = block(Encoder::splice_bytes_min);
    const Bytes small = block(Encoder::splice_bytes_min - 1);
    Encoder to;
    to.bytes(small);
    to.bytes(large);
    to.fixed<int8_t>(1);
    const EncodedFrame frame = std::move(to).finish();
    ASSERT_EQ(frame.parts.size(), 3U);
    EXPECT_EQ(frame.parts[1].memory().data(), large.data());
    EXPECT_EQ(frame.parts[1].memory().owner(), large.owner());
    EXPECT_EQ(frame.size, 4 + small.size() + 4 + large.size() + 1);
    EXPECT_EQ(frame.joined().size(), frame.size);
}

TEST(Encoder, slices_are_one_byte_string_of_several_pieces) {
    const Bytes first = block(1000);
    const Bytes second = block(2000);
    Encoder to;
    to.bytes(Slices({first, second}));
    const EncodedFrame frame = std::move(to).finish();
    ASSERT_EQ(frame.parts.size(), 3U);
    EXPECT_EQ(frame.parts[1].memory().data(), first.data());
    EXPECT_EQ(frame.parts[2].memory().data(), second.data());
    const Bytes whole = frame.joined();
    Decoder from(whole);
    EXPECT_EQ(from.bytes().size(), 3000U);
}

TEST(Encoder, empty_frame_has_one_empty_part) {
    const EncodedFrame frame = Encoder().finish();
    ASSERT_EQ(frame.parts.size(), 1U);
    EXPECT_EQ(frame.size, 0U);
}

TEST(Encoder, overlong_text_is_cut_at_what_readers_accept) {
    Encoder to;
    to.string(std::string(40000, 'x'));
    const Bytes whole = std::move(to).finish().joined();
    Decoder from(whole);
    EXPECT_EQ(from.string().size(), 32767U);
    EXPECT_FALSE(from.has_failed());
}

TEST(Encoder, tagged_field_carries_its_size_however_long_that_is) {
    for (const size_t size : {0U, 1U, 127U, 128U, 300U, 20000U}) {
        Encoder to(16);
        to.begin(0, true);
        to.unsigned_varint(1);
        const auto mark = to.begin_tag(5);
        for (size_t i = 0; i < size; ++i) to.fixed<int8_t>(9);
        to.end_tag(mark);
        to.fixed<int8_t>(77);
        const Bytes whole = std::move(to).finish().joined();
        Decoder from(whole);
        from.tags([&](uint32_t tag) {
            EXPECT_EQ(tag, 5U);
            EXPECT_EQ(from.left(), size);
            return false;
        });
        EXPECT_EQ(from.fixed<int8_t>(), 77) << size;
    }
}

TEST(Encoder, splices_inside_a_tagged_field_stay_where_they_belong) {
    const Bytes large = block(1000);
    Encoder to;
    to.begin(0, true);
    to.unsigned_varint(1);
    const auto mark = to.begin_tag(0);
    to.fixed<int8_t>(1);
    to.bytes(large);
    to.fixed<int8_t>(2);
    to.end_tag(mark);
    const Bytes whole = std::move(to).finish().joined();
    Decoder from(whole);
    from.begin(0, true);
    from.tags([&](uint32_t) {
        EXPECT_EQ(from.fixed<int8_t>(), 1);
        EXPECT_EQ(from.bytes(), large);
        EXPECT_EQ(from.fixed<int8_t>(), 2);
        return true;
    });
    EXPECT_FALSE(from.has_failed());
    EXPECT_EQ(from.left(), 0U);
}

}  // namespace
}  // namespace milena::wire
