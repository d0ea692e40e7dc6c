#include "wire/compression.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>
#include <lz4frame.h>
#include <snappy-c.h>
#include <zstd.h>

#include "unit/wire_batch/batches.h"

namespace milena::wire {
namespace {

constexpr size_t unlimited = size_t{1} << 30;

ByteVector some_text(size_t size) {
    static constexpr std::string_view words[] = {"broker ", "offset ", "replica ", "epoch ", "leader ", "0123456789 "};
    std::mt19937 random(42);
    std::string text;
    while (text.size() < size) text += words[random() % std::size(words)];
    const auto bytes = bytes_of(text).first(size);
    return {bytes.begin(), bytes.end()};
}

ByteVector compressed(Codec codec, std::span<const std::byte> plain) {
    Compressor compressor;
    ByteVector output;
    compressor.compress(codec, default_compression_level(codec), plain, output);
    return output;
}

Result<ByteVector> decompressed(Codec codec, std::span<const std::byte> input, size_t bytes_max = unlimited) {
    Decompressor decompressor;
    ByteVector output;
    RETURN_IF_ERROR(decompressor.decompress_all(codec, input, bytes_max, output));
    return output;
}

ByteVector snappy_block(std::span<const std::byte> plain) {
    size_t length = snappy_max_compressed_length(plain.size());
    ByteVector block(length);
    EXPECT_EQ(snappy_compress(reinterpret_cast<const char*>(plain.data()), plain.size(),
                              reinterpret_cast<char*>(block.data()), &length),
              SNAPPY_OK);
    block.resize(length);
    return block;
}

class EveryCodec : public testing::TestWithParam<Codec> {};

TEST_P(EveryCodec, gives_back_what_it_took) {
    Codecs codecs;
    for (const size_t size : {0U, 1U, 100U, 32U << 10, 64U << 10, (64U << 10) + 1, 1'000'000U}) {
        const ByteVector plain = some_text(size);
        ByteVector packed;
        codecs.compressor.compress(GetParam(), default_compression_level(GetParam()), plain, packed);
        ByteVector output;
        ASSERT_TRUE(codecs.decompressor.decompress_all(GetParam(), packed, plain.size(), output)) << size;
        EXPECT_EQ(output, plain) << size;
    }
}

TEST_P(EveryCodec, takes_any_level) {
    const ByteVector plain = some_text(10'000);
    Compressor compressor;
    for (const int level : {-200'000, -1, 0, 1, 3, 9, 12, 17, 22, 1000}) {
        ByteVector packed;
        compressor.compress(GetParam(), level, plain, packed);
        EXPECT_EQ(*decompressed(GetParam(), packed), plain) << level;
    }
}

TEST_P(EveryCodec, appends_behind_what_is_there) {
    const ByteVector plain = some_text(1000);
    Compressor compressor;
    ByteVector packed = byte_vector({1, 2, 3});
    compressor.compress(GetParam(), default_compression_level(GetParam()), plain, packed);
    EXPECT_EQ(*decompressed(GetParam(), std::span(packed).subspan(3)), plain);
}

TEST_P(EveryCodec, refuses_a_byte_more_than_the_limit) {
    const ByteVector plain = some_text(200'000);
    const ByteVector packed = compressed(GetParam(), plain);
    EXPECT_TRUE(decompressed(GetParam(), packed, plain.size()));
    EXPECT_EQ(decompressed(GetParam(), packed, plain.size() - 1).error(), ErrorCode::message_too_large);
}

TEST_P(EveryCodec, stays_failed_until_the_next_start) {
    const ByteVector plain = some_text(100'000);
    const ByteVector packed = compressed(GetParam(), plain);
    Decompressor decompressor;
    decompressor.start(GetParam(), packed, 10);
    EXPECT_FALSE(decompressor.next());
    EXPECT_FALSE(decompressor.next());
    ByteVector output;
    EXPECT_TRUE(decompressor.decompress_all(GetParam(), packed, unlimited, output));
    EXPECT_EQ(output, plain);
}

TEST_P(EveryCodec, pieces_are_bounded) {
    const ByteVector packed = compressed(GetParam(), ByteVector(4'000'000));
    if (GetParam() == Codec::none) return;
    Decompressor decompressor;
    decompressor.start(GetParam(), packed, unlimited);
    for (;;) {
        const auto piece = decompressor.next();
        ASSERT_TRUE(piece);
        if (piece->empty()) break;
        EXPECT_LE(piece->size(), Decompressor::chunk_bytes);
    }
}

// Bytes that end too early are an error, save where the framing has no end of its own: none, and snappy between blocks.
TEST_P(EveryCodec, every_prefix_is_refused_or_gives_a_prefix) {
    const ByteVector plain = some_text(70'000);
    const ByteVector packed = compressed(GetParam(), plain);
    const bool has_end = GetParam() != Codec::none && GetParam() != Codec::snappy;
    for (size_t size = 0; size < packed.size(); size += 1 + packed.size() / 500) {
        const auto output = decompressed(GetParam(), std::span(packed).first(size));
        EXPECT_FALSE(has_end && output) << size;
        EXPECT_TRUE(!output || std::equal(output->begin(), output->end(), plain.begin())) << size;
    }
}

TEST_P(EveryCodec, survives_flipped_bits) {
    const ByteVector plain = some_text(5'000);
    const ByteVector packed = compressed(GetParam(), plain);
    Decompressor decompressor;
    std::mt19937 random(7);
    for (int round = 0; round < 2000; ++round) {
        ByteVector damaged = packed;
        for (int flips = 0; flips < 3; ++flips) damaged[random() % damaged.size()] ^= std::byte(1U << random() % 8);
        ByteVector output;
        const bool is_accepted = decompressor.decompress_all(GetParam(), damaged, 100'000, output).has_value();
        EXPECT_TRUE(!is_accepted || output.size() <= 100'000U);
    }
}

INSTANTIATE_TEST_SUITE_P(Codecs, EveryCodec,
                         testing::Values(Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd));

TEST(Compression, bare_snappy_block_is_read_as_well) {
    const ByteVector plain = some_text(100'000);
    EXPECT_EQ(*decompressed(Codec::snappy, snappy_block(plain)), plain);
}

TEST(Compression, lz4_frame_that_was_cut_short_does_not_harm_the_next) {
    const ByteVector plain = some_text(1000);
    LZ4F_preferences_t with_size = LZ4F_INIT_PREFERENCES;
    with_size.frameInfo.contentSize = plain.size();
    ByteVector frame(LZ4F_compressFrameBound(plain.size(), &with_size));
    frame.resize(LZ4F_compressFrame(frame.data(), frame.size(), plain.data(), plain.size(), &with_size));
    Decompressor decompressor;
    ByteVector output;
    EXPECT_FALSE(decompressor.decompress_all(Codec::lz4, std::span(frame).first(30), unlimited, output));
    output.clear();
    EXPECT_TRUE(decompressor.decompress_all(Codec::lz4, compressed(Codec::lz4, plain), unlimited, output));
    EXPECT_EQ(output, plain);
}

TEST(Compression, lz4_frame_of_blocks_that_depend_on_each_other_is_refused_as_kafka_does) {
    const ByteVector plain = some_text(100'000);
    for (const auto mode : {LZ4F_blockIndependent, LZ4F_blockLinked}) {
        LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
        preferences.frameInfo.blockMode = mode;
        ByteVector frame(LZ4F_compressFrameBound(plain.size(), &preferences));
        frame.resize(LZ4F_compressFrame(frame.data(), frame.size(), plain.data(), plain.size(), &preferences));
        const auto read = decompressed(Codec::lz4, frame);
        EXPECT_EQ(read.has_value(), mode == LZ4F_blockIndependent);
        if (!read) {
            EXPECT_EQ(read.error(), ErrorCode::invalid_record);
        }
    }
}

TEST(Compression, snappy_block_that_claims_more_than_it_can_hold_is_refused_without_the_memory) {
    // 2 GB out of six bytes.
    EXPECT_EQ(decompressed(Codec::snappy, byte_vector({0xff, 0xff, 0xff, 0xff, 0x07, 0})).error(),
              ErrorCode::invalid_record);
}

TEST(Compression, snappy_framing_with_a_block_length_that_lies_is_refused) {
    ByteVector packed = compressed(Codec::snappy, some_text(100));
    for (const int first : {0x7f, 0x80, 0xff}) {
        packed[16] = static_cast<std::byte>(first);
        EXPECT_FALSE(decompressed(Codec::snappy, packed));
    }
    packed.resize(18);
    EXPECT_FALSE(decompressed(Codec::snappy, packed));
}

TEST(Compression, gzip_members_and_zstd_frames_may_follow_each_other) {
    const ByteVector plain = some_text(1000);
    for (const Codec codec : {Codec::gzip, Codec::zstd}) {
        ByteVector packed = compressed(codec, plain);
        const ByteVector second = packed;
        packed.insert(packed.end(), second.begin(), second.end());
        EXPECT_EQ(decompressed(codec, packed)->size(), 2 * plain.size());
    }
}

TEST(Compression, garbage_behind_the_end_is_refused) {
    for (const Codec codec : {Codec::gzip, Codec::lz4, Codec::zstd, Codec::snappy}) {
        ByteVector packed = compressed(codec, some_text(1000));
        packed.push_back(std::byte{0x5a});
        EXPECT_EQ(decompressed(codec, packed).error(), ErrorCode::invalid_record) << static_cast<int>(codec);
    }
}

TEST(Compression, zstd_frame_written_as_a_stream_is_read) {
    const ByteVector plain = some_text(300'000);
    ByteVector packed(ZSTD_compressBound(plain.size()));
    ZSTD_CStream* const stream = ZSTD_createCStream();
    ZSTD_inBuffer input{plain.data(), plain.size(), 0};
    ZSTD_outBuffer output{packed.data(), packed.size(), 0};
    ASSERT_EQ(ZSTD_compressStream(stream, &output, &input), ZSTD_compressStream(stream, &output, &input));
    ASSERT_EQ(ZSTD_endStream(stream, &output), 0U);
    ZSTD_freeCStream(stream);
    packed.resize(output.pos);
    EXPECT_EQ(*decompressed(Codec::zstd, packed), plain);
}

}  // namespace
}  // namespace milena::wire
