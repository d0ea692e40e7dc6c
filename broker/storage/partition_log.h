// One partition's records on one disk, in Kafka's files. Owned by one shard and used by its thread only; completions
// come from that shard's loop. Knows offsets, epochs and producers; knows nothing of replicas, and doesn't decide when
// an append is acknowledged: it says what is written (log_end_offset) and what would survive a power cut
// (durable_offset).
//
// A log without records has no files and no directory: they are made by the first append. Appending and being durable
// are two steps. After a crash only what lies beyond the recovery point is read again, and the log is cut at the first
// batch that is torn or corrupt.
//
// Errors: KAFKA_STORAGE_ERROR means the disk is full (appends are refused, reads go on, the log stays whole) or the
// directory has failed (LogDirectory::has_failed()), or that what lies on the disk is damaged.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error_code.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"
#include "env/clock.h"
#include "env/random.h"
#include "storage/cleaning.h"
#include "storage/epoch_cache.h"
#include "storage/log_config.h"
#include "storage/log_directory.h"
#include "storage/producer_state.h"
#include "storage/segment.h"
#include "storage/tail_cache.h"
#include "storage/transaction_index.h"
#include "wire/compression.h"

namespace milena::storage {

// What the logs of one shard in one directory share. Outlives them.
struct LogEnvironment {
    LogDirectory& directory;
    TailCache& cache;
    env::Clock& clock;
    env::Random& random;
    wire::Codecs& codecs;
    uint64_t writeback_bytes = 0;  // milena.writeback.bytes; 0: the system decides
};

struct OpenOptions {
    std::string topic;
    PartitionIndex partition;
    Uuid topic_id;  // zero: whatever the directory says
    std::shared_ptr<const LogConfig> config;
    Offset recovery_point{0};          // from the checkpoints; 0 if they don't name the log
    Offset log_start_offset{0};        // likewise
    std::optional<Offset> cleaned_to;  // likewise: below it the log was compacted
    bool was_closed_cleanly = false;
    std::string directory_name;  // empty: the partition's own
};

struct LeaderAppend {
    // One whole batch whose content has been checked. Its memory belongs to the caller alone and is written to: the
    // base offset and the leader epoch are set in place.
    Bytes batch;
    LeaderEpoch epoch;
    AppendOrigin origin = AppendOrigin::client;
    size_t owner_bytes = 0;  // size of the allocation that `batch` keeps alive; 0: that of the batch
};

struct Appended {
    Offset first_offset;
    Offset last_offset;
    bool is_duplicate = false;                     // was appended before: the offsets are those of that time
    Timestamp duplicate_timestamp = no_timestamp;  // its largest timestamp
};

struct ReadRequest {
    Offset from;   // within [log start offset, log end offset]
    Offset limit;  // batches that reach it are not returned: the high watermark, the last stable offset or the log end
    size_t bytes_max = 1U << 20;
    bool at_least_one = false;  // the first batch is returned even if it is larger than bytes_max
    bool may_refer = false;     // the result may be a range of a file; for whoever doesn't look at the records
};

struct ReadBatches {
    std::vector<Bytes> parts;        // whole batches back to back, beginning with the one that contains `from`
    std::optional<FileRange> range;  // or where they lie, if that was allowed; then there are no parts
    size_t bytes = 0;
    Offset next_offset;  // after the last batch; `from` if there is none
};

struct TimestampOffset {
    Timestamp timestamp = no_timestamp;
    Offset offset = no_offset;
    LeaderEpoch epoch = no_leader_epoch;
    bool operator==(const TimestampOffset&) const = default;
};

struct AbortedTransaction {
    ProducerId producer_id;
    Offset first_offset;
};

using ReadDone = std::function<void(Result<ReadBatches>)>;
using FindDone = std::function<void(Result<std::optional<TimestampOffset>>)>;
using SyncDone = std::function<void(Result<void>)>;

class PartitionLog {
  public:
    // INCONSISTENT_TOPIC_ID: the directory belongs to another topic of this name. KAFKA_STORAGE_ERROR: unreadable.
    static Result<std::unique_ptr<PartitionLog>> open(const LogEnvironment& environment, const OpenOptions& options);

    // Pending reads complete with NOT_LEADER_OR_FOLLOWER. What was not synced stays written but not durable.
    ~PartitionLog();
    PartitionLog(const PartitionLog&) = delete;
    PartitionLog& operator=(const PartitionLog&) = delete;

