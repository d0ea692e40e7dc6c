#include <algorithm>

#include <zlib.h>

#include "base/check.h"
#include "wire/compression_stream.h"

namespace milena::wire {
namespace {

constexpr int window_bits_gzip = 15 + 16;  // the largest window, with gzip's header and trailer
constexpr int memory_level = 8;            // zlib's default

Bytef* zlib_input(std::span<const std::byte> input) {
    // zlib's interface lacks the const; it does not write there.
    return reinterpret_cast<Bytef*>(const_cast<std::byte*>(input.data()));
}

class GzipCompression final : public CompressionStream {
  public:
    ~GzipCompression() override {
        if (is_ready_) deflateEnd(&stream_);
    }

    void compress(int level, std::span<const std::byte> input, std::vector<std::byte>& output) override {
        prepare(std::clamp(level, Z_DEFAULT_COMPRESSION, Z_BEST_COMPRESSION));
        const size_t before = output.size();
        output.resize(before + deflateBound(&stream_, input.size()));
        stream_.next_in = zlib_input(input);
        stream_.avail_in = static_cast<uInt>(input.size());
        stream_.next_out = reinterpret_cast<Bytef*>(output.data() + before);
        stream_.avail_out = static_cast<uInt>(output.size() - before);
        check(deflate(&stream_, Z_FINISH) == Z_STREAM_END);
        output.resize(output.size() - stream_.avail_out);
    }

  private:
    void prepare(int level) {
        if (is_ready_ && level == level_) {
            check(deflateReset(&stream_) == Z_OK);
            return;
        }
        if (is_ready_) deflateEnd(&stream_);
        stream_ = {};
        check(deflateInit2(&stream_, level, Z_DEFLATED, window_bits_gzip, memory_level, Z_DEFAULT_STRATEGY) == Z_OK);
        is_ready_ = true;
        level_ = level;
    }

    z_stream stream_{};
    bool is_ready_ = false;
    int level_ = Z_DEFAULT_COMPRESSION;
};

// A gzip file may have several members, one after the other.
class GzipDecompression final : public DecompressionStream {
  public:
    GzipDecompression() { check(inflateInit2(&stream_, window_bits_gzip) == Z_OK); }
    ~GzipDecompression() override { inflateEnd(&stream_); }

    void start(std::span<const std::byte> input) override {
        check(inflateReset(&stream_) == Z_OK);
        stream_.next_in = zlib_input(input);
        stream_.avail_in = static_cast<uInt>(input.size());
        is_between_members_ = false;
    }

    Result<std::span<const std::byte>> next(std::span<std::byte> chunk) override {
        stream_.next_out = reinterpret_cast<Bytef*>(chunk.data());
        stream_.avail_out = static_cast<uInt>(chunk.size());
        while (stream_.avail_out == chunk.size()) {
            if (is_between_members_ && stream_.avail_in == 0) return std::span<const std::byte>();
            if (is_between_members_) check(inflateReset(&stream_) == Z_OK);
            // Z_BUF_ERROR, no progress, is the premature end of the input.
            const int outcome = inflate(&stream_, Z_NO_FLUSH);
            if (outcome != Z_OK && outcome != Z_STREAM_END) return unexpected(ErrorCode::invalid_record);
            is_between_members_ = outcome == Z_STREAM_END;
        }
        return std::span<const std::byte>(chunk.first(chunk.size() - stream_.avail_out));
    }

  private:
    z_stream stream_{};
    bool is_between_members_ = false;
};

}  // namespace

std::unique_ptr<CompressionStream> make_gzip_compression() { return std::make_unique<GzipCompression>(); }
std::unique_ptr<DecompressionStream> make_gzip_decompression() { return std::make_unique<GzipDecompression>(); }

}  // namespace milena::wire
