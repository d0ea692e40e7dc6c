// How the keys and values of the coordinators' logs (__consumer_offsets, __transaction_state, __share_group_state)
// become byte strings and back. The same two bytes stand in front of control records and of what members of classic
// groups tell each other. Pure functions.
//
//     key     int16 type │ the key itself
//     value   int16 version │ the value itself
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/decoder.h"
#include "wire/encoder.h"
#include "wire/schema.h"

namespace milena::wire {

namespace detail {

template <class M>
Bytes encode_after(int16_t prefix, const M& message, Version version) {
    Encoder to(128);
    to.fixed(prefix);
    to.begin(version, M::api.is_flexible(version));
    write(to, message);
    return std::move(to).finish().joined();
}

}  // namespace detail

// Keys have only version 0; the type says which key it is.
template <class Key>
Bytes encode_coordinator_key(const Key& key) {
    return detail::encode_after(Key::api.key, key, 0);
}

template <class Value>
Bytes encode_versioned(const Value& value, Version version = Value::api.max) {
    return detail::encode_after(version, value, version);
}

// The two bytes in front: the type of a key, the version of a value.
Result<int16_t, DecodeError> decode_prefix(const Bytes& framed);

template <class Key>
Result<Key, DecodeError> decode_coordinator_key(const Bytes& framed) {
    ASSIGN_OR_RETURN(const int16_t type, decode_prefix(framed));
    if (type != Key::api.key) return unexpected(DecodeError{"a key of another type", 0});
    return decode<Key>(framed.slice(sizeof(int16_t)), 0);
}

template <class Value>
Result<Value, DecodeError> decode_versioned(const Bytes& framed) {
    ASSIGN_OR_RETURN(const int16_t version, decode_prefix(framed));
    return decode<Value>(framed.slice(sizeof(int16_t)), version);
}

}  // namespace milena::wire