    // --- writing -----------------------------------------------------------------------------------------------------

    Result<Appended> append_as_leader(LeaderAppend append);
    // A producer's batch that isn't appended now, for a reason that passes.
    void refused(const Bytes& batch, ErrorCode why);

    // Batches that have their offsets and epochs: from the leader of the partition, or from a Raft leader. Each Bytes
    // holds one or more whole batches. A log without records may begin within the first: its log start stays then.
    // OFFSET_OUT_OF_RANGE if they don't begin at or after the log end otherwise;
    // CORRUPT_MESSAGE if they aren't whole, their checksum is wrong or their offsets don't rise.
    Result<Appended> append_as_follower(std::span<const Bytes> batches, size_t owner_bytes = 0);

    // A new leadership begins at the log end.
    void assign_epoch(LeaderEpoch epoch);

    // The log ends with the last batch that lies before `offset` as a whole; false if it did so already. Recovery point
    // and log start may move back: their checkpoints must be written before a later append is acknowledged.
    Result<bool> truncate_to(Offset offset);
    // The log is empty and goes on at `offset`.
    Result<void> truncate_fully_and_start_at(Offset offset);
    // Records below `offset` (<= log end) are gone for readers; whole segments of them are removed by
    // delete_old_segments(). Moving back does nothing. OFFSET_OUT_OF_RANGE beyond the log end.
    Result<void> advance_log_start(Offset offset);
    // Removes the segments that lie below the log start or that retention allows to go, never beyond the high
    // watermark; returns how many.
    Result<size_t> delete_old_segments(Offset high_watermark);

    // --- durability --------------------------------------------------------------------------------------------------

    // How the log was found when it was opened: after a crash, and with an end that recovery had to cut off. Until the
    // first sync a loss of power may bring back what was cut off, by recovery or by the process before.
    bool was_interrupted() const { return was_interrupted_; }
    bool was_cut_by_recovery() const { return was_cut_by_recovery_; }

    // Makes durable what has been appended so far. `done` may come at once if everything is durable already. The second
    // blocks on the device: for the end of a broker.
    void sync(SyncDone done, env::Urgency urgency = env::Urgency::awaited);
    Result<void> sync_now();
    // As sync(), and all that recovery would have to build anew goes to the disk too; then recovery_point() moves. On a
    // full disk it is a sync(). For the periodic pass over the logs with needs_checkpoint().
    void checkpoint(SyncDone done, env::Urgency urgency = env::Urgency::awaited);
    bool needs_checkpoint() const;
    bool is_syncing() const { return round_ != nullptr; }
    // The directory has no room for more than what must be written.
    bool has_no_room() const { return environment_.directory.is_full(); }
    // Up to its end, names of files and what was cut off included; or will be when the sync under way is over.
    bool is_durable() const { return durable_ == log_end_ && !names_changed_ && !was_cut_; }
    // Lets the kernel begin to write what has been appended since the last time, if that is at least `bytes_min`: so
    // that it never has to stop an append for it, and a sync finds little left to do.
    void write_back(uint64_t bytes_min);
    // The last words before the log is destroyed in a clean shutdown; sync() or checkpoint() has succeeded before.
    Result<void> close();
    // Takes the whole directory away: renamed now, removed after file.delete.delay.ms. Nothing but destruction may
    // follow.
    Result<void> remove();

    // A log that was opened under another name, to be a copy, takes the one of its partition. No sync may be under way.
    Result<void> take_place();

    // --- compaction --------------------------------------------------------------------------------------------------

    // What a pass could work on now; empty where first_uncleanable is first_dirty.
    Result<Cleanable> cleanable(Offset high_watermark);
    // Begins a pass, which clean_some() does in slices. Until it is over retention waits; truncation ends it.
    void begin_cleaning(const Cleanable& range, const CleaningLimits& limits);
    // With an error the pass is over too. CORRUPT_MESSAGE: there are records that can't be read.
    Result<CleaningSlice> clean_some();
    void stop_cleaning();
    // For the checkpoint; none if there never was a pass.
    std::optional<Offset> cleaned_to() const { return cleaned_to_; }

    // --- reading -----------------------------------------------------------------------------------------------------

