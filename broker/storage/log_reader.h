// How one read finds its batches in the files of a log: a chain of small steps, each of which says which bytes of which
// file it must see next. So the same steps serve whoever takes only what is cached, whoever may wait, and whoever lets
// the device work meanwhile. Private to PartitionLog.
#pragma once

#include <memory>
#include <optional>

#include "storage/partition_log.h"
#include "storage/sparse_index.h"

namespace milena::storage {

class PartitionLog::Reader {
  public:
    // `request.from` lies in a segment of `log`, which isn't changed in other ways than by appends while this is used.
    // With may_refer, of large batches only headers are looked at: the first one, and those around the place where the
    // answer has to end, which the index knows. If all are in memory, the result is their range of the file.
    Reader(PartitionLog& log, const ReadRequest& request);

    struct Wanted {
        env::File* file = nullptr;
        uint64_t position = 0;
        size_t bytes = 0;
        size_t bytes_min = 0;  // with fewer the next step can't be taken
    };
    // What must be fed next; nothing when the result is there.
    std::optional<Wanted> wanted() const;
    // Of the file wanted: how much the answer may need beginning with what is wanted; 0 while it isn't the records'.
    size_t likely_bytes() const;
    // At least bytes_min bytes.
    void feed(Bytes bytes);
    // Instead, if what is wanted isn't cached: true if what has been found so far is enough to go on with.
    bool settle();
    void fail(env::DiskError error);
    // What was found is worth sending unread, but not all of it is cached: it has to be loaded first.
    bool is_cold() const { return is_cold_; }

    Result<ReadBatches> take_result() { return std::move(result_); }

  private:
    enum class Phase : uint8_t { index, records, headers, end_index, done };

    void begin_segment();
    void begin_search(Phase phase, IndexSearch::By by, int64_t target);
    void searched(std::optional<IndexEntry> entry);
    void begin_records(uint64_t position, bool is_hint);
    size_t skipped_bytes() const;
    void want(size_t bytes_min);
    void take_batches(const Bytes& bytes);
    void begin_headers(uint64_t position, const Bytes& bytes);
    void take_header(const Bytes& bytes);
    void finish_range();
    void finish(const Bytes& bytes, size_t first, size_t end, Offset next);
    void refuse(uint64_t position);
    Segment& segment() { return log_.segments_[segment_]; }
    const Segment& segment() const { return log_.segments_[segment_]; }

    PartitionLog& log_;
    const ReadRequest request_;
    Phase phase_ = Phase::done;
    size_t segment_;
    std::optional<IndexSearch> search_;
    std::shared_ptr<env::File> index_;
    uint64_t position_ = 0;
    bool is_hint_ = false;  // position_ is what the index says: not believed yet
    bool is_looking_;       // whether a large batch is worth a range of the file
    bool is_cold_ = false;
    uint64_t range_begin_ = 0;
    size_t range_batches_ = 0;
    Offset range_next_;  // behind the batches in [range_begin_, position_), but for those that are jumped over
    // What the index says of the batch at position_, not believed yet, and where to go on if it isn't so.
    struct Jump {
        uint64_t from = 0;
        Offset last_offset;
    };
    std::optional<Jump> jump_;
    size_t wanted_bytes_ = 0;
    size_t wanted_bytes_min_ = 0;
    Result<ReadBatches> result_;
};

}  // namespace milena::storage
