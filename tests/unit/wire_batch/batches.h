// What the tests of record batches share: bytes from text, golden files, and batches made in one line.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wire/record_batch_builder.h"

namespace milena::wire {

using ByteVector = std::vector<std::byte>;

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

inline std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline ByteVector byte_vector(std::initializer_list<int> values) {
    ByteVector bytes;
    for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
    return bytes;
}

ByteVector golden(const std::string& name);

// `values` as records of one batch, a millisecond apart from `base_timestamp`, each with the key "k".
ByteVector batch_of(std::initializer_list<std::string_view> values, const BatchOptions& options = {},
                    Timestamp base_timestamp = Timestamp(1000));

// A batch whose records section is `section`, with a header and a checksum that fit.
ByteVector batch_around(std::span<const std::byte> section, int32_t records_count, Codec codec = Codec::none);

// Sets a field of a batch and makes its checksum right again.
template <class T>
void overwrite(ByteVector& batch, size_t field, T value);

}  // namespace milena::wire
