#include "peer/byte_buffer.h"

#include <memory>

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>
#include <grpcpp/support/status.h>

namespace milena::peer {

grpc::ByteBuffer buffer_of(std::span<const Bytes> pieces) {
    std::vector<grpc::Slice> slices;
    slices.reserve(pieces.size());
    for (const Bytes& piece : pieces) {
        if (piece.empty()) continue;
        // gRPC reads only, though its type says otherwise.
        void* data = const_cast<std::byte*>(piece.data());
        slices.emplace_back(
            data, piece.size(), [](void* owner) { delete static_cast<Bytes*>(owner); }, new Bytes(piece));
    }
    return grpc::ByteBuffer(slices.data(), slices.size());
}

std::vector<Bytes> slices_of(const grpc::ByteBuffer& buffer) {
    std::vector<grpc::Slice> slices;
    std::vector<Bytes> bytes;
    if (!buffer.Dump(&slices).ok()) return bytes;
    bytes.reserve(slices.size());
    for (grpc::Slice& slice : slices) {
        // A short one has its bytes within itself, so that they are where the owner is.
        auto owner = std::make_shared<const grpc::Slice>(std::move(slice));
        const std::span<const uint8_t> content(owner->begin(), owner->size());
        bytes.emplace_back(std::move(owner), std::as_bytes(content));
    }
    return bytes;
}

}  // namespace milena::peer
