// Our Bytes in gRPC's hands and back, without a copy. For the .cc files of this directory: gRPC's types stay among
// them.
#pragma once

#include <span>
#include <vector>

#include "base/bytes.h"

namespace grpc {
class ByteBuffer;
}

namespace milena::peer {

// The message that these make one after the other; keeps their owners alive until gRPC is done with it.
grpc::ByteBuffer buffer_of(std::span<const Bytes> pieces);
// The slices of the message; each owns its memory.
std::vector<Bytes> slices_of(const grpc::ByteBuffer& buffer);

}  // namespace milena::peer
