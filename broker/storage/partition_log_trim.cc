#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/log.h"
#include "storage/batch_scan.h"
#include "storage/partition_log.h"
#include "storage/recovery.h"
#include "storage/transaction_index.h"

namespace milena::storage {

// Records at and beyond the log end are gone; nobody may be served them from memory, nor by a read under way.
void PartitionLog::forget_from(Offset offset) {
    ++generation_;
    tail_.truncate(offset);
    cursors_.fill(Cursor{});
    if (cleaned_to_.has_value()) cleaned_to_ = std::min(*cleaned_to_, offset);
    durable_ = std::min(durable_, offset);
    recovery_point_ = std::min(recovery_point_, offset);
    if (durable_ == log_end_) undurable_since_.reset();
}

Result<bool> PartitionLog::truncate_to(Offset offset) {
    check(offset.value >= 0);
    epochs_changed_ |= epochs_.truncate_from_end(std::min(offset, log_end_));
    if (offset >= log_end_) return false;
    stop_cleaning();
    if (segments_.empty() || offset <= segments_.front().base_offset) {
        RETURN_IF_ERROR(truncate_fully_and_start_at(offset));
        return true;
    }
    log_info("log truncated", {{"directory", path_}, {"to", offset}, {"log_end", log_end_}});
    size_t keep = segment_index(offset) + 1;
    if (segments_[keep - 1].base_offset == offset) --keep;
    if (keep < segments_.size()) {
        RETURN_IF_ERROR(remove_segments(keep, segments_.size() - keep));
        writer_ = nullptr;
        // Should they come back after a power cut, they would follow upon a hole.
        if (const auto synced = disk().sync_directory(path_); !synced.has_value())
            return failed(env::DiskError::failed, "sync of names");
        // The one before grows again, so what it holds must be synced again too.
        segments_.back().is_durable = false;
    }
    log_end_ = offset;
    RETURN_IF_ERROR(truncate_segment(offset));
    log_start_ = std::min(log_start_, log_end_);
    epochs_changed_ |= epochs_.truncate_from_end(log_end_);
    forget_from(log_end_);
    names_changed_ = true;  // a producer snapshot that comes back would speak of other records
    if (config_->keeps_producer_state) {
        ASSIGN_OR_RETURN(producers_, rebuild_producers(environment_, path_, segments_, log_end_, snapshot_));
    }
    return true;
}

// Cuts the last segment before the batch that contains `offset`.
Result<void> PartitionLog::truncate_segment(Offset offset) {
    Segment& last = segments_.back();
    if (writer_ != nullptr) {
        if (const auto flushed = writer_->flush(); !flushed.has_value()) return failed(flushed.error(), "write");
        writer_ = nullptr;
    }
    // The batch that the index names may be the one to go; where the one before ends must be known too.
    Offset probe = offset;
    uint64_t end = 0;
    Offset end_offset = last.base_offset;
    for (bool is_found = false; !is_found;) {
        const auto indexed = position_before(disk(), path_, last, probe);
        if (!indexed.has_value()) return failed(indexed.error(), "read");
        end = *indexed;
        is_found = end == 0;
        BatchScan scan(*last.file, end, last.bytes, BatchScan::Depth::headers);
        for (;;) {
            const auto batch = scan.next();
            if (!batch.has_value()) return failed(scan.disk_error(), "read");
            if (!batch->has_value()) break;
            if ((*batch)->header.last_offset() >= offset) {
                probe = (*batch)->header.base_offset - 1;
                break;
            }
            is_found = true;
            end_offset = (*batch)->header.next_offset();
            end = scan.position();
        }
    }
    log_end_ = end_offset;
    if (const auto cut = last.file->truncate(end); !cut.has_value()) return failed(cut.error(), "truncation");
    last.bytes = end;
    was_cut_ = transactions_changed_ = true;
    const std::string aborted = log_file_path(path_, last.base_offset, FileKind::transaction_index);
    if (const auto cut = truncate_transaction_index(disk(), aborted, log_end_); !cut.has_value())
        return failed(cut.error(), "truncation");
    const auto writer = SegmentWriter::open(disk(), path_, last, end, log_end_);
    if (!writer.has_value()) return failed(writer.error(), "open");
    const auto scanned = scan_max_timestamp(disk(), path_, last, (*writer)->times().last(), end);
    if (!scanned.has_value()) return failed(scanned.error(), "read");
    return {};
}

Result<void> PartitionLog::truncate_fully_and_start_at(Offset offset) {
    check(offset.value >= 0);
    if (segments_.empty() && offset == log_end_ && offset == log_start_) return {};
    stop_cleaning();
    log_info("log emptied", {{"directory", path_}, {"start", offset}, {"log_end", log_end_}});
    const bool had_files = !segments_.empty();
    epochs_changed_ |= epochs_.clear();
    log_start_ = log_end_ = offset;
    if (had_files) RETURN_IF_ERROR(remove_segments(0, segments_.size()));
    writer_ = nullptr;
    forget_from(Offset(0));
    durable_ = recovery_point_ = offset;
    undurable_since_.reset();
    producers_ = ProducerState();
    if (had_files && config_->keeps_producer_state) {
        ASSIGN_OR_RETURN(producers_, rebuild_producers(environment_, path_, {}, no_offset, snapshot_));
    }
    // Where a log without records goes on is written nowhere but in the name of its segment.
    if (!had_files && offset == Offset(0)) return {};
    return create_files(offset);
}

// Records were deleted up to the middle of a batch: a log that begins there begins with the file of all of the batch.
Result<void> PartitionLog::begin_within(Offset base) {
    const Offset start = log_start_;
    const Result<void> begun = truncate_fully_and_start_at(base);
    log_start_ = log_end_ = start;
    return begun;
}

// An empty segment gives way to one that can take `offset`.
Result<void> PartitionLog::restart_at(Offset offset) {
    RETURN_IF_ERROR(remove_segments(segments_.size() - 1, 1));
    writer_ = nullptr;
    return add_segment(offset);
}

// The files are renamed now and removed after file.delete.delay.ms.
Result<void> PartitionLog::remove_segments(size_t first, size_t count) {
    ++generation_;
    names_changed_ = true;
    constexpr FileKind kinds[] = {FileKind::records, FileKind::offset_index, FileKind::time_index,
                                  FileKind::transaction_index, FileKind::producer_snapshot};
    for (size_t i = first; i < first + count; ++i) RETURN_IF_ERROR(remove_files_later(segments_[i].base_offset, kinds));
    const auto at = segments_.begin() + static_cast<std::ptrdiff_t>(first);
    segments_.erase(at, at + static_cast<std::ptrdiff_t>(count));
    return {};
}

Result<void> PartitionLog::remove_files_later(Offset base, std::span<const FileKind> kinds) {
    const Instant when = environment_.clock.now() + config_->file_delete_delay_ms;
    for (const FileKind kind : kinds) {
        const std::string deleted = log_file_path(path_, base, kind, FileStage::deleted);
        const auto renamed = disk().rename(log_file_path(path_, base, kind), deleted);
        if (renamed.has_value())
            environment_.directory.remove_later(deleted, when);
        else if (renamed.error() != env::DiskError::not_found)
            return failed(renamed.error(), "rename");
    }
    return {};
}

Result<void> PartitionLog::advance_log_start(Offset offset) {
    if (offset > log_end_) return unexpected(ErrorCode::offset_out_of_range);
    if (offset <= log_start_) return {};
    log_start_ = offset;
    epochs_changed_ |= epochs_.truncate_from_start(offset);
    return {};
}

// A segment that was closed says so in the last entry of its time index; the one that grows may have gone on since.
Result<void> PartitionLog::know_max_timestamp(Segment& segment) {
    if (segment.knows_max_timestamp) return {};
    if (&segment == &segments_.back()) return confirm_max_timestamp(segment);
    ASSIGN_OR_RETURN(const auto last, last_time_entry(segment));
    learn_max_timestamp(segment, last);
    return {};
}

Result<std::optional<IndexEntry>> PartitionLog::last_time_entry(const Segment& segment) {
    const auto last = find_time_entry(disk(), path_, segment, Timestamp(std::numeric_limits<int64_t>::max()));
    if (!last.has_value()) return failed(last.error(), "read");
    return *last;
}

Result<void> PartitionLog::confirm_max_timestamp(Segment& segment) {
    ASSIGN_OR_RETURN(const auto last, last_time_entry(segment));
    const auto scanned = scan_max_timestamp(disk(), path_, segment, last, segment.bytes);
    if (!scanned.has_value()) return failed(scanned.error(), "read");
    return {};
}

// Records without a timestamp are as old as their file (Kafka's LogSegment.largestTimestamp).
Result<Timestamp> PartitionLog::largest_timestamp(Segment& segment) {
    if (segment.max_timestamp.value >= 0) return segment.max_timestamp;
    if (const auto opened = open_records(disk(), path_, segment); !opened.has_value())
        return failed(opened.error(), "open");
    const auto modified = segment.file->modified();
    if (!modified.has_value()) return failed(modified.error(), "read");
    return *modified;
}

Result<bool> PartitionLog::is_past_retention(Segment& segment) {
    if (config_->retention_ms.count() < 0) return false;
    const auto is_old = [&]() -> Result<bool> {
        ASSIGN_OR_RETURN(const Timestamp largest, largest_timestamp(segment));
        return environment_.clock.wall() - largest > config_->retention_ms.count();
    };
    RETURN_IF_ERROR(know_max_timestamp(segment));
    ASSIGN_OR_RETURN(const bool seems_old, is_old());
    if (!seems_old) return false;
    // A damaged index costs time, never records: before they go, they say themselves how old they are.
    RETURN_IF_ERROR(confirm_max_timestamp(segment));
    return is_old();
}

Result<size_t> PartitionLog::count_deletable(Offset high_watermark) {
    const int64_t retained = config_->deletes_old_segments ? config_->retention_bytes : -1;
    int64_t excess_bytes = retained < 0 ? -1 : static_cast<int64_t>(bytes()) - retained;
    size_t count = 0;
    for (; count < segments_.size(); ++count) {
        Segment& segment = segments_[count];
        const bool is_last = count + 1 == segments_.size();
        const Offset end = is_last ? log_end_ : segments_[count + 1].base_offset;
        if (high_watermark < end || (is_last && segment.bytes == 0)) break;
        const auto size = static_cast<int64_t>(segment.bytes);
        bool is_deletable = !is_last && end <= log_start_;
        if (!is_deletable && excess_bytes >= 0) is_deletable = excess_bytes >= size;
        if (!is_deletable && config_->deletes_old_segments) {
            ASSIGN_OR_RETURN(is_deletable, is_past_retention(segment));
        }
        if (!is_deletable) break;
        if (excess_bytes >= 0) excess_bytes -= size;
    }
    return count;
}

Result<size_t> PartitionLog::delete_old_segments(Offset high_watermark) {
    if (environment_.directory.has_failed()) return unexpected(ErrorCode::kafka_storage_error);
    producers_.high_watermark_moved(high_watermark);
    if (cleaning_ != nullptr && config_->is_compacted) return size_t{0};
    stop_cleaning();
    ASSIGN_OR_RETURN(size_t count, count_deletable(high_watermark));
    if (count == 0) return count;
    if (count == segments_.size()) {
        RETURN_IF_ERROR(ensure_writer());
        RETURN_IF_ERROR(cut_refused_append());
        // On a full disk the last one stays until there is space for its successor.
        if (const auto rolled = roll(log_end_); !rolled.has_value()) --count;
        if (environment_.directory.has_failed()) return unexpected(ErrorCode::kafka_storage_error);
    }
    log_info("segments deleted", {{"directory", path_},
                                  {"count", count},
                                  {"first", segments_.front().base_offset},
                                  {"last", segments_[count - 1].base_offset}});
    RETURN_IF_ERROR(remove_segments(0, count));
    if (!segments_.empty() && segments_.front().base_offset > log_start_)
        RETURN_IF_ERROR(advance_log_start(segments_.front().base_offset));
    return count;
}

Result<void> PartitionLog::remove() {
    stop_cleaning();
    writer_ = nullptr;
    const Uuid unique = Uuid::from_random(environment_.random.next(), environment_.random.next());
    const std::string deleted =
        environment_.directory.path() + "/" + deleted_directory_name(topic_, partition_, unique);
    const auto renamed = disk().rename(path_, deleted);
    if (!renamed.has_value()) {
        if (renamed.error() == env::DiskError::not_found) return {};
        return failed(renamed.error(), "rename");
    }
    environment_.directory.names_changed();
    environment_.directory.remove_later(deleted, environment_.clock.now() + config_->file_delete_delay_ms);
    return {};
}

}  // namespace milena::storage
