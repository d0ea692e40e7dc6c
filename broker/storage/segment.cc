#include "storage/segment.h"

#include <limits>

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

env::DiskResult<void> load_max_timestamp(env::Disk& disk, const std::string& directory, Segment& segment) {
    if (segment.knows_max_timestamp) return {};
    segment.knows_max_timestamp = true;
    const std::string path = log_file_path(directory, segment.base_offset, FileKind::time_index);
    auto file = disk.open(path, env::OpenMode::read_only);
    if (!file.has_value()) {
        if (file.error() == env::DiskError::not_found) return {};
        return unexpected(file.error());
    }
    constexpr int64_t all = std::numeric_limits<int64_t>::max();
    ASSIGN_OR_RETURN(const IndexSearch search,
                     search_index(**file, IndexSearch(IndexKind::times, IndexSearch::By::key, all, (*file)->size())));
    if (!search.found().has_value()) return {};
    segment.max_timestamp = Timestamp(search.found()->key);
    segment.max_timestamp_offset = segment.base_offset + search.found()->value;
    return {};
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
