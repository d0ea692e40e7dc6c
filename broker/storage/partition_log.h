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
#include "storage/epoch_cache.h"
#include "storage/log_config.h"
#include "storage/log_directory.h"
#include "storage/producer_state.h"
#include "storage/tail_cache.h"
#include "wire/compression.h"

namespace milena::storage {

// What the logs of one shard in one directory share. Outlives them.
struct LogEnvironment {
    LogDirectory& directory;
    TailCache& cache;
    env::Clock& clock;
    env::Random& random;
    wire::Codecs& codecs;
};

struct OpenOptions {
    std::string topic;
    PartitionIndex partition;
    Uuid topic_id;  // zero: whatever the directory says
    std::shared_ptr<const LogConfig> config;
    Offset recovery_point{0};    // from the checkpoints; 0 if they don't name the log
    Offset log_start_offset{0};  // likewise
    bool was_closed_cleanly = false;
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
};

struct ReadBatches {
    std::vector<Bytes> parts;  // whole batches back to back, beginning with the one that contains `from`
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

    // Batches that have their offsets and epochs: from the leader of the partition, or from a Raft leader. Each Bytes
    // holds one or more whole batches. OFFSET_OUT_OF_RANGE if they don't begin at or after the log end;
    // CORRUPT_MESSAGE if they aren't whole, their checksum is wrong or their offsets don't rise.
    Result<Appended> append_as_follower(std::span<const Bytes> batches, size_t owner_bytes = 0);

    // A new leadership begins at the log end.
    void assign_epoch(LeaderEpoch epoch);

    // The log ends before `offset`; false if it did so before.
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

    // Makes durable what has been appended so far. `done` may come at once if everything is durable already.
    void sync(SyncDone done);
    Result<void> sync_now();
    // As sync(), and all that recovery would have to build anew goes to the disk too; then recovery_point() moves. For
    // the periodic pass over the logs with needs_checkpoint().
    void checkpoint(SyncDone done);
    bool needs_checkpoint() const;
    // The last words before the log is destroyed in a clean shutdown; sync() or checkpoint() has succeeded before.
    Result<void> close();
    // Takes the whole directory away: renamed now, removed after file.delete.delay.ms. Nothing but destruction may
    // follow.
    Result<void> remove();

    // --- reading -----------------------------------------------------------------------------------------------------

    // What needs no waiting for the device; nothing if it would have to: ask read() then.
    std::optional<Result<ReadBatches>> read_now(const ReadRequest& request);
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

    const std::string& topic() const;
    PartitionIndex partition() const;
    Uuid topic_id() const;
    Offset log_start_offset() const;
    Offset log_end_offset() const;
    Offset durable_offset() const;                   // everything below it survives a power cut
    Offset recovery_point() const;                   // everything below it needs no look after a crash
    std::optional<Instant> undurable_since() const;  // since when durable_offset() lags behind the log end
    uint64_t bytes() const;
    size_t segment_count() const;
    const EpochCache& epochs() const;
    LeaderEpoch latest_epoch() const;
    EpochEnd end_offset_for(LeaderEpoch epoch) const;
    // Where readers of committed data must stop.
    Offset last_stable_offset(Offset high_watermark) const;
    std::vector<ProducerEntry> producers() const;
    void expire_producers();
    void configure(std::shared_ptr<const LogConfig> config);
    const LogConfig& config() const;

  private:
    struct State;
    explicit PartitionLog(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace milena::storage
