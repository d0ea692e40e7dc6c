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
    Result<void> take_in(Segment& segment, const BatchScan::Batch& batch, bool is_scanned_anew);
    Result<void> cut(size_t index, uint64_t position);
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
    std::unique_ptr<SegmentWriter> writer_;
};

Result<LogContent> Recovery::run() {
    content_.topic_id = options_.topic_id;
    content_.log_start_offset = content_.log_end_offset = content_.recovery_point = options_.log_start_offset;
    RETURN_IF_ERROR(list_segments());
    if (content_.segments.empty()) return std::move(content_);
    RETURN_IF_ERROR(read_topic_id());
    RETURN_IF_ERROR(read_epochs());
    bool is_clean = false;
    if (options_.was_closed_cleanly) {
        ASSIGN_OR_RETURN(is_clean, find_clean_end());
    }
    if (is_clean)
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
    ASSIGN_OR_RETURN(const uint64_t position, position_before(environment_, path_, last, any));
    RETURN_IF_ERROR(or_failed(load_max_timestamp(disk_, path_, last), "read"));
    BatchScan scan(*last.file, position, last.bytes, Depth::headers);
    Offset end = last.base_offset;
    for (;;) {
        const auto batch = scan.next();
        if (!batch.has_value()) {
            if (batch.error() == BatchScan::Fault::disk)
                return unexpected(environment_.directory.failed(scan.disk_error(), "read", path_));
            log_warn("clean shutdown doubted: the log does not end with a whole batch", {{"directory", path_}});
            last.knows_max_timestamp = false;
            return false;
        }
        if (!batch->has_value()) break;
        last.see_timestamp((*batch)->header);
        end = (*batch)->header.next_offset();
    }
    content_.log_end_offset = content_.recovery_point = end;
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
    const auto after = std::upper_bound(segments.begin(), segments.end(), point,
                                        [](Offset offset, const Segment& s) { return offset < s.base_offset; });
    const auto first = static_cast<size_t>(after - segments.begin()) - 1;
    for (size_t i = 0; i < first; ++i) {
        segments[i].is_durable = true;
        if (!has_indexes_[i]) {
            ASSIGN_OR_RETURN([[maybe_unused]] const bool whole, scan_segment(i, 0));
        }
    }
    uint64_t position = 0;
    if (has_indexes_[first] && point > segments[first].base_offset) {
        ASSIGN_OR_RETURN(position, position_before(environment_, path_, segments[first], point - 1));
    }
    RETURN_IF_ERROR(check_epochs(segments[position == 0 && first > 0 ? first - 1 : first], point - 1));
    content_.recovery_point = point;
    RETURN_IF_ERROR(load_producers(point));
    content_.log_end_offset = segments[first].base_offset;
    for (size_t i = first; i < segments.size(); ++i) {
        if (i > first && segments[i].base_offset < content_.log_end_offset) {
            RETURN_IF_ERROR(remove_segments_from(i));  // left behind by a roll that was given up
            break;
        }
        content_.log_end_offset = std::max(content_.log_end_offset, segments[i].base_offset);
        ASSIGN_OR_RETURN(const bool is_whole, scan_segment(i, position));
        position = 0;
        if (!is_whole) {
            RETURN_IF_ERROR(remove_segments_from(i + 1));
            break;
        }
    }
    // The recovery point was written before the log was truncated.
    if (content_.log_end_offset < point) RETURN_IF_ERROR(load_producers(content_.log_end_offset));
    return {};
}

Result<void> Recovery::begin_segment(Segment& segment, uint64_t position, Offset next) {
    ASSIGN_OR_RETURN(writer_, or_failed(SegmentWriter::open(disk_, path_, segment, position, next), "open"));
    if (!segment.is_durable) {
        const std::string aborted = log_file_path(path_, segment.base_offset, FileKind::transaction_index);
        const Offset known = std::max(next, content_.recovery_point);
        RETURN_IF_ERROR(or_failed(truncate_transaction_index(disk_, aborted, known), "truncation"));
    }
    segment.knows_max_timestamp = true;
    segment.max_timestamp = no_timestamp;
    segment.max_timestamp_offset = no_offset;
    if (const auto last = writer_->times().last()) {
        segment.max_timestamp = Timestamp(last->key);
        segment.max_timestamp_offset = segment.base_offset + last->value;
    }
    return {};
}

