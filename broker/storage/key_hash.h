// SipHash-2-4 with 128 bits: tells keys of records apart without keeping them. Under a secret that is drawn anew for
// each pass nobody can make two keys meet, which would cost one of them its record. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace milena::storage {

struct HashSecret {
    uint64_t low = 0;
    uint64_t high = 0;
};

struct KeyHash {
    uint64_t low = 0;
    uint64_t high = 0;
    bool operator==(const KeyHash&) const = default;
};

KeyHash hash_key(const HashSecret& secret, std::span<const std::byte> key);

}  // namespace milena::storage
