#include "wire/record_batch_builder.h"

#include <random>

#include <gtest/gtest.h>

#include "unit/wire_batch/batches.h"
#include "wire/batch_validation.h"

namespace milena::wire {
namespace {

struct Model {
    Timestamp timestamp;
    Offset offset;
    std::optional<ByteVector> key;
    std::optional<ByteVector> value;
    std::vector<std::pair<std::string, std::optional<ByteVector>>> headers;
};

class RandomRecords {
  public:
    explicit RandomRecords(uint32_t seed) : random_(seed) {}

    size_t below(size_t bound) { return random_() % bound; }
    Model record(Offset offset) {
        Model model;
        model.offset = offset;
        model.timestamp = Timestamp(1'000'000 + static_cast<int64_t>(below(100'000)) - 50'000);
        model.key = bytes(200);
        model.value = bytes(below(20) == 0 ? 100'000 : 200);
        for (size_t i = below(8) < 6 ? 0 : below(100); i > 0; --i)
            model.headers.emplace_back(std::string(below(70), 'h'), bytes(100));
        return model;
    }

  private:
    std::optional<ByteVector> bytes(size_t size_bound) {
        if (below(10) == 0) return std::nullopt;
        ByteVector out(below(size_bound));
        for (size_t i = 0; i < out.size(); i += 1 + below(8)) out[i] = static_cast<std::byte>(random_());
        return out;
    }

    std::mt19937 random_;
};

void add(RecordBatchBuilder& builder, const Model& model) {
    std::vector<RecordHeader> headers;
    for (const auto& [key, value] : model.headers) headers.push_back({key, value});
    builder.add_at(model.offset,
                   {.timestamp = model.timestamp, .key = model.key, .value = model.value, .headers = headers});
}

void expect_equal(const std::optional<std::span<const std::byte>>& part, const std::optional<ByteVector>& expected) {
    ASSERT_EQ(part.has_value(), expected.has_value());
    EXPECT_TRUE(!part || std::equal(part->begin(), part->end(), expected->begin(), expected->end()));
}

void expect_equal(const Record& record, const Model& model) {
    EXPECT_EQ(record.offset, model.offset);
    EXPECT_EQ(record.timestamp, model.timestamp);
    expect_equal(record.key, model.key);
    expect_equal(record.value, model.value);
    ASSERT_EQ(record.headers.size(), model.headers.size());
    auto expected = model.headers.begin();
    for (const RecordHeader& header : record.headers) {
        EXPECT_EQ(header.key, expected->first);
        expect_equal(header.value, expected->second);
        ++expected;
    }
}

TEST(RecordBatchBuilder, what_is_built_is_what_the_cursor_gives) {
    Codecs codecs;
    ByteVector memory;
    for (uint32_t seed = 0; seed < 150; ++seed) {
        RandomRecords random(seed);
        const bool has_gaps = random.below(2) == 0;
        const Offset base(static_cast<int64_t>(random.below(1'000'000'000)));
        RecordBatchBuilder builder({.base_offset = base, .codec = static_cast<Codec>(seed % 5)});
        std::vector<Model> models;
        Offset offset = base;
        for (size_t i = 1 + random.below(60); i > 0; --i) {
            if (has_gaps) offset = offset + static_cast<int64_t>(random.below(1000));
            models.push_back(random.record(offset));
            ++offset;
            add(builder, models.back());
        }
        const ByteVector batch = builder.build(codecs.compressor);
        ASSERT_TRUE(crc_matches(batch));
        const BatchHeader header = *parse_batch_header(batch);
        ASSERT_EQ(header.size_bytes(), batch.size());
        ASSERT_EQ(header.last_offset(), models.back().offset);
        const auto section = uncompressed_records(batch, size_t{1} << 30, codecs.decompressor, memory);
        ASSERT_TRUE(section);
        RecordCursor cursor(header, *section);
        for (const Model& model : models) {
            const auto record = cursor.next();
            ASSERT_TRUE(record && *record) << seed;
            expect_equal(**record, model);
        }
        ASSERT_TRUE(cursor.next());
    }
}

TEST(RecordBatchBuilder, what_is_built_without_gaps_passes_validation_in_pieces_and_whole) {
    Codecs codecs;
    for (uint32_t seed = 0; seed < 100; ++seed) {
        RandomRecords random(1000 + seed);
        RecordBatchBuilder builder({.codec = static_cast<Codec>(seed % 5)});
        Timestamp timestamp_max = no_timestamp;
        for (size_t i = 1 + random.below(60); i > 0; --i) {
            const Model model = random.record(Offset(static_cast<int64_t>(builder.records_count())));
            timestamp_max = std::max(timestamp_max, model.timestamp);
            add(builder, model);
        }
        ByteVector batch = builder.build(codecs.compressor);
        ValidationRules rules;
        rules.bytes_max = 100'000'000;
        const auto validated = validate_produced(batch, rules, codecs);
        ASSERT_TRUE(validated) << seed << " " << validated.error().message;
        EXPECT_EQ(validated->header.max_timestamp, timestamp_max);
    }
}

TEST(RecordBatchBuilder, batch_reaches_as_far_as_it_is_extended) {
    RecordBatchBuilder builder({.base_offset = Offset(5)});
    builder.add_at(Offset(7), {.timestamp = Timestamp(1), .key = {}, .value = bytes_of("v"), .headers = {}});
    builder.extend_to(Offset(12));
    const ByteVector batch = builder.build();
    const BatchHeader header = *parse_batch_header(batch);
    EXPECT_EQ(header.base_offset, Offset(5));
    EXPECT_EQ(header.last_offset(), Offset(12));
    EXPECT_EQ((*RecordCursor(header, records_section(batch)).next())->offset, Offset(7));
}

TEST(RecordBatchBuilder, emptied_batch_is_kafkas) {
    RecordBatchBuilder builder({.base_offset = Offset(500),
                                .partition_leader_epoch = LeaderEpoch(7),
                                .producer_id = ProducerId(4711),
                                .producer_epoch = 3,
                                .base_sequence = 10,
                                .is_transactional = true});
    builder.extend_to(Offset(509));
    ByteVector batch = builder.build();
    patch_max_timestamp(batch, TimestampType::create_time, Timestamp(1'700'000'000'000));
    EXPECT_EQ(batch, golden("emptied"));
}

TEST(RecordBatchBuilder, delete_horizon_takes_the_place_of_the_base_timestamp) {
    RecordBatchBuilder builder({.delete_horizon = Timestamp(9'000)});
    builder.add({.timestamp = Timestamp(1'000), .key = bytes_of("k"), .value = {}, .headers = {}});
    const ByteVector batch = builder.build();
    const BatchHeader header = *parse_batch_header(batch);
    EXPECT_EQ(header.delete_horizon(), Timestamp(9'000));
    EXPECT_EQ(header.max_timestamp, Timestamp(1'000));
    EXPECT_EQ((*RecordCursor(header, records_section(batch)).next())->timestamp, Timestamp(1'000));
}

TEST(RecordBatchBuilder, size_is_that_of_the_uncompressed_batch) {
    RecordBatchBuilder builder(BatchOptions{});
    EXPECT_EQ(builder.size_bytes(), batch_header_bytes);
    builder.add({.timestamp = Timestamp(1), .key = {}, .value = bytes_of("v"), .headers = {}});
    const size_t size = builder.size_bytes();
    EXPECT_EQ(builder.build().size(), size);
}

}  // namespace
}  // namespace milena::wire
