// Reads a range of a file in pieces that end with whole batches, without ever waiting for the device: a piece that
// isn't cached is asked for and found there later. Owned by one pass of compaction; the device may answer after it has
// gone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "env/disk.h"

namespace milena::storage {

class SliceReader {
  public:
    SliceReader(std::shared_ptr<env::File> file, uint64_t end, size_t slice_bytes)
        : file_(std::move(file)), end_(end), slice_bytes_(slice_bytes), wanted_bytes_(slice_bytes) {}

    bool is_at_end() const { return position_ >= end_; }
    uint64_t position() const { return position_; }
    uint64_t bytes_left() const { return end_ - position_; }
    // How long the next piece is, unless the file is shorter than it should be.
    size_t wanted_bytes() const { return static_cast<size_t>(std::min<uint64_t>(wanted_bytes_, bytes_left())); }

    // The bytes from position() on; nothing if they must be waited for: ask again later.
    std::optional<env::DiskResult<Bytes>> next();
    // Of the last piece; none if the first batch needs `bytes_needed` to be whole.
    void consumed(size_t bytes, size_t bytes_needed = 0);

  private:
    struct Answer {
        std::optional<env::DiskResult<Bytes>> bytes;
    };

    std::shared_ptr<env::File> file_;
    uint64_t position_ = 0;
    uint64_t end_;
    size_t slice_bytes_;
    size_t wanted_bytes_;
    std::shared_ptr<Answer> asked_;
};

}  // namespace milena::storage
