// What message_types.h promises, for one message. Included by the units that list messages, and by nothing else.
#pragma once

#include "property/wire/message_types.h"
#include "property/wire/random_message.h"
#include "wire/decoder.h"
#include "wire/encoder.h"
#include "wire/equal.h"
#include "wire/schema.h"

namespace milena::wire {

template <class M>
Bytes random_encoded(uint64_t seed, Version version) {
    return encode(random_message<M>(seed, version), version).joined();
}

// As decode() does it, but without a Result of each message: those are most of what this would take to compile.
template <class M>
std::optional<DecodeError> decode_into(M& message, const Bytes& body, Version version) {
    Decoder from(body);
    if (!M::api.has(version)) return DecodeError{"unsupported version", 0};
    from.begin(version, M::api.is_flexible(version));
    read(from, message);
    if (!from.has_failed() && from.left() != 0) from.fail("bytes left over");
    if (from.has_failed()) return from.fault();
    return std::nullopt;
}

template <class M>
Result<Bytes, DecodeError> recode(const Bytes& body, Version version) {
    M message;
    if (const auto fault = decode_into(message, body, version)) return unexpected(*fault);
    return encode(message, version).joined();
}

template <class M>
bool survives(uint64_t seed, Version version) {
    const M message = random_message<M>(seed, version);
    const Bytes body = encode(message, version).joined();
    M decoded;
    return !decode_into(decoded, body, version) && equal(message, decoded);
}

template <class M>
MessageType message_type_of(MessageKind kind) {
    return {.name = type_name<M>(),
            .kind = kind,
            .api = M::api,
            .random = random_encoded<M>,
            .recode = recode<M>,
            .survives = survives<M>};
}

}  // namespace milena::wire