    // What needs no waiting for the device; nothing if it would have to: ask read_cold() then.
    std::optional<Result<ReadBatches>> read_now(const ReadRequest& request);
    // What read_now() had nothing for.
    void read_cold(const ReadRequest& request, ReadDone done);
    // `done` is called at once if read_now() has an answer, else later.
    void read(const ReadRequest& request, ReadDone done);

    // Kafka's rules of ListOffsets. Max timestamp: the first record with the largest timestamp of all. By time: the
    // first record at or after the log start whose timestamp is `at_least` or later.
    TimestampOffset earliest() const;
    TimestampOffset latest() const;
    void find_max_timestamp(FindDone done);
    void find_by_timestamp(Timestamp at_least, FindDone done);

    // Aborted transactions with records in [from, to), for readers of committed data.
    Result<std::vector<AbortedTransaction>> aborted_transactions(Offset from, Offset to);

    // --- knowing -----------------------------------------------------------------------------------------------------

    const std::string& topic() const { return topic_; }
    PartitionIndex partition() const { return partition_; }
    Uuid topic_id() const { return topic_id_; }
    Offset log_start_offset() const { return log_start_; }
    Offset log_end_offset() const { return log_end_; }
    Offset durable_offset() const { return durable_; }         // everything below it survives a power cut
    Offset recovery_point() const { return recovery_point_; }  // everything below it needs no look after a crash
    // Since when durable_offset() lags behind the log end.
    std::optional<Instant> undurable_since() const { return undurable_since_; }
    uint64_t bytes() const;
    // About how many of them are of records from this offset on: within a segment all count as equally large, so that
    // nothing has to be read.
    uint64_t bytes_from(Offset offset) const;
    size_t segment_count() const { return segments_.size(); }
    const EpochCache& epochs() const { return epochs_; }
    LeaderEpoch latest_epoch() const { return epochs_.latest(); }
    EpochEnd end_offset_for(LeaderEpoch epoch) const { return epochs_.end_of(epoch, log_end_); }
    // Where readers of committed data must stop.
    Offset last_stable_offset(Offset high_watermark) const;
    std::vector<ProducerEntry> producers() const { return producers_.entries(); }
    void expire_producers();
    void configure(std::shared_ptr<const LogConfig> config) { config_ = std::move(config); }
    const LogConfig& config() const { return *config_; }

  private:
    class Reader;
    class ColdRead;
    class TimestampSearch;
    class TimestampScan;
    class Cleaning;

    // One trip to the device for all who asked for it before it began.
    struct SyncRound {
        std::vector<SyncDone> waiters;
        bool is_checkpoint = false;
        env::Urgency urgency = env::Urgency::bulk;  // of the one who can wait least
        bool syncs_names = false;
        bool renames_epochs = false;
        bool has_failed = false;              // a sync did
        ErrorCode refused = ErrorCode::none;  // why it did not even begin
        size_t pending = 0;                   // files and directories
        size_t closed_count = 0;              // segments that don't grow any more
        uint32_t generation = 0;
        Offset target;
        Instant begun;
    };

    // Where in a file the batch that begins with `offset` lies, or would: a consumer that reads on needs no index.
    struct Cursor {
        Offset offset = no_offset;
        Offset segment_base;
        uint64_t position = 0;
    };
    // A batch that has been checked and is about to be written.
    struct Incoming {
        wire::BatchHeader header;
        Bytes batch;
        std::optional<EndTransactionMarker> marker;
    };

    PartitionLog(const LogEnvironment& environment, const OpenOptions& options, std::string path);

    Result<void> create_files(Offset base);
    Result<void> add_segment(Offset base);
    Result<void> ensure_writer();
    Result<void> cut_refused_append();
    Result<void> prepare_append(const wire::BatchHeader& first, uint64_t bytes);
    Result<void> write_as_leader(const Incoming& incoming, const LeaderAppend& append);
    bool must_roll(const wire::BatchHeader& first, uint64_t bytes) const;
    Result<void> roll(Offset base);
    Result<void> write(std::span<const Incoming> batches, size_t owner_bytes);
    void take_in(const Incoming& incoming, uint64_t position);
    void complete_transaction(const CompletedTransaction& ended);
    Result<Incoming> check_incoming(const Bytes& bytes, const wire::BatchHeader& header, AppendOrigin origin) const;
    Result<std::vector<Incoming>> check_follower_batches(std::span<const Bytes> batches) const;

