#include "storage/recovery.h"

#include <algorithm>
#include <limits>

#include "base/log.h"
#include "storage/batch_scan.h"
#include "storage/end_marker.h"
#include "storage/partition_metadata.h"
#include "storage/transaction_index.h"

namespace milena::storage {
namespace {

constexpr size_t small_file_bytes_max = 64U << 20;

// One pass over what a directory holds. Every step fails with the error that the opener gets.
class Recovery {
  public:
    Recovery(const LogEnvironment& environment, const std::string& path, const OpenOptions& options)
        : environment_(environment), disk_(environment.directory.disk()), path_(path), options_(options) {}

    Result<LogContent> run();

  private:
    using Depth = BatchScan::Depth;

    Result<void> list_segments();
    Result<void> read_topic_id();
    Result<void> read_epochs();
    Result<bool> find_clean_end();
    Result<void> recover_from_recovery_point();
    Result<void> begin_segment(Segment& segment, uint64_t position, Offset next);
    Result<bool> scan_segment(size_t index, uint64_t position);
    bool continues(const Segment& segment, const wire::BatchHeader& batch, Offset next);
    Result<void> take_in(Segment& segment, const BatchScan::Batch& batch, bool is_scanned_anew);
    Result<void> cut(size_t index);
    Result<void> remove_segments_from(size_t index);
    Result<void> check_epochs(Segment& segment, Offset last);
    Result<void> rebuild_epochs();
    Result<void> load_producers(Offset end);
    Result<void> settle();

    template <class T>
    Result<T> or_failed(env::DiskResult<T> outcome, std::string_view what) {
        if (outcome.has_value()) {
            if constexpr (std::is_void_v<T>)
                return {};
            else
                return std::move(*outcome);
        }
        return unexpected(environment_.directory.failed(outcome.error(), what, path_));
    }

