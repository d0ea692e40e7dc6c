#include "wire/record.h"

#include <limits>

#include <gtest/gtest.h>

#include "unit/wire_batch/batches.h"

namespace milena::wire {
namespace {

BatchHeader header_for(int32_t records_count) {
    BatchHeader header;
    header.base_offset = Offset(10);
    header.base_timestamp = Timestamp(1000);
    header.last_offset_delta = records_count - 1;
    header.records_count = records_count;
    return header;
}

// Whether `section` is one well-formed record.
bool is_record(std::initializer_list<int> section) {
    const ByteVector bytes = byte_vector(section);
    RecordCursor cursor(header_for(1), bytes);
    const auto record = cursor.next();
    if (!record) return false;
    return record->has_value() && cursor.next().has_value();
}

TEST(Record, smallest_record_has_neither_key_nor_value) {
    const ByteVector section = byte_vector({12, 0, 0, 0, 1, 1, 0});
    RecordCursor cursor(header_for(1), section);
    const auto record = cursor.next();
    ASSERT_TRUE(record && *record);
    EXPECT_EQ((*record)->offset, Offset(10));
    EXPECT_EQ((*record)->timestamp, Timestamp(1000));
    EXPECT_FALSE((*record)->key);
    EXPECT_FALSE((*record)->value);
    EXPECT_TRUE((*record)->headers.empty());
    EXPECT_FALSE(cursor.next()->has_value());
}

TEST(Record, empty_is_not_null) {
    const ByteVector section = byte_vector({12, 0, 0, 0, 0, 0, 0});
    const auto record = RecordCursor(header_for(1), section).next();
    ASSERT_TRUE(record && *record);
    EXPECT_EQ((*record)->key->size(), 0U);
    EXPECT_EQ((*record)->value->size(), 0U);
}

TEST(Record, headers_come_in_order_and_may_have_null_values) {
    // Two headers: "a" = "xy", "" = null.
    const ByteVector section = byte_vector({26, 0, 0, 0, 1, 1, 4, 2, 'a', 4, 'x', 'y', 0, 1});
    const auto record = RecordCursor(header_for(1), section).next();
    ASSERT_TRUE(record && *record);
    ASSERT_EQ((*record)->headers.size(), 2U);
    auto header = (*record)->headers.begin();
    EXPECT_EQ(header->key, "a");
    EXPECT_EQ(text_of(*header->value), "xy");
    ++header;
    EXPECT_EQ(header->key, "");
    EXPECT_FALSE(header->value);
    ++header;
    EXPECT_TRUE(header == (*record)->headers.end());
}

TEST(Record, every_prefix_is_refused) {
    const ByteVector section = byte_vector({26, 0, 0, 0, 1, 1, 4, 2, 'a', 4, 'x', 'y', 0, 1});
    for (size_t size = 0; size < section.size(); ++size)
        EXPECT_FALSE(RecordCursor(header_for(1), std::span<const std::byte>(section).first(size)).next()) << size;
}

TEST(Record, length_that_does_not_fit_its_content_is_refused) {
    EXPECT_TRUE(is_record({12, 0, 0, 0, 1, 1, 0}));
    EXPECT_FALSE(is_record({10, 0, 0, 0, 1, 1, 0}));     // a byte too few
    EXPECT_FALSE(is_record({14, 0, 0, 0, 1, 1, 0, 0}));  // a byte too many
    EXPECT_FALSE(is_record({11, 0, 0, 0, 1, 1, 0}));     // negative
    EXPECT_FALSE(is_record({0}));
}

TEST(Record, negative_lengths_other_than_null_are_refused) {
    EXPECT_FALSE(is_record({12, 0, 0, 0, 3, 1, 0}));                             // key of -2
    EXPECT_FALSE(is_record({12, 0, 0, 0, 1, 3, 0}));                             // value of -2
    EXPECT_FALSE(is_record({16, 0, 0, 0, 1, 1, 2, 1, 1}));                       // header key of -1
    EXPECT_FALSE(is_record({16, 0, 0, 0, 1, 1, 2, 0, 3}));                       // header value of -2
    EXPECT_FALSE(is_record({12, 0, 0, 0, 1, 1, 1}));                             // -1 headers
    EXPECT_FALSE(is_record({20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 0}));  // key of -2147483648
}

TEST(Record, lengths_beyond_the_record_are_refused) {
    EXPECT_FALSE(is_record({12, 0, 0, 0, 10, 1, 0}));
    EXPECT_FALSE(is_record({20, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0x0f, 1, 0}));  // key of 2147483647
    EXPECT_FALSE(is_record({0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 1, 1, 0}));   // record of 2147483647
}

TEST(Record, more_headers_than_bytes_are_refused) {
    EXPECT_FALSE(is_record({20, 0, 0, 0, 1, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f}));
    EXPECT_FALSE(is_record({16, 0, 0, 0, 1, 1, 4, 0, 1}));
}

TEST(Record, over_long_varints_are_refused) {
    EXPECT_TRUE(is_record({14, 0, 0x80, 0, 0, 1, 1, 0}));
    EXPECT_FALSE(is_record({22, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 1, 1, 0}));  // offset delta of six bytes
    EXPECT_FALSE(is_record({20, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x10, 1, 1, 0}));     // a 33rd bit
    EXPECT_FALSE(
        is_record({32, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02, 0, 1, 1, 0, 0}));  // a 65th bit
}

TEST(Record, timestamp_that_overflows_is_refused) {
    const ByteVector section =
        byte_vector({30, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 1, 1, 0});
    EXPECT_FALSE(RecordCursor(header_for(1), section).next());
    BatchHeader header = header_for(1);
    header.base_timestamp = Timestamp(0);
    EXPECT_EQ((*RecordCursor(header, section).next())->timestamp.value, std::numeric_limits<int64_t>::max());
}

TEST(Record, offsets_must_rise_within_the_batch) {
    const auto outcome = [](int first_delta, int second_delta, int32_t last_offset_delta) {
        const ByteVector section =
            byte_vector({12, 0, 0, 2 * first_delta, 1, 1, 0, 12, 0, 0, 2 * second_delta, 1, 1, 0});
        BatchHeader header = header_for(2);
        header.last_offset_delta = last_offset_delta;
        RecordCursor cursor(header, section);
        return cursor.next().has_value() && cursor.next().has_value();
    };
    EXPECT_TRUE(outcome(0, 1, 1));
    EXPECT_TRUE(outcome(3, 9, 9));  // compaction leaves gaps
    EXPECT_FALSE(outcome(1, 1, 1));
    EXPECT_FALSE(outcome(1, 0, 1));
    EXPECT_FALSE(outcome(0, 2, 1));
}

TEST(Record, count_of_the_header_must_be_met_exactly) {
    const ByteVector section = byte_vector({12, 0, 0, 0, 1, 1, 0, 12, 0, 0, 2, 1, 1, 0});
    RecordCursor too_few(header_for(1), section);
    ASSERT_TRUE(too_few.next());
    EXPECT_FALSE(too_few.next());
    RecordCursor too_many(header_for(3), section);
    ASSERT_TRUE(too_many.next());
    ASSERT_TRUE(too_many.next());
    EXPECT_FALSE(too_many.next());
    EXPECT_FALSE(too_many.next());
}

TEST(Record, log_append_time_replaces_the_records_own) {
    const ByteVector batch = batch_of({"a"}, {.log_append_time = Timestamp(99)});
    const auto record = RecordCursor(*parse_batch_header(batch), records_section(batch)).next();
    EXPECT_EQ((*record)->timestamp, Timestamp(99));
}

}  // namespace
}  // namespace milena::wire
