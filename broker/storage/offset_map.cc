#include "storage/offset_map.h"

#include <algorithm>

namespace milena::storage {
namespace {

constexpr double load_factor_min = 0.01;
constexpr double load_factor_max = 0.99;
constexpr size_t slots_min = 2;

}  // namespace

OffsetMap::OffsetMap(const Limits& limits, const HashSecret& secret) : secret_(secret) {
    const double load = std::clamp(limits.load_factor, load_factor_min, load_factor_max);
    const double needed = static_cast<double>(limits.keys_expected_max) / load + 1;
    const size_t affordable = std::max(limits.bytes_max / entry_bytes, slots_min);
    slot_count_ =
        needed < static_cast<double>(affordable) ? std::max(static_cast<size_t>(needed) + 1, slots_min) : affordable;
    size_max_ = std::clamp<size_t>(static_cast<size_t>(static_cast<double>(slot_count_) * load), 1, slot_count_ - 1);
    blocks_.resize((slot_count_ + block_entries - 1) / block_entries);
}

const OffsetMap::Entry* OffsetMap::look_up(const KeyHash& hash, size_t& slot) const {
    slot = static_cast<size_t>((static_cast<unsigned __int128>(hash.high) * slot_count_) >> 64);
    for (;;) {
        const Entry* block = blocks_[slot >> block_shift].get();
        if (block == nullptr) return nullptr;
        const Entry& entry = block[slot & (block_entries - 1)];
        if (entry.offset_and_one == 0 || entry.hash == hash) return &entry;
        if (++slot == slot_count_) slot = 0;
    }
}

bool OffsetMap::put(std::span<const std::byte> key, Offset offset) {
    const KeyHash hash = hash_key(secret_, key);
    size_t slot = 0;
    const Entry* found = look_up(hash, slot);
    const bool is_new = found == nullptr || found->offset_and_one == 0;
    if (is_new && is_full()) return false;
    auto& block = blocks_[slot >> block_shift];
    if (block == nullptr) block = std::make_unique<Entry[]>(block_entries);
    block[slot & (block_entries - 1)] = {hash, offset.value + 1};
    size_ += is_new ? 1 : 0;
    return true;
}

Offset OffsetMap::find(std::span<const std::byte> key) const {
    size_t slot = 0;
    const Entry* found = look_up(hash_key(secret_, key), slot);
    return found == nullptr ? no_offset : Offset(found->offset_and_one - 1);
}

}  // namespace milena::storage
