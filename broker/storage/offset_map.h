// The newest offset of each key in a part of a log, in bounded memory: 24 bytes a key, of which only the hash is kept.
// Open addressing over blocks that are made when they are first written to, so that a small log costs little and no
// single step is long. Lives as long as one pass of compaction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/ids.h"
#include "storage/key_hash.h"

namespace milena::storage {

class OffsetMap {
  public:
    static constexpr size_t entry_bytes = 24;

    struct Limits {
        size_t bytes_max = 0;
        double load_factor = 0.9;
        uint64_t keys_expected_max = 0;  // there are no more: what the map needn't have room for
    };

    OffsetMap(const Limits& limits, const HashSecret& secret);

    // False if there is no room for another key: nothing was changed.
    bool put(std::span<const std::byte> key, Offset offset);
    // none: the key isn't there.
    Offset find(std::span<const std::byte> key) const;

    size_t size() const { return size_; }
    bool is_full() const { return size_ >= size_max_; }
    double utilization() const { return static_cast<double>(size_) / static_cast<double>(slot_count_); }

  private:
    struct Entry {
        KeyHash hash;
        int64_t offset_and_one = 0;  // 0: empty
    };
    static_assert(sizeof(Entry) == entry_bytes);

    static constexpr size_t block_shift = 15;
    static constexpr size_t block_entries = size_t{1} << block_shift;

    // Where the key's entry is or would be; null in a block that isn't there.
    const Entry* look_up(const KeyHash& hash, size_t& slot) const;

    const HashSecret secret_;
    size_t slot_count_;
    size_t size_max_;  // < slot_count_, so that every search ends
    size_t size_ = 0;
    std::vector<std::unique_ptr<Entry[]>> blocks_;
};

}  // namespace milena::storage