    const LogEnvironment& environment_;
    env::Disk& disk_;
    const std::string& path_;
    const OpenOptions& options_;
    LogContent content_;
    std::vector<bool> has_indexes_;
    bool is_clean_ = false;  // the marker of a clean shutdown was there, and told the truth
    std::unique_ptr<SegmentWriter> writer_;
    uint64_t position_sound_ = 0;               // up to which the segment that was scanned last is whole
    LeaderEpoch last_epoch_ = no_leader_epoch;  // of the batch that was scanned last
};

Result<LogContent> Recovery::run() {
    content_.topic_id = options_.topic_id;
    content_.log_start_offset = content_.log_end_offset = options_.log_start_offset;
    content_.recovery_point = content_.durable_offset = options_.log_start_offset;
    RETURN_IF_ERROR(list_segments());
    if (content_.segments.empty()) return std::move(content_);
    RETURN_IF_ERROR(read_topic_id());
    RETURN_IF_ERROR(read_epochs());
    if (options_.was_closed_cleanly) {
        ASSIGN_OR_RETURN(is_clean_, find_clean_end());
    }
    if (is_clean_)
        RETURN_IF_ERROR(load_producers(content_.log_end_offset));
    else
        RETURN_IF_ERROR(recover_from_recovery_point());
    RETURN_IF_ERROR(settle());
    return std::move(content_);
}

Result<void> Recovery::list_segments() {
    auto listed = disk_.list(path_);
    if (!listed.has_value() && listed.error() == env::DiskError::not_found) return {};
    ASSIGN_OR_RETURN(auto entries, or_failed(std::move(listed), "list"));
    const bool is_interrupted = std::any_of(entries.begin(), entries.end(), [](const env::DirectoryEntry& entry) {
        const auto name = parse_log_file_name(entry.name);
        return name.has_value() && name->stage != FileStage::current;
    });
    if (is_interrupted) {
        content_.names_changed = true;
        RETURN_IF_ERROR(or_failed(clean_up_files(disk_, path_), "clean-up"));
        ASSIGN_OR_RETURN(entries, or_failed(disk_.list(path_), "list"));
    }
    std::vector<LogFileName> indexes;
    for (const env::DirectoryEntry& entry : entries) {
        const auto name = parse_log_file_name(entry.name);
        if (entry.is_directory || !name.has_value()) continue;
        if (name->kind == FileKind::records) {
            Segment segment;
            segment.base_offset = name->offset;
            segment.bytes = entry.bytes;
            content_.segments.push_back(std::move(segment));
        } else if (name->kind != FileKind::producer_snapshot) {
            indexes.push_back(*name);
        }
    }
    // Names are sorted, so segments are too.
    std::vector<int> index_counts(content_.segments.size());
    for (const LogFileName& index : indexes) {
        const auto at = std::lower_bound(content_.segments.begin(), content_.segments.end(), index.offset,
                                         [](const Segment& s, Offset offset) { return s.base_offset < offset; });
        if (at == content_.segments.end() || at->base_offset != index.offset)
            RETURN_IF_ERROR(or_failed(disk_.remove(log_file_path(path_, index.offset, index.kind)), "removal"));
        else if (index.kind != FileKind::transaction_index)
            ++index_counts[static_cast<size_t>(at - content_.segments.begin())];
    }
    for (const int count : index_counts) has_indexes_.push_back(count == 2);
    return {};
}

Result<void> Recovery::read_topic_id() {
    const auto text = env::read_file(disk_, path_ + "/" + std::string(partition_metadata_file), small_file_bytes_max);
    if (!text.has_value() && text.error() != env::DiskError::not_found)
        return unexpected(environment_.directory.failed(text.error(), "read", path_));
    const auto id = text.has_value() ? parse_partition_metadata(text->view()) : std::nullopt;
    if (!id.has_value()) return {};
    if (!options_.topic_id.is_zero() && *id != options_.topic_id) {
        log_error("log refused: it belongs to another topic",
                  {{"directory", path_}, {"found", *id}, {"expected", options_.topic_id}});
        return unexpected(ErrorCode::inconsistent_topic_id);
    }
    content_.topic_id = *id;
    return {};
}

Result<void> Recovery::read_epochs() {
    const auto text = env::read_file(disk_, path_ + "/" + std::string(epoch_file), small_file_bytes_max);
    if (!text.has_value()) {
        if (text.error() != env::DiskError::not_found)
            return unexpected(environment_.directory.failed(text.error(), "read", path_));
        return {};
    }
    auto epochs = EpochCache::parse(text->view());
    if (epochs.has_value())
        content_.epochs = *std::move(epochs);
    else
        log_warn("epoch file refused: malformed", {{"directory", path_}});
    return {};
}

// True if the log ends with whole batches, as a clean shutdown leaves it.
Result<bool> Recovery::find_clean_end() {
    Segment& last = content_.segments.back();
    constexpr Offset any{std::numeric_limits<int64_t>::max()};
    ASSIGN_OR_RETURN(const uint64_t position, or_failed(position_before(disk_, path_, last, any), "read"));
    BatchScan scan(*last.file, position, last.bytes, Depth::headers);
    Offset end = last.base_offset;
    for (;;) {
        const auto batch = scan.next();
        if (!batch.has_value()) {
            if (batch.error() == BatchScan::Fault::disk)
                return unexpected(environment_.directory.failed(scan.disk_error(), "read", path_));
            log_warn("clean shutdown doubted: the log does not end with a whole batch", {{"directory", path_}});
            return false;
        }
        if (!batch->has_value()) break;
        end = (*batch)->header.next_offset();
    }
    content_.log_end_offset = end;
    content_.recovery_point = std::min(options_.recovery_point, end);
    for (size_t i = 0; i + 1 < content_.segments.size(); ++i) {
        content_.segments[i].is_durable = true;
        if (!has_indexes_[i]) {
            ASSIGN_OR_RETURN([[maybe_unused]] const bool whole, scan_segment(i, 0));
        }
    }
    RETURN_IF_ERROR(check_epochs(last, any));
    return true;
}

Result<void> Recovery::recover_from_recovery_point() {
    auto& segments = content_.segments;
    const Offset point = std::max(options_.recovery_point, segments.front().base_offset);
    // The one before counts too if the point is its end: what closed its time index may not be durable.
    const auto after = std::upper_bound(segments.begin(), segments.end(), point - 1,
                                        [](Offset offset, const Segment& s) { return offset < s.base_offset; });
    const auto first = static_cast<size_t>(std::max<std::ptrdiff_t>(after - segments.begin(), 1)) - 1;
    for (size_t i = 0; i < first; ++i) {
        segments[i].is_durable = true;
        if (!has_indexes_[i]) {
            ASSIGN_OR_RETURN([[maybe_unused]] const bool whole, scan_segment(i, 0));
        }
    }
    uint64_t position = 0;
    if (has_indexes_[first] && point > segments[first].base_offset) {
        ASSIGN_OR_RETURN(position, or_failed(position_before(disk_, path_, segments[first], point - 1), "read"));
    }
    RETURN_IF_ERROR(check_epochs(segments[position == 0 && first > 0 ? first - 1 : first], point - 1));
    content_.recovery_point = options_.recovery_point;
    RETURN_IF_ERROR(load_producers(point));
    content_.log_end_offset = segments[first].base_offset;
    const Offset compacted_end = options_.cleaned_to.value_or(point);
    for (size_t i = first; i < segments.size(); ++i) {
        // Before: left behind by a roll that was given up. Beyond: the end of the segment before was lost, for a log
        // that grows leaves no gap between segments; compaction by Kafka may.
        const bool is_before = segments[i].base_offset < content_.log_end_offset;
        const bool is_beyond = segments[i].base_offset > std::max({content_.log_end_offset, point, compacted_end});
        if (i > first && (is_before || is_beyond)) {
            RETURN_IF_ERROR(remove_segments_from(i));
            break;
        }
        content_.log_end_offset = std::max(content_.log_end_offset, segments[i].base_offset);
        ASSIGN_OR_RETURN(const bool is_whole, scan_segment(i, position));
        position = 0;
        if (!is_whole) {
            RETURN_IF_ERROR(cut(i));
            break;
        }
    }
    // The recovery point was written before the log was truncated.
    if (content_.log_end_offset < point) RETURN_IF_ERROR(load_producers(content_.log_end_offset));
    return {};
}

Result<void> Recovery::begin_segment(Segment& segment, uint64_t position, Offset next) {
    // The entry of the batch at `position` itself is as good as ever.
    const uint64_t indexed = position == 0 ? 0 : position + 1;
    ASSIGN_OR_RETURN(writer_, or_failed(SegmentWriter::open(disk_, path_, segment, indexed, next), "open"));
    if (!segment.is_durable) {
        const std::string aborted = log_file_path(path_, segment.base_offset, FileKind::transaction_index);
        const Offset known = std::max(next, content_.recovery_point);
        RETURN_IF_ERROR(or_failed(truncate_transaction_index(disk_, aborted, known), "truncation"));
    }
    return or_failed(scan_max_timestamp(disk_, path_, segment, writer_->times().last(), position), "read");
}

// False if the segment was cut. Below the recovery point only the indexes are built anew.
Result<bool> Recovery::scan_segment(size_t index, uint64_t position) {
    Segment& segment = content_.segments[index];
    RETURN_IF_ERROR(or_failed(open_records(disk_, path_, segment), "open"));
    const bool is_scanned_anew = !segment.is_durable;
    BatchScan scan(*segment.file, position, segment.bytes, is_scanned_anew ? Depth::whole : Depth::headers);
    Offset next = segment.base_offset;
    writer_ = nullptr;
    if (!is_scanned_anew) last_epoch_ = no_leader_epoch;
    bool is_whole = true;
    for (;;) {
        const auto batch = scan.next();
        if (!batch.has_value() && batch.error() == BatchScan::Fault::disk)
            return unexpected(environment_.directory.failed(scan.disk_error(), "read", path_));
        if (batch.has_value() && !batch->has_value()) break;
        if (!batch.has_value() || !continues(segment, (*batch)->header, next)) {
            is_whole = false;
            break;
        }
        if (writer_ == nullptr) RETURN_IF_ERROR(begin_segment(segment, position, (*batch)->header.base_offset));
        RETURN_IF_ERROR(take_in(segment, **batch, is_scanned_anew));
        next = (*batch)->header.next_offset();
        position = scan.position();
    }
    if (writer_ == nullptr) RETURN_IF_ERROR(begin_segment(segment, 0, segment.base_offset));
    RETURN_IF_ERROR(or_failed(writer_->finish(segment), "write"));
    writer_ = nullptr;
    if (is_scanned_anew) {
        content_.log_end_offset = std::max(content_.log_end_offset, next);
        position_sound_ = position;
    } else if (!is_whole) {
        log_error("records damaged below the recovery point: they can't be read",
                  {{"directory", path_}, {"segment", segment.base_offset}, {"position", position}});
    }
    return is_whole;
}

// After a power cut what an un-synced truncation took away may stand behind newer batches; its epoch gives it away.
bool Recovery::continues(const Segment& segment, const wire::BatchHeader& batch, Offset next) {
    const bool goes_back = batch.partition_leader_epoch < last_epoch_;
    last_epoch_ = batch.partition_leader_epoch;
    return !goes_back && batch.base_offset >= next &&
           batch.last_offset() - segment.base_offset <= std::numeric_limits<int32_t>::max();
}

Result<void> Recovery::take_in(Segment& segment, const BatchScan::Batch& batch, bool is_scanned_anew) {
    const SegmentWriter::Settings settings{options_.config->index_interval_bytes, options_.config->segment_index_bytes};
    RETURN_IF_ERROR(or_failed(writer_->appended(segment, batch.header, batch.position, settings), "write"));
    if (!is_scanned_anew) return {};
    const LeaderEpoch epoch = batch.header.partition_leader_epoch;
    if (epoch.value >= 0 && epoch != content_.epochs.epoch_of(batch.header.base_offset))
        content_.epochs_changed |= content_.epochs.assign(epoch, batch.header.base_offset);
    const bool is_known = batch.header.base_offset < content_.recovery_point;
    if (is_known || !options_.config->keeps_producer_state || !batch.header.has_producer_id()) return {};
    if (!batch.header.is_control()) {
        content_.producers.apply(batch.header);
        return {};
    }
    const auto marker = parse_end_marker(batch.header, batch.bytes);
    if (!marker.has_value()) return {};
    const auto ended = content_.producers.apply(batch.header, *marker);
    if (!ended.has_value() || !ended->was_aborted) return {};
    RETURN_IF_ERROR(or_failed(
        append_transaction_index(disk_, log_file_path(path_, segment.base_offset, FileKind::transaction_index),
                                 {ended->producer_id, ended->first_offset, ended->last_offset,
                                  content_.producers.last_stable_offset(*ended)}),
        "write"));
    return {};
}

// What lies beyond goes first. Should it come back after a power cut, then nothing that was appended since is durable,
// and what comes back either follows upon a hole or has an older epoch than what stands before it: it goes again.
Result<void> Recovery::cut(size_t index) {
    Segment& segment = content_.segments[index];
    log_warn("log cut: torn or corrupt batch", {{"directory", path_},
                                                {"segment", segment.base_offset},
                                                {"position", position_sound_},
                                                {"bytes_cut", segment.bytes - position_sound_},
                                                {"log_end", content_.log_end_offset}});
    RETURN_IF_ERROR(remove_segments_from(index + 1));
    segment.bytes = position_sound_;
    content_.was_cut = true;
    return or_failed(segment.file->truncate(position_sound_), "truncation");
}

Result<void> Recovery::remove_segments_from(size_t index) {
    for (size_t i = index; i < content_.segments.size(); ++i) {
        log_warn("segment removed: it does not continue the log",
                 {{"directory", path_}, {"segment", content_.segments[i].base_offset}});
        for (const FileKind kind : segment_kinds) {
            const auto removed = disk_.remove(log_file_path(path_, content_.segments[i].base_offset, kind));
            if (!removed.has_value() && removed.error() != env::DiskError::not_found)
                return unexpected(environment_.directory.failed(removed.error(), "removal", path_));
        }
    }
    if (index >= content_.segments.size()) return {};
    content_.segments.resize(index);
    content_.was_cut = content_.names_changed = true;
    return {};
}

// The epoch file is renamed into place without waiting for the directory, so after a power cut it may be an old one.
// The last batch of `segment` that begins at or before `last` tells: two logs with the same epoch there have the same
// epochs before (KIP-101).
Result<void> Recovery::check_epochs(Segment& segment, Offset last) {
    ASSIGN_OR_RETURN(const uint64_t position, or_failed(position_before(disk_, path_, segment, last), "read"));
    BatchScan scan(*segment.file, position, segment.bytes, Depth::headers);
    std::optional<wire::BatchHeader> found;
    for (;;) {
        const auto batch = scan.next();
        if (!batch.has_value() || !batch->has_value() || (*batch)->header.base_offset > last) break;
        found = (*batch)->header;
    }
    if (!found.has_value()) return {};
    const wire::BatchHeader& header = *found;
    const auto entries = content_.epochs.entries();
    const Offset start = std::max(options_.log_start_offset, content_.segments.front().base_offset);
    if (header.last_offset() < start) return {};
    // It was cut at a log start that has been forgotten since.
    const bool is_cut = !entries.empty() && entries.front().start_offset > start;
    if (!is_cut && header.partition_leader_epoch == content_.epochs.epoch_of(header.last_offset())) return {};
    log_warn("epoch file refused: it contradicts the records", {{"directory", path_}});
    return rebuild_epochs();
}

Result<void> Recovery::rebuild_epochs() {
    content_.epochs.clear();
    content_.epochs_changed = true;
    for (Segment& segment : content_.segments) {
        RETURN_IF_ERROR(or_failed(open_records(disk_, path_, segment), "open"));
        BatchScan scan(*segment.file, 0, segment.bytes, Depth::headers);
        for (;;) {
            const auto batch = scan.next();
            if (!batch.has_value() || !batch->has_value()) break;
            const wire::BatchHeader& header = (*batch)->header;
            if (header.partition_leader_epoch > content_.epochs.latest())
                content_.epochs.assign(header.partition_leader_epoch, header.base_offset);
        }
    }
    return {};
}

Result<void> Recovery::load_producers(Offset end) {
    if (!options_.config->keeps_producer_state) return {};
    ASSIGN_OR_RETURN(content_.producers,
                     rebuild_producers(environment_, path_, content_.segments, end, content_.snapshot_offset));
    return {};
}

Result<void> Recovery::settle() {
    auto& segments = content_.segments;
    const Offset start = std::max(options_.log_start_offset, segments.front().base_offset);
    if (start > content_.log_end_offset) {
        log_warn("log emptied: its start lies beyond its end",
                 {{"directory", path_}, {"log_start", start}, {"log_end", content_.log_end_offset}});
        RETURN_IF_ERROR(remove_segments_from(0));
        content_.epochs_changed |= content_.epochs.clear();
        content_.log_end_offset = content_.recovery_point = start;
        RETURN_IF_ERROR(load_producers(no_offset));
    }
    content_.log_start_offset = start;
    content_.recovery_point = std::min(content_.recovery_point, content_.log_end_offset);
    content_.was_interrupted = !is_clean_;
    content_.durable_offset = is_clean_ ? content_.log_end_offset : content_.recovery_point;
    content_.epochs_changed |= content_.epochs.truncate_from_end(content_.log_end_offset);
    content_.epochs_changed |= content_.epochs.truncate_from_start(start);
    const auto now = environment_.clock.wall();
    content_.producers.expire(now - options_.config->producer_id_expiration_ms.count());
    for (Segment& segment : segments) segment.file = nullptr;  // most logs will not be used soon
    return {};
}

}  // namespace

Result<LogContent> recover_log(const LogEnvironment& environment, const std::string& path, const OpenOptions& options) {
    return Recovery(environment, path, options).run();
}

}  // namespace milena::storage
