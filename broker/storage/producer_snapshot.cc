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
constexpr size_t producer_entry_bytes = 46;

void store_entry(std::byte* to, const ProducerEntry& entry, const ProducerBatch& batch, bool is_last) {
    store_big_endian(to, entry.id.value);
    store_big_endian(to + 8, entry.epoch);
    store_big_endian(to + 10, batch.last_sequence);
    store_big_endian(to + 14, batch.last_offset.value);
    store_big_endian(to + 22, batch.offset_delta);
    store_big_endian(to + 26, (is_last ? entry.last_timestamp : batch.timestamp).value);
    store_big_endian(to + 34, entry.coordinator_epoch);
    store_big_endian(to + 38, (is_last ? entry.transaction_first_offset : no_offset).value);
}

ProducerEntry load_entry(const std::byte* from) {
    ProducerEntry entry;
    entry.id = ProducerId(load_big_endian<int64_t>(from));
    entry.epoch = load_big_endian<int16_t>(from + 8);
    entry.last_timestamp = Timestamp(load_big_endian<int64_t>(from + 26));
    entry.coordinator_epoch = load_big_endian<int32_t>(from + 34);
    entry.transaction_first_offset = Offset(std::max<int64_t>(load_big_endian<int64_t>(from + 38), -1));
    const ProducerBatch batch{.last_sequence = load_big_endian<int32_t>(from + 10),
                              .offset_delta = load_big_endian<int32_t>(from + 22),
                              .last_offset = Offset(load_big_endian<int64_t>(from + 14)),
                              .timestamp = entry.last_timestamp};
    if (batch.last_offset.value >= 0) entry.add(batch);
    return entry;
}

// `next` is what the file says of the same producer further on: its last batch so far.
bool follow(ProducerEntry& entry, const ProducerEntry& next) {
    const ProducerBatch* batch = next.last_batch();
    const bool is_next = next.epoch == entry.epoch && entry.batch_count > 0 && batch != nullptr &&
                         batch->last_offset > entry.last_batch()->last_offset;
    if (!is_next || entry.transaction_first_offset != no_offset) return false;
    entry.add(*batch);
    entry.last_timestamp = next.last_timestamp;
    entry.coordinator_epoch = next.coordinator_epoch;
    entry.transaction_first_offset = next.transaction_first_offset;
    return true;
}

}  // namespace

Bytes ProducerState::to_snapshot() const {
    size_t count = 0;
    for (const auto& [id, entry] : producers_) count += std::max<size_t>(entry.batch_count, 1);
    std::vector<std::byte> bytes(entries_position + producer_entry_bytes * count);
    store_big_endian(bytes.data(), version_current);
    store_big_endian(bytes.data() + count_position, static_cast<int32_t>(count));
    std::byte* at = bytes.data() + entries_position;
    for (const ProducerEntry& entry : entries()) {
        const size_t batches = std::max<size_t>(entry.batch_count, 1);
        for (size_t i = 0; i < batches; ++i, at += producer_entry_bytes)
            store_entry(at, entry, entry.batch_count == 0 ? ProducerBatch{} : entry.batches[i], i + 1 == batches);
    }
    store_big_endian(bytes.data() + checksum_position, crc32c(std::span(bytes).subspan(count_position)));
    return Bytes::from(std::move(bytes));
}

std::optional<ProducerState> ProducerState::parse_snapshot(std::span<const std::byte> bytes) {
    if (bytes.size() < entries_position || load_big_endian<int16_t>(bytes.data()) != version_current)
        return std::nullopt;
    const auto count = load_big_endian<int32_t>(bytes.data() + count_position);
    if (count < 0 || bytes.size() != entries_position + static_cast<size_t>(count) * producer_entry_bytes)
        return std::nullopt;
    const auto checksum = load_big_endian<uint32_t>(bytes.data() + checksum_position);
    if (checksum != crc32c(bytes.subspan(count_position))) return std::nullopt;
    ProducerState state;
    for (size_t at = entries_position; at < bytes.size(); at += producer_entry_bytes) {
        const ProducerEntry entry = load_entry(bytes.data() + at);
        if (entry.id.value < 0) return std::nullopt;
        const auto [known, is_new] = state.producers_.try_emplace(entry.id, entry);
        if (!is_new && !follow(known->second, entry)) return std::nullopt;
        if (entry.transaction_first_offset != no_offset)
            state.open_.push_back({entry.id, entry.transaction_first_offset});
    }
    std::sort(state.open_.begin(), state.open_.end(),
              [](const Transaction& a, const Transaction& b) { return a.first_offset < b.first_offset; });
    return state;
}

}  // namespace milena::storage
