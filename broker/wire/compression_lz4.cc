#include <algorithm>

#include <lz4frame.h>
#include <lz4hc.h>

#include "base/check.h"
#include "wire/compression.h"
#include "wire/compression_stream.h"

namespace milena::wire {
namespace {

// Kafka's default level means the fast compressor, every other level the high-compression one.
int library_level(int level) {
    if (level == default_compression_level(Codec::lz4)) return 0;
    return std::clamp(level, LZ4HC_CLEVEL_MIN, LZ4HC_CLEVEL_MAX);
}

class Lz4Compression final : public CompressionStream {
  public:
    Lz4Compression() { check(!LZ4F_isError(LZ4F_createCompressionContext(&context_, LZ4F_VERSION))); }
    ~Lz4Compression() override { LZ4F_freeCompressionContext(context_); }

    void compress(int level, std::span<const std::byte> input, std::vector<std::byte>& output) override {
        // Kafka's reader of frames takes only independent blocks, and no content checksum is needed under our own.
        LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
        preferences.frameInfo.blockSizeID = LZ4F_max64KB;
        preferences.frameInfo.blockMode = LZ4F_blockIndependent;
        preferences.compressionLevel = library_level(level);
        const size_t before = output.size();
        output.resize(before + LZ4F_HEADER_SIZE_MAX + LZ4F_compressBound(input.size(), &preferences));
        std::byte* to = output.data() + before;
        std::byte* const end = output.data() + output.size();
        to += checked(LZ4F_compressBegin(context_, to, room(to, end), &preferences));
        to += checked(LZ4F_compressUpdate(context_, to, room(to, end), input.data(), input.size(), nullptr));
        to += checked(LZ4F_compressEnd(context_, to, room(to, end), nullptr));
        output.resize(static_cast<size_t>(to - output.data()));
    }

  private:
    static size_t room(const std::byte* from, const std::byte* end) { return static_cast<size_t>(end - from); }
    static size_t checked(size_t outcome) {
        check(!LZ4F_isError(outcome));
        return outcome;
    }

    LZ4F_cctx* context_ = nullptr;
};

// Kafka's reader takes only frames of independent blocks and without a dictionary; a batch of others would be lost on
// consumers in Java.
bool can_kafka_read(std::span<const std::byte> frame) {
    constexpr size_t flags_position = 4;
    constexpr auto has_independent_blocks = std::byte{0x20};
    constexpr auto has_dictionary = std::byte{0x01};
    return frame.size() > flags_position &&
           (frame[flags_position] & (has_independent_blocks | has_dictionary)) == has_independent_blocks;
}

// Exactly one frame.
class Lz4Decompression final : public DecompressionStream {
  public:
    ~Lz4Decompression() override { LZ4F_freeDecompressionContext(context_); }

    // A frame that was given up leaves its claimed content size in the context, reset or not, and the next frame would
    // be measured by it (lz4 1.9.4). So a context serves on only after a whole frame.
    void start(std::span<const std::byte> input) override {
        if (!has_ended_) {
            LZ4F_freeDecompressionContext(context_);
            check(!LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)));
        }
        input_ = input;
        has_ended_ = false;
        is_refused_ = !can_kafka_read(input);
    }

    Result<std::span<const std::byte>> next(std::span<std::byte> chunk) override {
        if (is_refused_) return unexpected(ErrorCode::invalid_record);
        while (!has_ended_) {
            size_t produced = chunk.size();
            size_t consumed = input_.size();
            const size_t outcome =
                LZ4F_decompress(context_, chunk.data(), &produced, input_.data(), &consumed, nullptr);
            if (LZ4F_isError(outcome)) return unexpected(ErrorCode::invalid_record);
            input_ = input_.subspan(consumed);
            has_ended_ = outcome == 0;
            if (produced > 0) return std::span<const std::byte>(chunk.first(produced));
            if (!has_ended_ && consumed == 0) return unexpected(ErrorCode::invalid_record);
        }
        if (!input_.empty()) return unexpected(ErrorCode::invalid_record);
        return std::span<const std::byte>();
    }

  private:
    LZ4F_dctx* context_ = nullptr;
    std::span<const std::byte> input_;  // not yet read
    bool has_ended_ = false;
    bool is_refused_ = false;
};

}  // namespace

std::unique_ptr<CompressionStream> make_lz4_compression() { return std::make_unique<Lz4Compression>(); }
std::unique_ptr<DecompressionStream> make_lz4_decompression() { return std::make_unique<Lz4Decompression>(); }

}  // namespace milena::wire
