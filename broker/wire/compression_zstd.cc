#include <algorithm>

#include <zstd.h>

#include "base/check.h"
#include "wire/compression_stream.h"

namespace milena::wire {
namespace {

// A frame may ask for a window of up to 128 MiB (the level that clients use asks for 2); the context keeps it. One that
// has grown beyond this is thrown away with the next input.
constexpr size_t context_kept_bytes = 8 * 1024 * 1024;

class ZstdCompression final : public CompressionStream {
  public:
    ZstdCompression() : context_(ZSTD_createCCtx()) { check(context_ != nullptr); }
    ~ZstdCompression() override { ZSTD_freeCCtx(context_); }

    void compress(int level, std::span<const std::byte> input, std::vector<std::byte>& output) override {
        const size_t before = output.size();
        output.resize(before + ZSTD_compressBound(input.size()));
        const size_t written = ZSTD_compressCCtx(context_, output.data() + before, output.size() - before, input.data(),
                                                 input.size(), std::clamp(level, ZSTD_minCLevel(), ZSTD_maxCLevel()));
        check(!ZSTD_isError(written));
        output.resize(before + written);
    }

  private:
    ZSTD_CCtx* context_;
};

// One frame or several, one after the other.
class ZstdDecompression final : public DecompressionStream {
  public:
    ~ZstdDecompression() override { ZSTD_freeDCtx(context_); }

    void start(std::span<const std::byte> input) override {
        if (context_ != nullptr && ZSTD_sizeof_DCtx(context_) > context_kept_bytes) {
            ZSTD_freeDCtx(context_);
            context_ = nullptr;
        }
        if (context_ == nullptr) context_ = ZSTD_createDCtx();
        check(context_ != nullptr);
        ZSTD_DCtx_reset(context_, ZSTD_reset_session_only);
        input_ = {input.data(), input.size(), 0};
        is_between_frames_ = false;
    }

    Result<std::span<const std::byte>> next(std::span<std::byte> chunk) override {
        while (!is_between_frames_ || input_.pos < input_.size) {
            ZSTD_outBuffer output{chunk.data(), chunk.size(), 0};
            const size_t input_before = input_.pos;
            const size_t outcome = ZSTD_decompressStream(context_, &output, &input_);
            if (ZSTD_isError(outcome)) return unexpected(ErrorCode::invalid_record);
            is_between_frames_ = outcome == 0;
            if (output.pos > 0) return std::span<const std::byte>(chunk.first(output.pos));
            if (!is_between_frames_ && input_.pos == input_before) return unexpected(ErrorCode::invalid_record);
        }
        return std::span<const std::byte>();
    }

  private:
    ZSTD_DCtx* context_ = nullptr;
    ZSTD_inBuffer input_{};
    bool is_between_frames_ = false;
};

}  // namespace

std::unique_ptr<CompressionStream> make_zstd_compression() { return std::make_unique<ZstdCompression>(); }
std::unique_ptr<DecompressionStream> make_zstd_decompression() { return std::make_unique<ZstdDecompression>(); }

}  // namespace milena::wire
