#include "wire/compression.h"

#include <utility>

#include "wire/compression_stream.h"

namespace milena::wire {
namespace {

std::unique_ptr<CompressionStream> make_compression(Codec codec) {
    switch (codec) {
        case Codec::gzip: return make_gzip_compression();
        case Codec::snappy: return make_snappy_compression();
        case Codec::lz4: return make_lz4_compression();
        case Codec::zstd: return make_zstd_compression();
        case Codec::none: break;
    }
    check_failed("codec has a stream", __FILE__, __LINE__);
}

std::unique_ptr<DecompressionStream> make_decompression(Codec codec) {
    switch (codec) {
        case Codec::gzip: return make_gzip_decompression();
        case Codec::snappy: return make_snappy_decompression();
        case Codec::lz4: return make_lz4_decompression();
        case Codec::zstd: return make_zstd_decompression();
        case Codec::none: break;
    }
    check_failed("codec has a stream", __FILE__, __LINE__);
}

}  // namespace

int default_compression_level(Codec codec) {
    switch (codec) {
        case Codec::gzip: return -1;
        case Codec::lz4: return 9;
        case Codec::zstd: return 3;
        case Codec::none:
        case Codec::snappy: break;
    }
    return 0;
}

Compressor::Compressor() = default;
Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

void Compressor::compress(Codec codec, int level, std::span<const std::byte> input, std::vector<std::byte>& output) {
    if (codec == Codec::none) {
        output.insert(output.end(), input.begin(), input.end());
        return;
    }
    auto& stream = streams_.at(static_cast<size_t>(codec));
    if (!stream) stream = make_compression(codec);
    stream->compress(level, input, output);
}

Decompressor::Decompressor() = default;
Decompressor::~Decompressor() = default;
Decompressor::Decompressor(Decompressor&&) noexcept = default;
Decompressor& Decompressor::operator=(Decompressor&&) noexcept = default;

void Decompressor::start(Codec codec, std::span<const std::byte> input, size_t bytes_max) {
    bytes_left_ = bytes_max;
    has_failed_ = false;
    current_ = nullptr;
    plain_ = {};
    if (codec == Codec::none) {
        plain_ = input;
        return;
    }
    auto& stream = streams_.at(static_cast<size_t>(codec));
    if (!stream) stream = make_decompression(codec);
    if (!chunk_) chunk_.reset(new std::byte[chunk_bytes]);
    current_ = stream.get();
    current_->start(input);
}

Result<std::span<const std::byte>> Decompressor::next() {
    if (has_failed_) return unexpected(ErrorCode::invalid_record);
    Result<std::span<const std::byte>> piece = std::exchange(plain_, {});
    if (current_ != nullptr) piece = current_->next({chunk_.get(), chunk_bytes});
    has_failed_ = !piece || piece->size() > bytes_left_;
    if (!piece) return unexpected(piece.error());
    if (has_failed_) return unexpected(ErrorCode::message_too_large);
    bytes_left_ -= piece->size();
    return piece;
}

Result<void> Decompressor::decompress_all(Codec codec, std::span<const std::byte> input, size_t bytes_max,
                                          std::vector<std::byte>& output) {
    start(codec, input, bytes_max);
    for (;;) {
        ASSIGN_OR_RETURN(const auto piece, next());
        if (piece.empty()) return {};
        output.insert(output.end(), piece.begin(), piece.end());
    }
}

}  // namespace milena::wire
