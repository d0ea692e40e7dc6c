// Snappy itself knows only blocks. Java clients write them in the framing of snappy-java:
//
//     82 'S' 'N' 'A' 'P' 'P' 'Y' 00 │ version int32 │ compatible version int32 │ { length int32 │ block }*
//
// librdkafka and others may write one bare block. A bare block begins with its decompressed length as an unsigned
// varint; one that begins with the magic bytes of the framing would claim 11 GB, so the two can't be confused.
#include <algorithm>
#include <array>
#include <cstring>

#include <snappy-c.h>

#include "base/big_endian.h"
#include "base/check.h"
#include "wire/compression_stream.h"

namespace milena::wire {
namespace {

constexpr std::array<unsigned char, 8> framing_magic = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
constexpr size_t framing_header_bytes = 16;
constexpr int32_t framing_version = 1;
constexpr size_t block_bytes = 32 * 1024;          // what snappy-java puts into a block
constexpr size_t expansion_max = 22;               // a copy of 64 bytes takes at least three
constexpr size_t buffer_kept_bytes = 1024 * 1024;  // a larger buffer is given back with the next input

const char* chars(const std::byte* bytes) { return reinterpret_cast<const char*>(bytes); }
char* chars(std::byte* bytes) { return reinterpret_cast<char*>(bytes); }

class SnappyCompression final : public CompressionStream {
  public:
    void compress(int /*level*/, std::span<const std::byte> input, std::vector<std::byte>& output) override {
        const size_t header = output.size();
        output.resize(header + framing_header_bytes);
        std::memcpy(output.data() + header, framing_magic.data(), framing_magic.size());
        store_big_endian(output.data() + header + 8, framing_version);
        store_big_endian(output.data() + header + 12, framing_version);
        while (!input.empty()) {
            const auto block = input.first(std::min(input.size(), block_bytes));
            input = input.subspan(block.size());
            append_block(block, output);
        }
    }

  private:
    static void append_block(std::span<const std::byte> block, std::vector<std::byte>& output) {
        const size_t at = output.size();
        size_t length = snappy_max_compressed_length(block.size());
        output.resize(at + sizeof(int32_t) + length);
        std::byte* to = output.data() + at;
        check(snappy_compress(chars(block.data()), block.size(), chars(to + sizeof(int32_t)), &length) == SNAPPY_OK);
        store_big_endian(to, static_cast<int32_t>(length));
        output.resize(at + sizeof(int32_t) + length);
    }
};

class SnappyDecompression final : public DecompressionStream {
  public:
    void start(std::span<const std::byte> input) override {
        input_ = input;
        is_framed_ = input.size() >= framing_header_bytes &&
                     std::memcmp(input.data(), framing_magic.data(), framing_magic.size()) == 0;
        if (is_framed_) input_ = input_.subspan(framing_header_bytes);
        is_bare_block_due_ = !is_framed_;
        if (buffer_.size() > buffer_kept_bytes) buffer_ = {};
    }

    Result<std::span<const std::byte>> next(std::span<std::byte> /*chunk*/) override {
        while (is_bare_block_due_ || !input_.empty()) {
            ASSIGN_OR_RETURN(const auto block, take_block());
            ASSIGN_OR_RETURN(const auto plain, decompress_block(block));
            if (!plain.empty()) return plain;
        }
        return std::span<const std::byte>();
    }

  private:
    Result<std::span<const std::byte>> take_block() {
        if (is_bare_block_due_) {
            is_bare_block_due_ = false;
            return std::exchange(input_, {});
        }
        if (input_.size() < sizeof(int32_t)) return unexpected(ErrorCode::invalid_record);
        const auto length = load_big_endian<int32_t>(input_.data());
        input_ = input_.subspan(sizeof(int32_t));
        if (length < 0 || static_cast<size_t>(length) > input_.size()) return unexpected(ErrorCode::invalid_record);
        const auto block = input_.first(static_cast<size_t>(length));
        input_ = input_.subspan(block.size());
        return block;
    }

    Result<std::span<const std::byte>> decompress_block(std::span<const std::byte> block) {
        size_t length = 0;
        if (snappy_uncompressed_length(chars(block.data()), block.size(), &length) != SNAPPY_OK ||
            length > block.size() * expansion_max)
            return unexpected(ErrorCode::invalid_record);
        if (buffer_.size() < length) buffer_.resize(length);
        if (snappy_uncompress(chars(block.data()), block.size(), chars(buffer_.data()), &length) != SNAPPY_OK)
            return unexpected(ErrorCode::invalid_record);
        return std::span<const std::byte>(buffer_).first(length);
    }

    std::span<const std::byte> input_;  // not yet read
    bool is_framed_ = false;
    bool is_bare_block_due_ = false;
    std::vector<std::byte> buffer_;  // the longest block so far
};

}  // namespace

std::unique_ptr<CompressionStream> make_snappy_compression() { return std::make_unique<SnappyCompression>(); }
std::unique_ptr<DecompressionStream> make_snappy_decompression() { return std::make_unique<SnappyDecompression>(); }

}  // namespace milena::wire