    Result<void> take_snapshot();
    Result<void> write_small_file(std::string_view name, const std::string& text);
    void forget_from(Offset offset);
    Result<void> restart_at(Offset offset);
    Result<void> begin_within(Offset base);
    Result<void> remove_segments(size_t first, size_t count);
    Result<void> remove_files_later(Offset base, std::span<const FileKind> kinds);
    Result<void> truncate_segment(Offset offset);
    Result<size_t> count_deletable(Offset high_watermark);
    Result<void> know_max_timestamp(Segment& segment);
    Result<void> confirm_max_timestamp(Segment& segment);
    Result<std::optional<IndexEntry>> last_time_entry(const Segment& segment);
    Result<Timestamp> largest_timestamp(Segment& segment);
    Result<bool> is_past_retention(Segment& segment);
    Result<Timestamp> first_timestamp(Segment& segment);
    Offset first_dirty_offset() const;
    Result<void> remove_snapshots(Offset base, size_t count);
    Result<void> replace_segments(Offset base, size_t count, Segment cleaned);
    Result<std::vector<AbortedEntry>> collect_aborted(Offset from, Offset to);
    size_t segment_index(Offset offset) const;
    using FoundEntry = std::function<void(Result<std::optional<IndexEntry>>)>;
    void look_up_time(size_t index, Timestamp target, FoundEntry done);
    void search_by_timestamp(Timestamp at_least, FindDone done);
    void search_max_timestamp(FindDone done);
    // Calls `search` once the largest timestamps of all segments are known; `done` if they can't be.
    void when_timestamps_are_known(FindDone done, std::function<void(PartitionLog&, FindDone)> search);

    void join_round(bool is_checkpoint, env::Urgency urgency, SyncDone done);
    void begin_round();
    using Files = std::vector<std::shared_ptr<env::File>>;
    Result<Files> prepare_round(SyncRound& round);
    Result<void> prepare_checkpoint(SyncRound& round, Files& files);
    Result<void> add_file(Files& files, const std::string& path);
    Result<void> add_segment_files(Files& files);
    static void complete_round(const std::shared_ptr<SyncRound>& round, PartitionLog* log);
    Result<void> settle_round(const SyncRound& round);

    const Cursor* find_cursor(Offset offset) const;
    void remember(const Cursor& cursor);
    std::shared_ptr<PartitionLog*> self();

    env::Disk& disk() const { return environment_.directory.disk(); }
    Unexpected<ErrorCode> failed(env::DiskError error, std::string_view what) const;

    const LogEnvironment& environment_;
    std::shared_ptr<const LogConfig> config_;
    const std::string topic_;
    std::string path_;
    Uuid topic_id_;
    const PartitionIndex partition_;
    uint32_t generation_ = 0;  // moves when records are taken away or segments replaced: what was read before is void
    Offset log_start_{0};
    Offset log_end_{0};
    Offset durable_{0};
    Offset recovery_point_{0};
    std::optional<Offset> cleaned_to_;
    Offset snapshot_ = no_offset;            // of the newest producer snapshot
    std::vector<Segment> segments_;          // by base offset; the last one grows
    std::unique_ptr<SegmentWriter> writer_;  // of the last segment, from the first append on
    EpochCache epochs_;
    ProducerState producers_;
    TailCache::Tail tail_;
    std::array<Cursor, 4> cursors_;
    uint8_t cursor_next_ = 0;
    bool epochs_changed_ = false;        // the file is behind
    bool names_changed_ = false;         // a file was created, renamed or removed since the directory was synced
    bool was_cut_ = false;               // a file was truncated since it was synced
    bool was_interrupted_ = false;       // when it was opened
    bool was_cut_by_recovery_ = false;   // likewise
    bool transactions_changed_ = false;  // a transaction index was written to since it was synced
    std::optional<Instant> undurable_since_;
    std::shared_ptr<PartitionLog*> self_;    // for completions: null behind it once the log is gone
    std::shared_ptr<SyncRound> round_;       // under way
    std::shared_ptr<SyncRound> next_round_;  // begins when that one ends
    std::unique_ptr<Cleaning> cleaning_;     // the pass under way
};

}  // namespace milena::storage
