// Reads a message that came in slices, from its beginning to its end, within its bounds. Used where it was made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"

namespace milena::peer {

class SliceReader {
  public:
    explicit SliceReader(std::span<const Bytes> slices);

    size_t left() const { return left_; }

    std::optional<uint8_t> byte();
    // Nothing if it is cut off or doesn't fit.
    std::optional<uint64_t> varint();
    // The next `length` bytes, at most left(). Shares their slice if they lie in one; not if they are tiny, so that
    // they don't keep all of it alive.
    Bytes take(size_t length);

  private:
    // Of the slice that is read.
    std::span<const std::byte> rest() const { return slices_[current_].span().subspan(position_); }
    void skip(size_t length);  // within the slice

    std::span<const Bytes> slices_;
    size_t current_ = 0;
    size_t position_ = 0;
    size_t left_ = 0;
};

}  // namespace milena::peer
