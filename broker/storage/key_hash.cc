#include "storage/key_hash.h"

#include <bit>
#include <cstring>

namespace milena::storage {
namespace {

static_assert(std::endian::native == std::endian::little);

struct State {
    uint64_t a, b, c, d;

    void round() {
        a += b;
        c += d;
        b = std::rotl(b, 13) ^ a;
        d = std::rotl(d, 16) ^ c;
        a = std::rotl(a, 32);
        c += b;
        a += d;
        b = std::rotl(b, 17) ^ c;
        d = std::rotl(d, 21) ^ a;
        c = std::rotl(c, 32);
    }
    void take(uint64_t word) {
        d ^= word;
        round();
        round();
        a ^= word;
    }
    uint64_t finish() {
        for (int i = 0; i < 4; ++i) round();
        return a ^ b ^ c ^ d;
    }
};

}  // namespace

KeyHash hash_key(const HashSecret& secret, std::span<const std::byte> key) {
    State state{secret.low ^ 0x736f6d6570736575, secret.high ^ 0x646f72616e646f6d ^ 0xee,
                secret.low ^ 0x6c7967656e657261, secret.high ^ 0x7465646279746573};
    const uint64_t length = key.size();
    uint64_t word = 0;
    for (; key.size() >= sizeof(word); key = key.subspan(sizeof(word))) {
        std::memcpy(&word, key.data(), sizeof(word));
        state.take(word);
    }
    word = 0;
    if (!key.empty()) std::memcpy(&word, key.data(), key.size());
    state.take(word | length << 56);
    state.c ^= 0xee;
    KeyHash hash;
    hash.low = state.finish();
    state.b ^= 0xdd;
    hash.high = state.finish();
    return hash;
}

}  // namespace milena::storage
