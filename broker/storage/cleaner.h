// One pass of compaction over a log, in slices that are short enough for a shard to do between requests: first the keys
// of the dirty section go to an offset map, then the segments from the log's beginning are read again, a group at a
// time, and what stays is written to a new segment, which takes the place of the group once it is durable.
// Private to PartitionLog, which ends the pass when anything but appends happens to it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "storage/batch_cleaner.h"
#include "storage/offset_map.h"
#include "storage/partition_log.h"
#include "storage/slice_reader.h"

namespace milena::storage {

class PartitionLog::Cleaning {
  public:
    using State = CleaningSlice::State;

    Cleaning(PartitionLog& log, const Cleanable& range, const CleaningLimits& limits);

    // CORRUPT_MESSAGE: records are damaged; the pass is over, as with every error.
    Result<CleaningSlice> step();
    // Takes away what was written and has not replaced anything.
    void discard();

  private:
    enum class Phase : uint8_t { checkpoint, map, copy, sync, names, done };

    // Segments that become one.
    struct Group {
        Offset first;
        size_t count = 0;
        Offset end;
    };
    // How a file operation that was asked for ended; it may end after the pass.
    struct Outcome {
        size_t pending = 0;
        bool has_failed = false;
    };

    Result<State> advance();
    Result<State> begin_map();
    Result<State> map_some();
    Result<bool> map_batch(const wire::BatchHeader& header, std::span<const std::byte> batch);
    Result<State> begin_copy();
    Result<State> begin_group();
    Result<State> begin_source();
    Result<State> copy_some();
    Result<void> copy_batch(const wire::BatchHeader& header, std::span<const std::byte> batch, const Bytes& owner);
    Result<void> add(const wire::BatchHeader& header, Bytes batch);
    Result<void> flush_output();
    // For outcome_; `kept` is what must stay open until then.
    env::DiskDone<void> noted(std::shared_ptr<env::File> kept = nullptr) const;
    Result<State> begin_sync();
    Result<State> end_group();
    Result<State> begin_end();
    Result<State> end();

    template <class F>
    Result<State> each_batch(F&& visit);
    Result<size_t> bytes_of_first_batch(const Bytes& piece) const;
    Result<void> open_reader(Segment& segment);
    Result<std::vector<Group>> plan_groups() const;
    bool must_stay(const wire::BatchHeader& header, uint64_t end_position) const;
    size_t source_index() const { return log_.segment_index(group().first) + source_; }
    const Group& group() const { return groups_[group_]; }
    std::string output_path(FileKind kind) const;

    PartitionLog& log_;
    const Cleanable range_;
    const CleaningLimits limits_;
    const Timestamp now_;
    const Offset log_end_;  // when the pass began
    uint32_t generation_;   // of the log, when the pass last looked
    Phase phase_ = Phase::checkpoint;
    std::shared_ptr<Outcome> outcome_;
    std::optional<OffsetMap> map_;
    Offset mapped_end_;
    CleanedTransactions mapped_transactions_;
    std::vector<std::byte> memory_;  // of decompressed records
    std::optional<SliceReader> reader_;
    Offset mapping_{0};  // the segment that is read for its keys
    std::optional<BatchCleaner> cleaner_;
    std::vector<Group> groups_;
    size_t group_ = 0;
    size_t source_ = 0;        // in the group
    size_t source_last_ = 0;   // the last one that isn't empty
    bool is_changed_ = false;  // the new segment isn't what the old one was
    Segment output_;
    bool has_output_files_ = false;
    bool has_transactions_ = false;  // the new segment has a transaction index
    std::unique_ptr<SegmentWriter> writer_;
    std::vector<Bytes> parts_;  // to be written behind output_.bytes - parts_bytes_
    uint64_t parts_bytes_ = 0;
    uint64_t slice_bytes_ = 0;
    CleaningStats stats_;
};

}  // namespace milena::storage
