// Slices: one byte string in several pieces, none of them copied: the records that a Fetch answers with, as they lie
// in memory or in the log's files. On the wire it is the same as Bytes. A value.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/piece.h"

namespace milena::wire {

class Slices {
  public:
    Slices() = default;
    Slices(Bytes whole) : size_(whole.size()) {
        if (!whole.empty()) parts_.push_back(std::move(whole));
    }
    explicit Slices(std::vector<Piece> parts) : parts_(std::move(parts)) {
        for (const Piece& part : parts_) size_ += part.size();
    }

    const std::vector<Piece>& parts() const { return parts_; }
    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

    // In one piece; copies unless it is one. None may be in a file.
    Bytes joined() const {
        if (parts_.size() == 1) return parts_.front().memory();
        std::vector<std::byte> all;
        all.reserve(size_);
        for (const Piece& part : parts_)
            all.insert(all.end(), part.memory().span().begin(), part.memory().span().end());
        return Bytes::from(std::move(all));
    }

    // Equal content; the pieces may differ.
    bool operator==(const Slices& other) const { return size_ == other.size_ && joined() == other.joined(); }

  private:
    std::vector<Piece> parts_;
    size_t size_ = 0;
};

}  // namespace milena::wire
