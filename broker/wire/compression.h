// The four codecs of record batches, as Kafka's clients write and read them: gzip; snappy in the block framing of
// snappy-java (and, for reading, one bare block); LZ4 frames; Zstandard frames.
// A Compressor and a Decompressor keep the libraries' contexts, so that a batch costs no set-up. They belong to one
// thread; a context is made when its codec is first used. Never trusts a size that the compressed bytes claim.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "wire/record_batch.h"

namespace milena::wire {

// The codec's level where nobody asks for one: Kafka's defaults (KIP-390). 0 where a codec has no levels.
int default_compression_level(Codec codec);

class CompressionStream;    // one codec's way out
class DecompressionStream;  // one codec's way in

class Compressor {
  public:
    Compressor();
    ~Compressor();
    Compressor(Compressor&&) noexcept;
    Compressor& operator=(Compressor&&) noexcept;

    // Appends the compressed form of `input` to `output`; with Codec::none a copy of it. A level outside of the
    // codec's range counts as the nearest one inside.
    void compress(Codec codec, int level, std::span<const std::byte> input, std::vector<std::byte>& output);

  private:
    std::array<std::unique_ptr<CompressionStream>, 5> streams_;  // by codec
};

// Gives the decompressed bytes piece by piece, so that a small batch that claims to be a huge one costs one piece of
// memory and is left off at the limit.
//
//     decompressor.start(codec, compressed, bytes_max);
//     for (;;) { auto chunk = decompressor.next(); if (!chunk || chunk->empty()) break; use(*chunk); }
class Decompressor {
  public:
    static constexpr size_t chunk_bytes = 64 * 1024;

    Decompressor();
    ~Decompressor();
    Decompressor(Decompressor&&) noexcept;
    Decompressor& operator=(Decompressor&&) noexcept;

    // Begins with `input`, which must stay where it is until the last next(). An earlier input is left off.
    void start(Codec codec, std::span<const std::byte> input, size_t bytes_max);

    // The next piece, valid until the next call; empty at the end. Pieces are at most chunk_bytes long, except for
    // Codec::none (the input itself) and snappy (a block, at most 22 times as long as its compressed form).
    // invalid_record: the input is malformed or ends early. message_too_large: there is more than bytes_max.
    Result<std::span<const std::byte>> next();

    // All of `input`, appended to `output`.
    Result<void> decompress_all(Codec codec, std::span<const std::byte> input, size_t bytes_max,
                                std::vector<std::byte>& output);

  private:
    std::array<std::unique_ptr<DecompressionStream>, 5> streams_;  // by codec
    DecompressionStream* current_ = nullptr;
    std::unique_ptr<std::byte[]> chunk_;  // chunk_bytes, made with the first stream
    std::span<const std::byte> plain_;    // what is left to give of an input that isn't compressed
    size_t bytes_left_ = 0;
    bool has_failed_ = false;
};

// What one thread needs to read and write compressed batches.
struct Codecs {
    Compressor compressor;
    Decompressor decompressor;
};

}  // namespace milena::wire
