#include "storage/producer_state.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace milena::storage {
namespace {

constexpr int32_t sequence_max = std::numeric_limits<int32_t>::max();

bool follows(int32_t next, int32_t last) { return last == sequence_max ? next == 0 : next == last + 1; }

}  // namespace

int32_t ProducerBatch::first_sequence() const {
    if (last_sequence == wire::no_sequence) return wire::no_sequence;
    const int64_t first = int64_t{last_sequence} - offset_delta;
    return static_cast<int32_t>(first >= 0 ? first : first + sequence_max + 1);
}

void ProducerEntry::add(const ProducerBatch& batch) {
    if (batch_count == batches_max) {
        std::move(batches.begin() + 1, batches.end(), batches.begin());
        --batch_count;
    }
    batches[batch_count++] = batch;
    refused = ErrorCode::none;
}

const ProducerEntry* ProducerState::find(ProducerId id) const {
    const auto at = producers_.find(id);
    return at == producers_.end() ? nullptr : &at->second;
}

Result<std::optional<ProducerBatch>> ProducerState::decide(const wire::BatchHeader& batch, AppendOrigin origin) const {
    const ProducerEntry* entry = find(batch.producer_id);
    if (entry == nullptr || origin == AppendOrigin::replication) return std::optional<ProducerBatch>();
    const bool is_client = origin == AppendOrigin::client;
    if (is_client && batch.producer_epoch == entry->epoch) {
        for (const ProducerBatch& earlier : std::span(entry->batches).first(entry->batch_count))
            if (earlier.first_sequence() == batch.base_sequence && earlier.last_sequence == batch.last_sequence())
                return std::optional(earlier);
    }
    if (batch.producer_epoch < entry->epoch) return unexpected(ErrorCode::invalid_producer_epoch);
    if (is_client) {
        const bool is_new_epoch = batch.producer_epoch != entry->epoch;
        const bool may_begin = batch.base_sequence == 0 || entry->epoch == wire::no_producer_epoch;
        if (is_new_epoch ? !may_begin : !follows(batch.base_sequence, entry->last_sequence()))
            return unexpected(entry->refused == ErrorCode::none ? ErrorCode::out_of_order_sequence_number
                                                                : entry->refused);
    }
    if (entry->transaction_first_offset != no_offset && !batch.is_transactional())
        return unexpected(ErrorCode::invalid_txn_state);
    return std::optional<ProducerBatch>();
}

Result<void> ProducerState::decide(const wire::BatchHeader& batch, const EndTransactionMarker& marker,
                                   AppendOrigin origin) const {
    const ProducerEntry* entry = find(batch.producer_id);
    if (entry == nullptr || origin == AppendOrigin::replication) return {};
    if (batch.producer_epoch < entry->epoch) return unexpected(ErrorCode::invalid_producer_epoch);
    if (marker.coordinator_epoch < entry->coordinator_epoch)
        return unexpected(ErrorCode::transaction_coordinator_fenced);
    return {};
}

ProducerEntry& ProducerState::entry_of(const wire::BatchHeader& batch) {
    ProducerEntry& entry = producers_[batch.producer_id];
    entry.id = batch.producer_id;
    if (entry.epoch != batch.producer_epoch) {
        entry.epoch = batch.producer_epoch;
        entry.batch_count = 0;
    }
    return entry;
}

void ProducerState::apply(const wire::BatchHeader& batch) {
    ProducerEntry& entry = entry_of(batch);
    entry.add({.last_sequence = batch.last_sequence(),
               .offset_delta = batch.last_offset_delta,
               .last_offset = batch.last_offset(),
               .timestamp = batch.max_timestamp});
    entry.last_timestamp = batch.max_timestamp;
    if (batch.is_transactional() && entry.transaction_first_offset == no_offset) {
        entry.transaction_first_offset = batch.base_offset;
        open_.push_back({batch.producer_id, batch.base_offset});
    }
}

void ProducerState::refused(const wire::BatchHeader& batch, ErrorCode why) {
    const auto at = producers_.find(batch.producer_id);
    if (at == producers_.end() || batch.is_control()) return;
    const auto decided = decide(batch, AppendOrigin::client);
    if (decided.has_value() && !decided->has_value()) at->second.refused = why;
}

std::optional<CompletedTransaction> ProducerState::apply(const wire::BatchHeader& batch,
                                                         const EndTransactionMarker& marker) {
    ProducerEntry& entry = entry_of(batch);
    entry.coordinator_epoch = marker.coordinator_epoch;
    entry.last_timestamp = batch.max_timestamp;
    if (entry.transaction_first_offset == no_offset) return std::nullopt;
    const Offset first = std::exchange(entry.transaction_first_offset, no_offset);
    std::erase_if(open_, [&](const Transaction& open) { return open.first_offset == first; });
    const auto after = std::find_if(unreplicated_.begin(), unreplicated_.end(),
                                    [&](const Transaction& other) { return other.first_offset > first; });
    unreplicated_.insert(after, {batch.producer_id, first, batch.base_offset});
    return CompletedTransaction{batch.producer_id, first, batch.base_offset, !marker.is_commit};
}

std::optional<Offset> ProducerState::first_unstable_offset(Offset high_watermark) const {
    std::optional<Offset> first;
    if (!open_.empty()) first = open_.front().first_offset;
    for (const Transaction& ended : unreplicated_)
        if (ended.last_offset >= high_watermark && (!first || ended.first_offset < *first)) first = ended.first_offset;
    return first;
}

Offset ProducerState::last_stable_offset(const CompletedTransaction& ended) const {
    return open_.empty() ? ended.last_offset + 1 : open_.front().first_offset;
}

void ProducerState::high_watermark_moved(Offset high_watermark) {
    std::erase_if(unreplicated_, [&](const Transaction& ended) { return ended.last_offset < high_watermark; });
}

void ProducerState::expire(Timestamp before) {
    std::erase_if(producers_, [&](const auto& item) {
        const ProducerEntry& entry = item.second;
        return entry.transaction_first_offset == no_offset && entry.last_timestamp <= before;
    });
}

std::vector<ProducerEntry> ProducerState::entries() const {
    std::vector<ProducerEntry> entries;
    entries.reserve(producers_.size());
    for (const auto& [id, entry] : producers_) entries.push_back(entry);
    std::sort(entries.begin(), entries.end(),
              [](const ProducerEntry& a, const ProducerEntry& b) { return a.id < b.id; });
    return entries;
}

}  // namespace milena::storage
