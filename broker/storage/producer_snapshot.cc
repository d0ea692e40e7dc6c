#include <algorithm>

#include "base/big_endian.h"
#include "base/crc32c.h"
#include "storage/producer_state.h"

namespace milena::storage {
namespace {

constexpr int16_t version_current = 1;
constexpr size_t checksum_position = 2;
constexpr size_t count_position = 6;  // the first byte under the checksum
constexpr size_t entries_position = 10;
constexpr size_t entry_bytes = 46;

void store_entry(std::byte* to, const ProducerEntry& entry) {
    const ProducerBatch last = entry.batch_count == 0 ? ProducerBatch{} : *entry.last_batch();
    store_big_endian(to, entry.id.value);
    store_big_endian(to + 8, entry.epoch);
    store_big_endian(to + 10, last.last_sequence);
    store_big_endian(to + 14, last.last_offset.value);
    store_big_endian(to + 22, last.offset_delta);
    store_big_endian(to + 26, entry.last_timestamp.value);
    store_big_endian(to + 34, entry.coordinator_epoch);
    store_big_endian(to + 38, entry.transaction_first_offset.value);
}

ProducerEntry load_entry(const std::byte* from) {
    ProducerEntry entry;
    entry.id = ProducerId(load_big_endian<int64_t>(from));
    entry.epoch = load_big_endian<int16_t>(from + 8);
    entry.last_timestamp = Timestamp(load_big_endian<int64_t>(from + 26));
    entry.coordinator_epoch = load_big_endian<int32_t>(from + 34);
    entry.transaction_first_offset = Offset(std::max<int64_t>(load_big_endian<int64_t>(from + 38), -1));
    const ProducerBatch last{.last_sequence = load_big_endian<int32_t>(from + 10),
                             .offset_delta = load_big_endian<int32_t>(from + 22),
                             .last_offset = Offset(load_big_endian<int64_t>(from + 14)),
                             .timestamp = entry.last_timestamp};
    if (last.last_offset.value >= 0) entry.batches[entry.batch_count++] = last;
    return entry;
}

}  // namespace

Bytes ProducerState::to_snapshot() const {
    std::vector<std::byte> bytes(entries_position + entry_bytes * producers_.size());
    store_big_endian(bytes.data(), version_current);
    store_big_endian(bytes.data() + count_position, static_cast<int32_t>(producers_.size()));
    std::byte* at = bytes.data() + entries_position;
    for (const ProducerEntry& entry : entries()) {
        store_entry(at, entry);
        at += entry_bytes;
    }
    store_big_endian(bytes.data() + checksum_position, crc32c(std::span(bytes).subspan(count_position)));
    return Bytes::from(std::move(bytes));
}

std::optional<ProducerState> ProducerState::parse_snapshot(std::span<const std::byte> bytes) {
    if (bytes.size() < entries_position || load_big_endian<int16_t>(bytes.data()) != version_current)
        return std::nullopt;
    const auto count = load_big_endian<int32_t>(bytes.data() + count_position);
    if (count < 0 || bytes.size() != entries_position + static_cast<size_t>(count) * entry_bytes) return std::nullopt;
    const auto checksum = load_big_endian<uint32_t>(bytes.data() + checksum_position);
    if (checksum != crc32c(bytes.subspan(count_position))) return std::nullopt;
    ProducerState state;
    for (size_t at = entries_position; at < bytes.size(); at += entry_bytes) {
        const ProducerEntry entry = load_entry(bytes.data() + at);
        if (entry.id.value < 0 || !state.producers_.emplace(entry.id, entry).second) return std::nullopt;
        if (entry.transaction_first_offset != no_offset)
            state.open_.push_back({entry.id, entry.transaction_first_offset});
    }
    std::sort(state.open_.begin(), state.open_.end(),
              [](const Transaction& a, const Transaction& b) { return a.first_offset < b.first_offset; });
    return state;
}

}  // namespace milena::storage
