#include "peer/slice_reader.h"

#include <algorithm>
#include <vector>

#include "base/check.h"

namespace milena::peer {
namespace {

constexpr size_t tiny = 1024;

}  // namespace

SliceReader::SliceReader(std::span<const Bytes> slices) : slices_(slices) {
    for (const Bytes& slice : slices) left_ += slice.size();
    skip(0);
}

void SliceReader::skip(size_t length) {
    position_ += length;
    left_ -= length;
    while (current_ < slices_.size() && position_ == slices_[current_].size()) {
        ++current_;
        position_ = 0;
    }
}

std::optional<uint8_t> SliceReader::byte() {
    if (left_ == 0) return std::nullopt;
    const auto value = std::to_integer<uint8_t>(rest().front());
    skip(1);
    return value;
}

std::optional<uint64_t> SliceReader::varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        const auto next = byte();
        if (!next) return std::nullopt;
        const uint64_t bits = *next & 0x7f;
        if (shift == 63 && bits > 1) return std::nullopt;
        value |= bits << shift;
        if (*next < 0x80) return value;
    }
    return std::nullopt;
}

Bytes SliceReader::take(size_t length) {
    check(length <= left_);
    if (length == 0) return {};
    if (rest().size() >= length) {
        const Bytes& slice = slices_[current_];
        Bytes taken = length > tiny ? slice.slice(position_, length) : Bytes::copy_of(rest().first(length));
        skip(length);
        return taken;
    }
    std::vector<std::byte> joined;
    joined.reserve(length);
    while (joined.size() < length) {
        const std::span<const std::byte> part = rest().first(std::min(rest().size(), length - joined.size()));
        joined.insert(joined.end(), part.begin(), part.end());
        skip(part.size());
    }
    return Bytes::from(std::move(joined));
}

}  // namespace milena::peer
