#include "base/uuid.h"

namespace milena {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr size_t text_size = 22;

}  // namespace

std::string Uuid::to_string() const {
    std::string text;
    text.reserve(text_size);
    for (size_t i = 0; i < text_size; ++i) {
        const size_t bit = i * 6;
        uint64_t six = 0;
        for (size_t b = bit; b < bit + 6; ++b) {
            const uint64_t word = b < 64 ? high : low;
            six = (six << 1) | (b < 128 ? (word >> (63 - b % 64)) & 1 : 0);
        }
        text.push_back(alphabet[six]);
    }
    return text;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
    if (text.size() != text_size) return std::nullopt;
    Uuid id;
    for (size_t i = 0; i < text_size; ++i) {
        const size_t six = alphabet.find(text[i]);
        if (six == std::string_view::npos) return std::nullopt;
        for (size_t b = 0; b < 6; ++b) {
            const size_t bit = i * 6 + b;
            const uint64_t one = (six >> (5 - b)) & 1;
            if (bit >= 128) {
                if (one != 0) return std::nullopt;
                continue;
            }
            (bit < 64 ? id.high : id.low) |= one << (63 - bit % 64);
        }
    }
    return id;
}

}  // namespace milena
