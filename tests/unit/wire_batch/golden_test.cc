// The batches in golden/ were written by Kafka (golden/README.md); here the same records are built by us.
#include <gtest/gtest.h>

#include "unit/wire_batch/batches.h"

namespace milena::wire {
namespace {

constexpr Timestamp start{1'700'000'000'000};

void add_small(RecordBatchBuilder& builder, int index) {
    const std::string id = std::to_string(index);
    const std::string key = "key-" + id;
    const std::string header_value = "v" + id;
    std::string value;
    for (int i = 0; i <= index % 7; ++i) value += "value-" + id + " ";
    const std::vector<RecordHeader> headers = {
        {"h", bytes_of(header_value)}, {"empty", bytes_of("")}, {"null", std::nullopt}};
    NewRecord record{.timestamp = start + (index == 7 ? 100'000 : 10 * index), .key = {}, .value = {}, .headers = {}};
    if (index % 3 != 0) record.key = bytes_of(key);
    if (index % 5 != 4) record.value = bytes_of(value);
    if (index % 4 == 0) record.headers = headers;
    builder.add(record);
}

void add_large(RecordBatchBuilder& builder, int index) {
    const std::string key = "k" + std::to_string(index);
    const std::string value =
        "line " + std::to_string(index) + " of a text that is long enough to fill several blocks of every codec";
    builder.add({.timestamp = start + index, .key = bytes_of(key), .value = bytes_of(value), .headers = {}});
}

ByteVector build_small(int records_count, BatchOptions options) {
    options.partition_leader_epoch = LeaderEpoch(7);
    RecordBatchBuilder builder(options);
    for (int i = 0; i < records_count; ++i) add_small(builder, i);
    return builder.build();
}

ByteVector section_of_large() {
    RecordBatchBuilder builder(BatchOptions{});
    for (int i = 0; i < 3000; ++i) add_large(builder, i);
    const ByteVector batch = builder.build();
    const auto section = records_section(batch);
    return {section.begin(), section.end()};
}

TEST(Golden, uncompressed_batch_is_kafkas_byte_for_byte) { EXPECT_EQ(build_small(50, {}), golden("none")); }

TEST(Golden, append_time_batch_is_kafkas_byte_for_byte) {
    EXPECT_EQ(build_small(3, {.base_offset = Offset(1000), .log_append_time = Timestamp(1'800'000'000'000)}),
              golden("append_time"));
}

TEST(Golden, transactional_batch_is_kafkas_byte_for_byte) {
    EXPECT_EQ(build_small(5, {.base_offset = Offset(int64_t{1} << 40),
                              .producer_id = ProducerId(4711),
                              .producer_epoch = 3,
                              .base_sequence = 2'147'483'645,
                              .is_transactional = true}),
              golden("transactional"));
}

TEST(Golden, commit_marker_is_kafkas_byte_for_byte) {
    RecordBatchBuilder builder({.base_offset = Offset(42),
                                .partition_leader_epoch = LeaderEpoch(7),
                                .producer_id = ProducerId(4711),
                                .producer_epoch = 3,
                                .is_transactional = true,
                                .is_control = true});
    const ByteVector key = byte_vector({0, 0, 0, 1});
    const ByteVector value = byte_vector({0, 0, 0, 0, 0, 9});
    builder.add({.timestamp = start, .key = key, .value = value, .headers = {}});
    EXPECT_EQ(builder.build(), golden("commit_marker"));
}

TEST(Golden, emptied_batch_has_a_range_and_no_records) {
    const ByteVector batch = golden("emptied");
    const BatchHeader header = *parse_batch_header(batch);
    EXPECT_TRUE(crc_matches(batch));
    EXPECT_EQ(header.base_offset, Offset(500));
    EXPECT_EQ(header.last_offset(), Offset(509));
    EXPECT_EQ(header.records_count, 0);
    const auto record = RecordCursor(header, records_section(batch)).next();
    ASSERT_TRUE(record);
    EXPECT_FALSE(record->has_value());
}

class GoldenCodec : public testing::TestWithParam<std::pair<const char*, Codec>> {
  protected:
    ByteVector section_of(const ByteVector& batch) {
        Decompressor decompressor;
        ByteVector memory;
        const auto section = uncompressed_records(batch, 1 << 20, decompressor, memory);
        EXPECT_TRUE(section);
        return section ? ByteVector(section->begin(), section->end()) : ByteVector();
    }
};

TEST_P(GoldenCodec, small_batch_holds_the_same_records_as_the_uncompressed_one) {
    const ByteVector batch = golden(GetParam().first);
    const BatchHeader header = *parse_batch_header(batch);
    EXPECT_TRUE(crc_matches(batch));
    EXPECT_EQ(header.compression(), GetParam().second);
    EXPECT_EQ(header.size_bytes(), batch.size());
    const auto expected = golden("none");
    EXPECT_EQ(text_of(section_of(batch)), text_of(records_section(expected)));
}

TEST_P(GoldenCodec, large_batch_decompresses_to_what_we_build) {
    const ByteVector batch = golden(std::string(GetParam().first) + "_large");
    EXPECT_EQ(section_of(batch), section_of_large());
}

INSTANTIATE_TEST_SUITE_P(Codecs, GoldenCodec,
                         testing::Values(std::pair("gzip", Codec::gzip), std::pair("snappy", Codec::snappy),
                                         std::pair("lz4", Codec::lz4), std::pair("zstd", Codec::zstd)),
                         [](const auto& codec) { return codec.param.first; });

}  // namespace
}  // namespace milena::wire
