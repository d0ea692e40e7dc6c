#include "wire/records/coordinator_frame.h"

namespace milena::wire {

Result<int16_t, DecodeError> decode_prefix(const Bytes& framed) {
    Decoder from(framed);
    const auto prefix = from.fixed<int16_t>();
    if (from.has_failed()) return unexpected(from.fault());
    return prefix;
}

}  // namespace milena::wire