// False if the segment was cut. Below the recovery point only the indexes are built anew.
Result<bool> Recovery::scan_segment(size_t index, uint64_t position) {
    Segment& segment = content_.segments[index];
    RETURN_IF_ERROR(or_failed(open_records(disk_, path_, segment), "open"));
    const bool is_scanned_anew = !segment.is_durable;
    BatchScan scan(*segment.file, position, segment.bytes, is_scanned_anew ? Depth::whole : Depth::headers);
    Offset next = segment.base_offset;
    writer_ = nullptr;
    bool is_whole = true;
    for (;;) {
        const auto batch = scan.next();
        if (!batch.has_value() && batch.error() == BatchScan::Fault::disk)
            return unexpected(environment_.directory.failed(scan.disk_error(), "read", path_));
        if (batch.has_value() && !batch->has_value()) break;
        const bool is_sound =
            batch.has_value() && (*batch)->header.base_offset >= next &&
            (*batch)->header.last_offset() - segment.base_offset <= std::numeric_limits<int32_t>::max();
        if (!is_sound) {
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
        if (!is_whole) RETURN_IF_ERROR(cut(index, position));
    } else if (!is_whole) {
        log_error("records damaged below the recovery point: they can't be read",
                  {{"directory", path_}, {"segment", segment.base_offset}, {"position", position}});
    }
    return is_whole;
}

Result<void> Recovery::take_in(Segment& segment, const BatchScan::Batch& batch, bool is_scanned_anew) {
    const SegmentWriter::Settings settings{options_.config->index_interval_bytes, options_.config->segment_index_bytes};
    RETURN_IF_ERROR(or_failed(writer_->appended(segment, batch.header, batch.position, settings), "write"));
    if (!is_scanned_anew) return {};
    const LeaderEpoch epoch = batch.header.partition_leader_epoch;
    if (epoch > content_.epochs.latest() && content_.epochs.assign(epoch, batch.header.base_offset))
        content_.epochs_changed = true;
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
    return or_failed(
        append_transaction_index(disk_, log_file_path(path_, segment.base_offset, FileKind::transaction_index),
                                 {ended->producer_id, ended->first_offset, ended->last_offset,
                                  content_.producers.last_stable_offset(*ended)}),
        "write");
}

Result<void> Recovery::cut(size_t index, uint64_t position) {
    Segment& segment = content_.segments[index];
    log_warn("log cut: torn or corrupt batch", {{"directory", path_},
                                                {"segment", segment.base_offset},
                                                {"position", position},
                                                {"bytes_cut", segment.bytes - position},
                                                {"log_end", content_.log_end_offset}});
    segment.bytes = position;
    return or_failed(segment.file->truncate(position), "truncation");
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
    content_.segments.resize(std::min(index, content_.segments.size()));
    return {};
}

// The epoch file is renamed into place without waiting for the directory, so after a power cut it may be an old one.
// A batch at or before `last`, where the index of `segment` points to, tells.
Result<void> Recovery::check_epochs(Segment& segment, Offset last) {
    ASSIGN_OR_RETURN(const uint64_t position, position_before(environment_, path_, segment, last));
    BatchScan scan(*segment.file, position, segment.bytes, Depth::headers);
    const auto batch = scan.next();
    if (!batch.has_value() || !batch->has_value() || (*batch)->header.base_offset > last) return {};
    const wire::BatchHeader& header = (*batch)->header;
    const auto entries = content_.epochs.entries();
    const bool is_forgotten = !entries.empty() && header.last_offset() < entries.front().start_offset;
    if (is_forgotten || header.partition_leader_epoch == content_.epochs.epoch_of(header.last_offset())) return {};
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

Result<uint64_t> position_before(const LogEnvironment& environment, const std::string& path, Segment& segment,
                                 Offset offset) {
    env::Disk& disk = environment.directory.disk();
    const auto failed = [&](env::DiskError error) {
        return unexpected(environment.directory.failed(error, "read of index", path));
    };
    if (const auto opened = open_records(disk, path, segment); !opened.has_value()) return failed(opened.error());
    const std::string index_path = log_file_path(path, segment.base_offset, FileKind::offset_index);
    const auto index = disk.open(index_path, env::OpenMode::read_only);
    if (!index.has_value()) {
        if (index.error() == env::DiskError::not_found) return uint64_t{0};
        return failed(index.error());
    }
    const int64_t target = offset - segment.base_offset;
    const auto search =
        search_index(**index, IndexSearch(IndexKind::offsets, IndexSearch::By::key, target, (*index)->size()));
    if (!search.has_value()) return failed(search.error());
    const auto entry = search->found();
    if (!entry.has_value() || entry->value < 0) return uint64_t{0};
    const auto position = static_cast<uint64_t>(entry->value);
    BatchScan scan(*segment.file, position, segment.bytes, BatchScan::Depth::whole);
    const auto batch = scan.next();
    const bool is_sound = batch.has_value() && batch->has_value() &&
                          (*batch)->header.base_offset >= segment.base_offset && (*batch)->header.base_offset <= offset;
    return is_sound ? position : 0;
}

}  // namespace milena::storage
