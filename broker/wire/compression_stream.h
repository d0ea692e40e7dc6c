// What each codec implements, one file per codec; only compression.cc and those files include this.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"

namespace milena::wire {

class CompressionStream {
  public:
    CompressionStream() = default;
    CompressionStream(const CompressionStream&) = delete;
    CompressionStream& operator=(const CompressionStream&) = delete;
    virtual ~CompressionStream() = default;

    virtual void compress(int level, std::span<const std::byte> input, std::vector<std::byte>& output) = 0;
};

class DecompressionStream {
  public:
    DecompressionStream() = default;
    DecompressionStream(const DecompressionStream&) = delete;
    DecompressionStream& operator=(const DecompressionStream&) = delete;
    virtual ~DecompressionStream() = default;

    // Forgets everything about an earlier input.
    virtual void start(std::span<const std::byte> input) = 0;
    // At least one byte, in `chunk` or in memory of the stream, or nothing if the input has come to its proper end.
    virtual Result<std::span<const std::byte>> next(std::span<std::byte> chunk) = 0;
};

std::unique_ptr<CompressionStream> make_gzip_compression();
std::unique_ptr<CompressionStream> make_snappy_compression();
std::unique_ptr<CompressionStream> make_lz4_compression();
std::unique_ptr<CompressionStream> make_zstd_compression();

std::unique_ptr<DecompressionStream> make_gzip_decompression();
std::unique_ptr<DecompressionStream> make_snappy_decompression();
std::unique_ptr<DecompressionStream> make_lz4_decompression();
std::unique_ptr<DecompressionStream> make_zstd_decompression();

}  // namespace milena::wire
