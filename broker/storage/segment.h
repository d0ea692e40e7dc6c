// One segment of a log: a run of batches in a file of its own, with its indexes beside it. Segment is what a log
// remembers of each of them, so it is small; SegmentWriter is what only the last one needs, the one that grows.
// Owned by one log.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/time.h"
#include "env/disk.h"
#include "storage/file_names.h"
#include "storage/sparse_index.h"
#include "wire/record_batch.h"

namespace milena::storage {

struct Segment {
    Offset base_offset;
    uint64_t bytes = 0;  // of whole batches; the file may be longer after a refused write
    bool knows_max_timestamp = false;
    bool is_durable = false;                   // closed, and it and its indexes were synced
    bool has_no_aborted = false;               // known: its transaction index is empty, or there is none
    std::optional<Timestamp> first_timestamp;  // of the first batch, once it was asked for
    Timestamp max_timestamp = no_timestamp;
    Offset max_timestamp_offset = no_offset;  // the last offset of the first batch that has it
    std::shared_ptr<env::File> file;          // opened when first needed; a sync under way keeps it

    void see_timestamp(const wire::BatchHeader& batch) {
        if (batch.max_timestamp <= max_timestamp) return;
        max_timestamp = batch.max_timestamp;
        max_timestamp_offset = batch.last_offset();
    }
};

std::string log_file_path(const std::string& directory, Offset base, FileKind kind,
                          FileStage stage = FileStage::current);

// Opens segment.file if it isn't open.
env::DiskResult<void> open_records(env::Disk& disk, const std::string& directory, Segment& segment);

// The position of a batch that begins at or before `offset`: what the offset index says, if the records agree, else 0.
env::DiskResult<uint64_t> position_before(env::Disk& disk, const std::string& directory, Segment& segment,
                                          Offset offset);

// Null if there is none.
env::DiskResult<std::shared_ptr<env::File>> open_time_index(env::Disk& disk, const std::string& directory, Offset base);

// What the last entry of a closed segment's time index says of it.
void learn_max_timestamp(Segment& segment, const std::optional<IndexEntry>& last);

// The last entry of the time index whose timestamp is not larger than `at_most`.
env::DiskResult<std::optional<IndexEntry>> find_time_entry(env::Disk& disk, const std::string& directory,
                                                           const Segment& segment, Timestamp at_most);

// Sets the largest timestamp of the batches before `position`: what the time index says up to its entry `last`, if the
// records agree, and then what the batches since say. So nothing depends on the index being durable.
env::DiskResult<void> scan_max_timestamp(env::Disk& disk, const std::string& directory, Segment& segment,
                                         std::optional<IndexEntry> last, uint64_t position);

class SegmentWriter {
  public:
    struct Settings {
        uint32_t index_interval_bytes = 0;
        uint32_t index_bytes_max = 0;
    };

    // Goes on with the indexes of `segment`; entries for batches at or beyond `position`, or for offsets from `next`
    // on, are cut off.
    static env::DiskResult<std::unique_ptr<SegmentWriter>> open(env::Disk& disk, const std::string& directory,
                                                                const Segment& segment, uint64_t position, Offset next);

    // Of a segment that is to take the place of others.
    static env::DiskResult<std::unique_ptr<SegmentWriter>> create(env::Disk& disk, const std::string& directory,
                                                                  Offset base, FileStage stage);

    // `batch` stands at `position` of the segment now.
    env::DiskResult<void> appended(Segment& segment, const wire::BatchHeader& batch, uint64_t position,
                                   const Settings& settings);

    // Writes the entries that wait; with the entry that a closed segment ends its time index with.
    env::DiskResult<void> flush();
    env::DiskResult<void> finish(const Segment& segment);

    bool indexes_are_full(uint32_t index_bytes_max) const;
    const IndexWriter& offsets() const { return offsets_; }
    const IndexWriter& times() const { return times_; }
    IndexWriter& times() { return times_; }

    // For rolling by time: since when, by the clock of the records, or by ours if the first has no timestamp.
    Timestamp first_timestamp = no_timestamp;
    Timestamp created;
    Milliseconds roll_jitter{0};
    uint64_t writeback_from = 0;  // before it the kernel was asked to write

  private:
    SegmentWriter(IndexWriter offsets, IndexWriter times) : offsets_(std::move(offsets)), times_(std::move(times)) {}

    env::DiskResult<void> append_time(const Segment& segment);

    IndexWriter offsets_;
    IndexWriter times_;
    uint64_t bytes_since_entry_ = 0;
};

}  // namespace milena::storage
