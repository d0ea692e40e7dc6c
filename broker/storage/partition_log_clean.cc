#include <algorithm>
#include <limits>

#include "base/log.h"
#include "storage/cleaner.h"
#include "storage/transaction_index.h"

namespace milena::storage {

// Kafka's timestamp of a segment's beginning: that of its first batch.
Result<Timestamp> PartitionLog::first_timestamp(Segment& segment) {
    if (segment.first_timestamp.has_value()) return *segment.first_timestamp;
    if (const auto opened = open_records(disk(), path_, segment); !opened.has_value())
        return failed(opened.error(), "open");
    std::array<std::byte, wire::batch_header_bytes> bytes;
    const auto read = segment.file->read_at(0, bytes);
    if (!read.has_value()) return failed(read.error(), "read");
    segment.first_timestamp = *read == bytes.size() ? wire::load_batch_header(bytes).max_timestamp : no_timestamp;
    return *segment.first_timestamp;
}

// Where the dirty section begins.
Offset PartitionLog::first_dirty_offset() const {
    if (!cleaned_to_.has_value() || *cleaned_to_ < log_start_ || *cleaned_to_ > log_end_) return log_start_;
    return *cleaned_to_;
}

Result<Cleanable> PartitionLog::cleanable(Offset high_watermark) {
    Cleanable range;
    range.first_dirty = range.first_uncleanable = first_dirty_offset();
    if (segments_.size() < 2) return range;
    const size_t first = segment_index(range.first_dirty);
    const size_t last = segments_.size() - 1;
    const Offset bound = last_stable_offset(high_watermark);
    const Timestamp now = environment_.clock.wall();
    const bool has_lag = config_->min_compaction_lag_ms.count() > 0;
    const bool has_deadline = config_->max_compaction_lag_ms.count() != std::numeric_limits<int64_t>::max();
    for (size_t i = 0; i < first; ++i) range.clean_bytes += segments_[i].bytes;
    if (range.first_dirty > segments_[first].base_offset) range.clean_bytes += segments_[first].bytes;
    for (size_t i = first; i < last && segments_[i + 1].base_offset <= bound; ++i) {
        Segment& segment = segments_[i];
        if (has_lag) {
            RETURN_IF_ERROR(know_max_timestamp(segment));
            if (segment.max_timestamp > now - config_->min_compaction_lag_ms.count()) break;
        }
        if (has_deadline) {
            ASSIGN_OR_RETURN(const Timestamp oldest, first_timestamp(segment));
            range.is_overdue |= oldest.value > 0 && oldest < now - config_->max_compaction_lag_ms.count();
        }
        range.cleanable_bytes += segment.bytes;
        range.first_uncleanable = segments_[i + 1].base_offset;
    }
    return range;
}

void PartitionLog::begin_cleaning(const Cleanable& range, const CleaningLimits& limits) {
    check(cleaning_ == nullptr);
    if (range.first_uncleanable > range.first_dirty) cleaning_ = std::make_unique<Cleaning>(*this, range, limits);
}

Result<CleaningSlice> PartitionLog::clean_some() {
    if (cleaning_ == nullptr) return CleaningSlice{.state = CleaningSlice::State::abandoned, .bytes = 0, .stats = {}};
    auto slice = cleaning_->step();
    const bool is_over = !slice.has_value() || slice->state == CleaningSlice::State::done ||
                         slice->state == CleaningSlice::State::abandoned;
    if (is_over) stop_cleaning();
    return slice;
}

void PartitionLog::stop_cleaning() {
    if (cleaning_ == nullptr) return;
    cleaning_->discard();
    cleaning_ = nullptr;
}

// What was known of producers at a place that lies before compacted batches doesn't go with what is left of them: the
// marker of a transaction that was open there may be gone.
Result<void> PartitionLog::remove_snapshots(Offset base, size_t count) {
    constexpr FileKind snapshot[] = {FileKind::producer_snapshot};
    for (size_t i = segment_index(base); count > 0; ++i, --count)
        if (segments_[i].base_offset != snapshot_)
            RETURN_IF_ERROR(remove_files_later(segments_[i].base_offset, snapshot));
    return {};
}

// The segments give way to one that is durable, under the names that Kafka uses for it: .cleaned, .swap, none. A crash
// before all files of the new one are .swap leaves the old ones, any later one the new. Names change in this order on
// the device too, so no sync is needed between them.
Result<void> PartitionLog::replace_segments(Offset base, size_t count, Segment cleaned) {
    const size_t first = segment_index(base);
    const Offset end = segments_[first + count].base_offset;
    const auto rename_all = [&](FileStage from, FileStage to) -> Result<void> {
        for (const FileKind kind : segment_kinds) {
            const auto renamed =
                disk().rename(log_file_path(path_, base, kind, from), log_file_path(path_, base, kind, to));
            if (!renamed.has_value() && renamed.error() != env::DiskError::not_found)
                return failed(renamed.error(), "rename");
        }
        return {};
    };
    RETURN_IF_ERROR(rename_all(FileStage::cleaned, FileStage::swap));
    for (size_t i = first; i < first + count; ++i)
        RETURN_IF_ERROR(remove_files_later(segments_[i].base_offset, segment_kinds));
    RETURN_IF_ERROR(remove_snapshots(base, count));
    RETURN_IF_ERROR(rename_all(FileStage::swap, FileStage::current));
    names_changed_ = true;
    ++generation_;  // reads under way begin anew
    cursors_.fill(Cursor{});
    tail_.drop_before(end);
    segments_[first] = std::move(cleaned);
    const auto rest = segments_.begin() + static_cast<std::ptrdiff_t>(first) + 1;
    segments_.erase(rest, rest + static_cast<std::ptrdiff_t>(count) - 1);
    return {};
}

}  // namespace milena::storage
