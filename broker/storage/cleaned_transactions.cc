#include "storage/cleaned_transactions.h"

#include "storage/end_marker.h"

namespace milena::storage {

void CleanedTransactions::expect_aborted(std::span<const AbortedEntry> entries) {
    for (const AbortedEntry& entry : entries) expected_.emplace(entry.first_offset, entry);
}

void CleanedTransactions::begin_aborted(Offset up_to) {
    while (!expected_.empty() && expected_.begin()->first <= up_to) {
        const AbortedEntry entry = expected_.begin()->second;
        expected_.erase(expected_.begin());
        aborted_.try_emplace(entry.producer_id, Aborted{entry});
    }
}

bool CleanedTransactions::read_batch(const wire::BatchHeader& batch) {
    begin_aborted(batch.last_offset());
    if (!batch.is_transactional()) return false;
    const auto aborted = aborted_.find(batch.producer_id);
    if (aborted == aborted_.end()) {
        committed_.insert(batch.producer_id);
        return false;
    }
    aborted->second.has_batches = true;
    return true;
}

bool CleanedTransactions::read_control_batch(const wire::BatchHeader& header, std::span<const std::byte> batch) {
    begin_aborted(header.last_offset());
    if (header.records_count == 0) return true;
    const auto marker = parse_end_marker(header, batch);
    if (!marker.has_value()) return false;
    if (marker->is_commit) return committed_.erase(header.producer_id) == 0;
    const auto aborted = aborted_.extract(header.producer_id);
    if (aborted.empty() || !aborted.mapped().has_batches) return true;
    retained_.push_back(aborted.mapped().entry);
    return false;
}

}  // namespace milena::storage
