#include "wire/record_batch.h"

#include <limits>

#include <gtest/gtest.h>

#include "unit/wire_batch/batches.h"

namespace milena::wire {
namespace {

TEST(RecordBatch, header_survives_store_and_load) {
    BatchHeader header;
    header.base_offset = Offset(0x0102030405060708);
    header.batch_length = 0x11223344;
    header.partition_leader_epoch = LeaderEpoch(0x21222324);
    header.crc = 0xfedcba98;
    header.attributes = 0x7c;
    header.last_offset_delta = 0x31323334;
    header.base_timestamp = Timestamp(0x4142434445464748);
    header.max_timestamp = Timestamp(0x5152535455565758);
    header.producer_id = ProducerId(0x6162636465666768);
    header.producer_epoch = 0x7172;
    header.base_sequence = 0x01828384;
    header.records_count = 0x11929394;
    std::array<std::byte, batch_header_bytes> bytes;
    store_batch_header(bytes, header);
    EXPECT_EQ(load_batch_header(bytes), header);
}

TEST(RecordBatch, too_short_for_a_header_is_truncated) {
    const ByteVector batch = batch_of({"a"});
    for (size_t size = 0; size < batch_header_bytes; ++size)
        EXPECT_EQ(parse_batch_header(std::span(batch).first(size)).error(), BatchFault::truncated);
    EXPECT_TRUE(parse_batch_header(std::span(batch).first(batch_header_bytes)));
}

template <class T>
bool is_corrupt_with(size_t field, T value) {
    ByteVector batch = batch_of({"a", "b"});
    overwrite(batch, field, value);
    const auto header = parse_batch_header(batch);
    return !header && header.error() == BatchFault::corrupt;
}

TEST(RecordBatch, implausible_header_is_corrupt) {
    EXPECT_TRUE(is_corrupt_with(batch_field::magic, int8_t{1}));
    EXPECT_TRUE(is_corrupt_with(batch_field::magic, int8_t{3}));
    EXPECT_TRUE(is_corrupt_with(batch_field::batch_length, int32_t{48}));
    EXPECT_TRUE(is_corrupt_with(batch_field::batch_length, int32_t{-1}));
    EXPECT_TRUE(is_corrupt_with(batch_field::attributes, int16_t{5}));
    EXPECT_TRUE(is_corrupt_with(batch_field::last_offset_delta, int32_t{-1}));
    EXPECT_TRUE(is_corrupt_with(batch_field::records_count, int32_t{-1}));
    EXPECT_TRUE(is_corrupt_with(batch_field::base_offset, int64_t{-1}));
    EXPECT_TRUE(is_corrupt_with(batch_field::base_offset, std::numeric_limits<int64_t>::max() - 1));
    EXPECT_FALSE(is_corrupt_with(batch_field::base_offset, std::numeric_limits<int64_t>::max() - 2));
}

TEST(RecordBatch, last_sequence_wraps_to_zero) {
    BatchHeader header;
    header.base_sequence = std::numeric_limits<int32_t>::max() - 1;
    header.last_offset_delta = 3;
    EXPECT_EQ(header.last_sequence(), 1);
    header.base_sequence = no_sequence;
    EXPECT_EQ(header.last_sequence(), no_sequence);
}

TEST(RecordBatch, a_flipped_bit_under_the_checksum_is_noticed) {
    ByteVector batch = batch_of({"value"});
    EXPECT_TRUE(crc_matches(batch));
    for (size_t at = batch_field::crc; at < batch.size(); ++at) {
        batch[at] ^= std::byte{0x10};
        EXPECT_FALSE(crc_matches(batch)) << at;
        batch[at] ^= std::byte{0x10};
    }
}

TEST(RecordBatch, offset_and_epoch_are_patched_outside_of_the_checksum) {
    ByteVector batch = batch_of({"a", "b"});
    patch_base_offset(batch, Offset(77));
    patch_partition_leader_epoch(batch, LeaderEpoch(5));
    EXPECT_TRUE(crc_matches(batch));
    const BatchHeader header = *parse_batch_header(batch);
    EXPECT_EQ(header.base_offset, Offset(77));
    EXPECT_EQ(header.next_offset(), Offset(79));
    EXPECT_EQ(header.partition_leader_epoch, LeaderEpoch(5));
}

TEST(RecordBatch, patched_timestamp_type_keeps_the_other_attributes_and_a_right_checksum) {
    ByteVector batch = batch_of({"a"}, {.codec = Codec::zstd, .producer_id = ProducerId(1), .is_transactional = true});
    const BatchHeader before = *parse_batch_header(batch);
    patch_max_timestamp(batch, TimestampType::log_append_time, Timestamp(5000));
    EXPECT_TRUE(crc_matches(batch));
    BatchHeader after = *parse_batch_header(batch);
    EXPECT_EQ(after.timestamp_type(), TimestampType::log_append_time);
    EXPECT_EQ(after.max_timestamp, Timestamp(5000));
    EXPECT_EQ(after.compression(), Codec::zstd);
    EXPECT_TRUE(after.is_transactional());
    patch_max_timestamp(batch, TimestampType::create_time, before.max_timestamp);
    EXPECT_EQ(*parse_batch_header(batch), before);
}

class BatchCursorTest : public testing::Test {
  protected:
    BatchCursorTest() : first_(batch_of({"a", "b"})), second_(batch_of({"c"}, {.base_offset = Offset(2)})) {
        range_ = first_;
        range_.insert(range_.end(), second_.begin(), second_.end());
    }

    ByteVector first_, second_, range_;
};

TEST_F(BatchCursorTest, gives_every_batch_and_then_nothing) {
    BatchCursor cursor(range_);
    const auto one = cursor.next();
    ASSERT_TRUE(one && *one);
    EXPECT_EQ((*one)->header.records_count, 2);
    EXPECT_EQ((*one)->bytes.size(), first_.size());
    EXPECT_EQ((*one)->position, 0U);
    const auto two = cursor.next();
    ASSERT_TRUE(two && *two);
    EXPECT_EQ((*two)->header.base_offset, Offset(2));
    EXPECT_EQ((*two)->position, first_.size());
    const auto end = cursor.next();
    ASSERT_TRUE(end);
    EXPECT_FALSE(end->has_value());
    EXPECT_EQ(cursor.position(), range_.size());
}

TEST_F(BatchCursorTest, calls_a_range_that_ends_within_a_batch_truncated_and_stays_before_it) {
    for (size_t size = first_.size() + 1; size < range_.size(); ++size) {
        BatchCursor cursor(std::span<const std::byte>(range_).first(size));
        ASSERT_TRUE(cursor.next());
        EXPECT_EQ(cursor.next().error(), BatchFault::truncated);
        EXPECT_EQ(cursor.next().error(), BatchFault::truncated);
        EXPECT_EQ(cursor.position(), first_.size());
    }
}

TEST_F(BatchCursorTest, calls_garbage_corrupt) {
    range_[first_.size() + batch_field::magic] = std::byte{9};
    BatchCursor cursor(range_);
    ASSERT_TRUE(cursor.next());
    EXPECT_EQ(cursor.next().error(), BatchFault::corrupt);
    EXPECT_EQ(cursor.position(), first_.size());
}

TEST_F(BatchCursorTest, finds_nothing_in_an_empty_range) {
    const auto end = BatchCursor({}).next();
    ASSERT_TRUE(end);
    EXPECT_FALSE(end->has_value());
}

}  // namespace
}  // namespace milena::wire
