#include "storage/segment.h"

#include <limits>

#include "storage/batch_scan.h"

namespace milena::storage {
namespace {

env::DiskResult<IndexWriter> resume_index(env::Disk& disk, const std::string& path, IndexKind kind, int64_t value_max) {
    ASSIGN_OR_RETURN(auto file, disk.open(path, env::OpenMode::create));
    ASSIGN_OR_RETURN(const IndexSearch search,
                     search_index(*file, IndexSearch(kind, IndexSearch::By::value, value_max, file->size())));
    return IndexWriter::resume(kind, std::move(file), search.bytes_until_found(), search.found());
}

}  // namespace

std::string log_file_path(const std::string& directory, Offset base, FileKind kind, FileStage stage) {
    return directory + "/" + log_file_name(base, kind, stage);
}

env::DiskResult<void> open_records(env::Disk& disk, const std::string& directory, Segment& segment) {
    if (segment.file != nullptr) return {};
    const std::string path = log_file_path(directory, segment.base_offset, FileKind::records);
    ASSIGN_OR_RETURN(segment.file, disk.open(path, env::OpenMode::read_write));
    return {};
}

env::DiskResult<uint64_t> position_before(env::Disk& disk, const std::string& directory, Segment& segment,
                                          Offset offset) {
    RETURN_IF_ERROR(open_records(disk, directory, segment));
    const std::string path = log_file_path(directory, segment.base_offset, FileKind::offset_index);
    const auto index = disk.open(path, env::OpenMode::read_only);
    if (!index.has_value()) {
        if (index.error() == env::DiskError::not_found) return uint64_t{0};
        return unexpected(index.error());
    }
    const int64_t target = offset - segment.base_offset;
    ASSIGN_OR_RETURN(
        const IndexSearch search,
        search_index(**index, IndexSearch(IndexKind::offsets, IndexSearch::By::key, target, (*index)->size())));
    const auto entry = search.found();
    if (!entry.has_value() || entry->value < 0) return uint64_t{0};
    const auto position = static_cast<uint64_t>(entry->value);
    BatchScan scan(*segment.file, position, segment.bytes, BatchScan::Depth::whole);
    const auto batch = scan.next();
    const bool is_sound = batch.has_value() && batch->has_value() &&
                          (*batch)->header.base_offset >= segment.base_offset && (*batch)->header.base_offset <= offset;
    return is_sound ? position : 0;
}

env::DiskResult<std::shared_ptr<env::File>> open_time_index(env::Disk& disk, const std::string& directory,
                                                            Offset base) {
    auto file = disk.open(log_file_path(directory, base, FileKind::time_index), env::OpenMode::read_only);
    if (file.has_value()) return std::shared_ptr<env::File>(std::move(*file));
    if (file.error() == env::DiskError::not_found) return std::shared_ptr<env::File>();
    return unexpected(file.error());
}

void learn_max_timestamp(Segment& segment, const std::optional<IndexEntry>& last) {
    segment.knows_max_timestamp = true;
    if (!last.has_value()) return;
    segment.max_timestamp = Timestamp(last->key);
    segment.max_timestamp_offset = segment.base_offset + last->value;
}

env::DiskResult<std::optional<IndexEntry>> find_time_entry(env::Disk& disk, const std::string& directory,
                                                           const Segment& segment, Timestamp at_most) {
    ASSIGN_OR_RETURN(const auto file, open_time_index(disk, directory, segment.base_offset));
    if (file == nullptr) return std::optional<IndexEntry>();
    ASSIGN_OR_RETURN(const IndexSearch search, search_index(*file, IndexSearch(IndexKind::times, IndexSearch::By::key,
                                                                               at_most.value, file->size())));
    return search.found();
}

env::DiskResult<void> scan_max_timestamp(env::Disk& disk, const std::string& directory, Segment& segment,
                                         std::optional<IndexEntry> last, uint64_t position) {
    segment.knows_max_timestamp = true;
    segment.max_timestamp = no_timestamp;
    segment.max_timestamp_offset = no_offset;
    if (position == 0) return {};
    const Offset last_offset = segment.base_offset + (last.has_value() ? last->value : -1);
    ASSIGN_OR_RETURN(const uint64_t from, position_before(disk, directory, segment, last_offset));
    BatchScan scan(*segment.file, from, position, BatchScan::Depth::headers);
    bool is_confirmed = !last.has_value();
    for (;;) {
        const auto batch = scan.next();
        if (!batch.has_value() && batch.error() == BatchScan::Fault::disk) return unexpected(scan.disk_error());
        const bool is_end = !batch.has_value() || !batch->has_value();
        const bool is_before = !is_end && !is_confirmed && (*batch)->header.last_offset() < last_offset;
        if (is_before) continue;
        if (!is_confirmed) {
            is_confirmed = !is_end && (*batch)->header.base_offset <= last_offset &&
                           (*batch)->header.max_timestamp.value == last->key;
            if (!is_confirmed) return scan_max_timestamp(disk, directory, segment, std::nullopt, position);
        }
        if (is_end) return {};
        segment.see_timestamp((*batch)->header);
    }
}

env::DiskResult<std::unique_ptr<SegmentWriter>> SegmentWriter::open(env::Disk& disk, const std::string& directory,
                                                                    const Segment& segment, uint64_t position,
                                                                    Offset next) {
    ASSIGN_OR_RETURN(IndexWriter offsets,
                     resume_index(disk, log_file_path(directory, segment.base_offset, FileKind::offset_index),
                                  IndexKind::offsets, static_cast<int64_t>(position) - 1));
    ASSIGN_OR_RETURN(IndexWriter times,
                     resume_index(disk, log_file_path(directory, segment.base_offset, FileKind::time_index),
                                  IndexKind::times, next - segment.base_offset - 1));
    return std::unique_ptr<SegmentWriter>(new SegmentWriter(std::move(offsets), std::move(times)));
}

env::DiskResult<std::unique_ptr<SegmentWriter>> SegmentWriter::create(env::Disk& disk, const std::string& directory,
                                                                      Offset base, FileStage stage) {
    const auto create_index = [&](FileKind file_kind, IndexKind kind) -> env::DiskResult<IndexWriter> {
        const std::string path = log_file_path(directory, base, file_kind, stage);
        ASSIGN_OR_RETURN(auto file, disk.open(path, env::OpenMode::create_truncate));
        return IndexWriter::resume(kind, std::move(file), 0, std::nullopt);
    };
    ASSIGN_OR_RETURN(IndexWriter offsets, create_index(FileKind::offset_index, IndexKind::offsets));
    ASSIGN_OR_RETURN(IndexWriter times, create_index(FileKind::time_index, IndexKind::times));
    return std::unique_ptr<SegmentWriter>(new SegmentWriter(std::move(offsets), std::move(times)));
}

env::DiskResult<void> SegmentWriter::append_time(const Segment& segment) {
    if (segment.max_timestamp.value < 0) return {};
    return times_.append({segment.max_timestamp.value, segment.max_timestamp_offset - segment.base_offset});
}

env::DiskResult<void> SegmentWriter::appended(Segment& segment, const wire::BatchHeader& batch, uint64_t position,
                                              const Settings& settings) {
    if (position == 0) first_timestamp = batch.max_timestamp;
    segment.see_timestamp(batch);
    const bool is_due = bytes_since_entry_ > settings.index_interval_bytes;
    if (is_due) bytes_since_entry_ = 0;
    bytes_since_entry_ += batch.size_bytes();
    if (!is_due || indexes_are_full(settings.index_bytes_max)) return {};
    // The time index goes first: where the offset index has an entry, the largest timestamp up to there is known.
    RETURN_IF_ERROR(append_time(segment));
    return offsets_.append({batch.last_offset() - segment.base_offset, static_cast<int64_t>(position)});
}

env::DiskResult<void> SegmentWriter::flush() {
    RETURN_IF_ERROR(times_.flush());
    return offsets_.flush();
}

env::DiskResult<void> SegmentWriter::finish(const Segment& segment) {
    RETURN_IF_ERROR(append_time(segment));
    return flush();
}

bool SegmentWriter::indexes_are_full(uint32_t index_bytes_max) const {
    // The last place of the time index is for the entry that closes it.
    const size_t times_max = index_bytes_max / index_entry_bytes(IndexKind::times);
    return offsets_.entry_count() >= index_bytes_max / index_entry_bytes(IndexKind::offsets) ||
           times_.entry_count() + 1 >= times_max;
}

}  // namespace milena::storage
