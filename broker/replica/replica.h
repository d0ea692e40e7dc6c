// Replica: this node's copy of one partition. It says who may write, when a write is acknowledged, and up to where
// consumers may read. Owned by one shard, used by its thread only. Never decides who leads: it is told.
//
//     log start          high watermark      local point           log end
//         │ readable by consumers │ not by all in sync │ not safe here yet │
//
// The local point is how far the log is as safe as the topic's policy asks: the log end when the page cache is enough,
// the end of the last sync that the policy demanded when it isn't. The high watermark is the least local point of the
// in-sync replicas; with a replication factor of one it is our own. Neither ever goes back while the process lives.
// What a crash left in the page cache counts as written: it waits for flush() where the policy asks for more than that.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error_code.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "replica/partition_key.h"
#include "replica/topic_policy.h"
#include "replica/waiters.h"
#include "storage/partition_log.h"
#include "wire/batch_validation.h"
#include "wire/compression.h"

namespace milena::replica {

struct ProduceRequest {
    Bytes batch;  // what came for this partition; the memory is the request's own and is written to
    size_t owner_bytes = 0;
    Timestamp now;                      // wall clock, for LogAppendTime and the limits of CreateTime
    bool demands_all_replicas = false;  // acks=all
    bool accepts_zstd = true;           // false for Produce below version 7 (KIP-110)
};

struct ProduceOutcome {
    ErrorCode error = ErrorCode::none;
    std::string message;  // why, for people
    std::vector<wire::RecordError> record_errors;
    Offset base_offset = no_offset;
    Offset last_offset = no_offset;
    Timestamp log_append_time = no_timestamp;  // none with CreateTime
    Offset log_start_offset = no_offset;
};

struct FetchRequest {
    Offset from;
    LeaderEpoch current_leader_epoch = no_leader_epoch;  // what the client believes; none: no opinion (KIP-320)
    LeaderEpoch last_fetched_epoch = no_leader_epoch;    // of the last record it has; none: don't look for divergence
    size_t bytes_max = 0;
    bool at_least_one = false;
    bool committed_only = false;  // isolation level read_committed
    bool may_refer = false;       // the records may be ranges of files: whoever asks sends them on unseen
};

struct FetchOutcome {
    ErrorCode error = ErrorCode::none;
    Offset high_watermark = no_offset;
    Offset last_stable_offset = no_offset;
    Offset log_start_offset = no_offset;
    std::vector<Piece> records;
    size_t bytes = 0;
    Offset next_offset = no_offset;  // after the last record here; `from` if there is none
    std::vector<storage::AbortedTransaction> aborted;
    std::optional<storage::EpochEnd> diverging;  // the client's log and ours part here
};

// Who may be answered when: acks=1 asks for safety here, acks=all for safety on all in-sync replicas.
enum class Acknowledgement : uint8_t { local, all_in_sync };

class Replica {
  public:
    Replica(PartitionKey key, std::unique_ptr<storage::PartitionLog> log, std::shared_ptr<const TopicPolicy> policy);
    ~Replica();
    Replica(const Replica&) = delete;
    Replica& operator=(const Replica&) = delete;

    // Leads from now on, with so many of the partition's replicas in sync. A repeated call with the same epoch only
    // renews the sizes.
    void become_leader(LeaderEpoch epoch, size_t isr_size, size_t replicas_size);
    // Leads no longer; everyone who waits is told NOT_LEADER_OR_FOLLOWER.
    void resign(LeaderEpoch epoch);
    void configure(std::shared_ptr<const TopicPolicy> policy);

    // Checks and appends one batch. With an error nothing was written. Without one it is in the log, to be acknowledged
    // when is_acknowledged(last_offset) holds.
    ProduceOutcome produce(const ProduceRequest& request, wire::Codecs& codecs);
    // One batch of this broker's own making, such as a coordinator's; its last offset. As acks=all, for the rest.
    Result<Offset> append(Bytes batch);
    bool is_acknowledged(Offset last_offset, Acknowledgement wanted) const;
    // `wake` comes at once where it is known already that the append will never be safe.
    WaiterId when_acknowledged(Offset last_offset, Acknowledgement wanted, Waiters::Wake wake);

