#include "wire/batch_validation.h"

#include <limits>

#include <gtest/gtest.h>

#include "unit/wire_batch/batches.h"

namespace milena::wire {
namespace {

constexpr Timestamp now{1'700'000'000'000};
constexpr Codec all_codecs[] = {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd};

ValidationRules rules_at_now() {
    ValidationRules rules;
    rules.now = now;
    return rules;
}

Result<ValidatedBatch, BatchRejection> validate(ByteVector& batch, const ValidationRules& rules = rules_at_now()) {
    Codecs codecs;
    return validate_produced(batch, rules, codecs);
}

ErrorCode outcome(ByteVector batch, const ValidationRules& rules = rules_at_now()) {
    const auto validated = validate(batch, rules);
    return validated ? ErrorCode::none : validated.error().code;
}

template <class T>
ErrorCode outcome_with(size_t field, T value) {
    ByteVector batch = batch_of({"a", "b"});
    overwrite(batch, field, value);
    return outcome(batch);
}

TEST(BatchValidation, good_batch_stays_as_it_is) {
    for (const Codec codec : all_codecs) {
        ByteVector batch = batch_of({"a", "b", "c"}, {.codec = codec});
        const ByteVector before = batch;
        const auto validated = validate(batch);
        ASSERT_TRUE(validated);
        EXPECT_FALSE(validated->rebuilt);
        EXPECT_EQ(batch, before);
        EXPECT_EQ(validated->header, *parse_batch_header(before));
        EXPECT_EQ(validated->max_timestamp_offset_delta, 2);
        EXPECT_EQ(validated->first_timestamp, Timestamp(1000));
    }
}

TEST(BatchValidation, what_kafkas_producer_writes_is_good) {
    for (const char* name : {"none", "gzip", "snappy", "lz4", "zstd"}) {
        ByteVector batch = golden(name);
        const auto validated = validate(batch);
        ASSERT_TRUE(validated) << name;
        EXPECT_EQ(validated->header.records_count, 50);
        EXPECT_EQ(validated->max_timestamp_offset_delta, 7);
        EXPECT_EQ(batch, golden(name));
    }
}

TEST(BatchValidation, exactly_one_batch_is_wanted) {
    EXPECT_EQ(outcome({}), ErrorCode::invalid_record);
    const ByteVector one = batch_of({"a"});
    ByteVector two = one;
    two.insert(two.end(), one.begin(), one.end());
    EXPECT_EQ(outcome(two), ErrorCode::invalid_record);
    ByteVector longer = one;
    longer.push_back(std::byte{0});
    EXPECT_EQ(outcome(longer), ErrorCode::invalid_record);
    for (size_t size = 0; size < one.size(); ++size)
        EXPECT_EQ(outcome(ByteVector(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(size))),
                  ErrorCode::invalid_record);
}

TEST(BatchValidation, other_magics_and_impossible_lengths_are_refused) {
    EXPECT_EQ(outcome_with(batch_field::magic, int8_t{0}), ErrorCode::invalid_record);
    EXPECT_EQ(outcome_with(batch_field::magic, int8_t{1}), ErrorCode::invalid_record);
    EXPECT_EQ(outcome_with(batch_field::magic, int8_t{3}), ErrorCode::corrupt_message);
    EXPECT_EQ(outcome_with(batch_field::batch_length, int32_t{48}), ErrorCode::corrupt_message);
    EXPECT_EQ(outcome_with(batch_field::batch_length, int32_t{-7}), ErrorCode::corrupt_message);
    EXPECT_EQ(outcome_with(batch_field::batch_length, std::numeric_limits<int32_t>::max()), ErrorCode::invalid_record);
}

TEST(BatchValidation, wrong_checksum_is_corrupt) {
    ByteVector batch = batch_of({"value"});
    batch.back() ^= std::byte{1};
    EXPECT_EQ(outcome(batch), ErrorCode::corrupt_message);
}

TEST(BatchValidation, larger_than_allowed_is_too_large) {
    const ByteVector batch = batch_of({"value"});
    ValidationRules rules = rules_at_now();
    rules.bytes_max = batch.size();
    EXPECT_EQ(outcome(batch, rules), ErrorCode::none);
    rules.bytes_max = batch.size() - 1;
    EXPECT_EQ(outcome(batch, rules), ErrorCode::message_too_large);
}

TEST(BatchValidation, offsets_and_count_must_add_up) {
    EXPECT_EQ(outcome_with(batch_field::base_offset, int64_t{1}), ErrorCode::invalid_record);
    EXPECT_EQ(outcome_with(batch_field::last_offset_delta, int32_t{2}), ErrorCode::invalid_record);
    EXPECT_EQ(outcome_with(batch_field::last_offset_delta, int32_t{-1}), ErrorCode::invalid_record);
    EXPECT_EQ(outcome_with(batch_field::records_count, int32_t{0}), ErrorCode::invalid_record);
    EXPECT_EQ(outcome_with(batch_field::records_count, int32_t{-1}), ErrorCode::invalid_record);
    EXPECT_EQ(outcome_with(batch_field::records_count, int32_t{3}), ErrorCode::invalid_record);
}

TEST(BatchValidation, count_must_be_that_of_the_records) {
    const ByteVector two = byte_vector({12, 0, 0, 0, 1, 1, 0, 12, 0, 0, 2, 1, 1, 0});
    EXPECT_EQ(outcome(batch_around(two, 2)), ErrorCode::none);
    EXPECT_EQ(outcome(batch_around(two, 1)), ErrorCode::invalid_record);
    EXPECT_EQ(outcome(batch_around(two, 3)), ErrorCode::invalid_record);
    EXPECT_EQ(outcome(batch_around(two, std::numeric_limits<int32_t>::max())), ErrorCode::invalid_record);
}

TEST(BatchValidation, offsets_of_the_records_must_follow_each_other) {
    EXPECT_EQ(outcome(batch_around(byte_vector({12, 0, 0, 0, 1, 1, 0, 12, 0, 0, 0, 1, 1, 0}), 2)),
              ErrorCode::invalid_record);
    EXPECT_EQ(outcome(batch_around(byte_vector({12, 0, 0, 2, 1, 1, 0, 12, 0, 0, 0, 1, 1, 0}), 2)),
              ErrorCode::invalid_record);
}

TEST(BatchValidation, what_only_brokers_may_set_is_refused) {
    EXPECT_EQ(outcome_with(batch_field::attributes, batch_attribute::control), ErrorCode::invalid_record);
    EXPECT_EQ(outcome_with(batch_field::attributes, batch_attribute::delete_horizon), ErrorCode::invalid_record);
    EXPECT_EQ(outcome_with(batch_field::attributes, batch_attribute::log_append_time), ErrorCode::invalid_timestamp);
}

TEST(BatchValidation, unknown_codec_is_refused) {
    EXPECT_EQ(outcome_with(batch_field::attributes, int16_t{5}), ErrorCode::unsupported_compression_type);
    ValidationRules rules = rules_at_now();
    rules.accepts_zstd = false;
    EXPECT_EQ(outcome(batch_of({"a"}, {.codec = Codec::zstd}), rules), ErrorCode::unsupported_compression_type);
}

TEST(BatchValidation, producer_fields_must_fit_each_other) {
    const BatchOptions good{.producer_id = ProducerId(1), .producer_epoch = 0, .base_sequence = 0};
    EXPECT_EQ(outcome(batch_of({"a"}, good)), ErrorCode::none);
    BatchOptions options = good;
    options.base_sequence = no_sequence;
    EXPECT_EQ(outcome(batch_of({"a"}, options)), ErrorCode::invalid_record);
    options = good;
    options.producer_epoch = no_producer_epoch;
    EXPECT_EQ(outcome(batch_of({"a"}, options)), ErrorCode::invalid_producer_epoch);
    EXPECT_EQ(outcome(batch_of({"a"}, {.is_transactional = true})), ErrorCode::invalid_record);
}

TEST(BatchValidation, malformed_records_are_refused_in_every_codec) {
    const ByteVector section = byte_vector({12, 0, 0, 0, 3, 1, 0});  // a key of -2 bytes
    for (const Codec codec : all_codecs) {
        Compressor compressor;
        ByteVector packed;
        compressor.compress(codec, default_compression_level(codec), section, packed);
        EXPECT_EQ(outcome(batch_around(packed, 1, codec)), ErrorCode::invalid_record);
    }
}

TEST(BatchValidation, bytes_that_are_no_compressed_ones_are_refused) {
    const ByteVector section = byte_vector({12, 0, 0, 0, 1, 1, 0});
    for (const Codec codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
        EXPECT_EQ(outcome(batch_around(section, 1, codec)), ErrorCode::invalid_record);
        EXPECT_EQ(outcome(batch_around({}, 1, codec)), ErrorCode::invalid_record);
    }
}

TEST(BatchValidation, decompression_bomb_is_left_off_at_the_limit) {
    // One record that claims a value of 20 MB of zeroes, and has it.
    ByteVector section = byte_vector({0x92, 0xb4, 0x89, 0x13, 0, 0, 0, 1, 0x80, 0xb4, 0x89, 0x13});
    section.resize(section.size() + 20'000'000);
    section.push_back(std::byte{0});
    for (const Codec codec : {Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
        Compressor compressor;
        ByteVector packed;
        compressor.compress(codec, default_compression_level(codec), section, packed);
        ValidationRules rules = rules_at_now();
        rules.bytes_max = 10'000'000;
        EXPECT_EQ(outcome(batch_around(packed, 1, codec), rules), ErrorCode::none);
        rules.decompressed_bytes_max = 1'000'000;
        EXPECT_EQ(outcome(batch_around(packed, 1, codec), rules), ErrorCode::message_too_large);
        rules.codec = Codec::none;
        EXPECT_EQ(outcome(batch_around(packed, 1, codec), rules), ErrorCode::message_too_large);
    }
}

TEST(BatchValidation, timestamps_outside_of_the_range_are_refused_record_by_record) {
    ValidationRules rules = rules_at_now();
    rules.before_max_ms = 5000;
    rules.after_max_ms = 1000;
    EXPECT_EQ(outcome(batch_of({"a"}, {}, now - 5000), rules), ErrorCode::none);
    EXPECT_EQ(outcome(batch_of({"a"}, {}, now - 5001), rules), ErrorCode::invalid_timestamp);
    EXPECT_EQ(outcome(batch_of({"a"}, {}, now + 1000), rules), ErrorCode::none);
    EXPECT_EQ(outcome(batch_of({"a"}, {}, no_timestamp), rules), ErrorCode::none);

    ByteVector batch = batch_of({"a", "b", "c"}, {}, now + 999);
    const auto validated = validate(batch, rules);
    ASSERT_FALSE(validated);
    EXPECT_EQ(validated.error().code, ErrorCode::invalid_timestamp);
    ASSERT_EQ(validated.error().record_errors.size(), 1U);
    EXPECT_EQ(validated.error().record_errors.front().record_index, 2);
}

TEST(BatchValidation, compacted_topic_wants_keys) {
    RecordBatchBuilder builder(BatchOptions{});
    builder.add({.timestamp = now, .key = bytes_of("k"), .value = bytes_of("v"), .headers = {}});
    for (size_t i = 0; i < 2 * record_errors_max; ++i)
        builder.add({.timestamp = now, .key = {}, .value = bytes_of("v"), .headers = {}});
    ByteVector batch = builder.build();
    EXPECT_EQ(outcome(batch), ErrorCode::none);
    ValidationRules rules = rules_at_now();
    rules.is_compacted = true;
    const auto validated = validate(batch, rules);
    ASSERT_FALSE(validated);
    EXPECT_EQ(validated.error().code, ErrorCode::invalid_record);
    EXPECT_EQ(validated.error().record_errors.size(), record_errors_max);
    EXPECT_EQ(validated.error().record_errors.front().record_index, 1);
}

TEST(BatchValidation, wrong_maximum_timestamp_is_put_right) {
    ByteVector batch = batch_of({"a", "b"});
    overwrite(batch, batch_field::max_timestamp, int64_t{7});
    const auto validated = validate(batch);
    ASSERT_TRUE(validated);
    EXPECT_EQ(validated->header.max_timestamp, Timestamp(1001));
    EXPECT_TRUE(crc_matches(batch));
    EXPECT_EQ(batch, batch_of({"a", "b"}));
}

TEST(BatchValidation, log_append_time_takes_the_brokers_clock_and_any_own_timestamp) {
    ByteVector batch = batch_of({"a", "b"}, {.codec = Codec::lz4}, now + 10'000'000);
    ValidationRules rules = rules_at_now();
    EXPECT_EQ(outcome(batch, rules), ErrorCode::invalid_timestamp);
    rules.timestamp_type = TimestampType::log_append_time;
    const auto validated = validate(batch, rules);
    ASSERT_TRUE(validated);
    EXPECT_EQ(validated->header.timestamp_type(), TimestampType::log_append_time);
    EXPECT_EQ(validated->header.max_timestamp, now);
    EXPECT_EQ(validated->max_timestamp_offset_delta, 0);
    EXPECT_TRUE(crc_matches(batch));
}

TEST(BatchValidation, another_codec_of_the_topic_rebuilds_the_batch) {
    for (const Codec from : all_codecs) {
        for (const Codec to : all_codecs) {
            const BatchOptions options{
                .codec = from, .producer_id = ProducerId(9), .producer_epoch = 1, .base_sequence = 5};
            ByteVector batch = batch_of({"first", "second"}, options);
            ValidationRules rules = rules_at_now();
            rules.codec = to;
            const auto validated = validate(batch, rules);
            ASSERT_TRUE(validated);
            ASSERT_EQ(validated->rebuilt.has_value(), from != to);
            BatchOptions expected = options;
            expected.codec = to;
            EXPECT_EQ(validated->rebuilt.value_or(batch), batch_of({"first", "second"}, expected));
        }
    }
}

TEST(BatchValidation, rebuilt_batch_may_be_too_large) {
    const std::string value(1000, 'x');
    ValidationRules rules = rules_at_now();
    rules.bytes_max = 500;
    EXPECT_EQ(outcome(batch_of({value}, {.codec = Codec::zstd}), rules), ErrorCode::none);
    rules.codec = Codec::none;
    EXPECT_EQ(outcome(batch_of({value}, {.codec = Codec::zstd}), rules), ErrorCode::message_too_large);
}

}  // namespace
}  // namespace milena::wire