    // `done` comes at once unless the data lies on a device that has to be waited for.
    void fetch(const FetchRequest& request, std::function<void(FetchOutcome)> done);
    // Wakes once there is something for consumers at or beyond `from`.
    WaiterId when_readable(Offset from, Waiters::Wake wake);
    void stop_waiting(WaiterId id);

    // The leader-epoch rules of KIP-320, for every request that carries the client's idea of it.
    ErrorCode check_leader_epoch(LeaderEpoch current_leader_epoch) const;
    storage::EpochEnd end_offset_for(LeaderEpoch epoch) const;

    // Records below `before` go; -1: all below the high watermark. The new log start offset.
    Result<Offset> delete_records(Offset before);
    Result<void> delete_old_segments();
    // The oldest append that isn't durable is older than flush.ms.
    bool is_flush_due(Instant now) const;
    // Makes durable what is in the log; and what a recovery would have to build anew, with a checkpoint. What was only
    // waiting for that is acknowledged then.
    enum class Flush : uint8_t { none, records, checkpoint };
    void flush(Flush what, env::Urgency urgency, std::function<void()> done);

    // The same records in another place: `log` ends where ours does and is as durable as the policy asks; neither is
    // being synced. Gives back the former one.
    std::unique_ptr<storage::PartitionLog> replace_log(std::unique_ptr<storage::PartitionLog> log);

    const PartitionKey& key() const { return key_; }
    bool is_leader() const { return is_leader_; }
    LeaderEpoch leader_epoch() const { return leader_epoch_; }
    Offset high_watermark() const { return high_watermark_; }
    // From a change of leadership until what was in the log then is committed: the high watermark may be lower than the
    // one that clients knew (KIP-207).
    bool is_catching_up() const { return high_watermark_ < leader_epoch_start_; }
    Offset last_stable_offset() const { return log_->last_stable_offset(high_watermark_); }
    const TopicPolicy& policy() const { return *policy_; }
    storage::PartitionLog& log() { return *log_; }
    const storage::PartitionLog& log() const { return *log_; }

    // Handed out with its memory of what waits for it: the replica may be closed while a disk works for it.
    std::weak_ptr<Replica*> handle() const { return self_; }

  private:
    ProduceOutcome refused(ErrorCode error) const;
    // More replicas in sync than there are can't be asked for (KIP-966).
    uint32_t min_isr() const { return std::min(static_cast<uint32_t>(policy_->min_insync_replicas), replicas_size_); }
    void appended(int64_t records);
    void begin_sync();
    void synced(Offset end, Result<void> result);
    void flushed(Offset end);
    void raise_local_point(Offset to);
    FetchOutcome fetch_head(const FetchRequest& request) const;
    void finish_fetch(const FetchRequest& request, Result<storage::ReadBatches> read, FetchOutcome& outcome) const;

    const PartitionKey key_;
    std::unique_ptr<storage::PartitionLog> log_;
    std::shared_ptr<const TopicPolicy> policy_;
    LeaderEpoch leader_epoch_ = no_leader_epoch;
    uint32_t isr_size_ = 1;
    uint32_t replicas_size_ = 1;
    bool is_leader_ = false;
    ErrorCode sync_error_ = ErrorCode::none;  // of the sync that failed: nothing is acknowledged after it
    bool is_syncing_ = false;                 // a sync that the policy demanded is under way
    Offset local_point_;                      // <= log end
    Offset high_watermark_;                   // <= local_point_ on a leader
    Offset leader_epoch_start_{0};            // the log end when leadership began
    Offset sync_wanted_;                      // a sync must reach this before local_point_ may pass where it is
    int64_t records_since_sync_ = 0;          // appended since the last sync that the policy demanded
    Waiters waiters_;
    std::shared_ptr<Replica*> self_;  // dies with the replica: callbacks of the disk look before they speak
};

}  // namespace milena::replica
