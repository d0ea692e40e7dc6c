// Replica: this node's copy of one partition. It says who may write, when a write is acknowledged, and up to where
// consumers may read. Owned by one shard, used by its thread only. Never decides who leads: it is told. The roles are
// in files of their own: leader.cc, follower.cc.
//
//     log start          high watermark      safe end           log end
//         │ readable by consumers │ not by all in sync │ not safe here yet │
//
// The safe end is how far the log is as safe as the topic's policy asks: the log end when the page cache is enough, the
// end of the last sync that the policy demanded when it isn't. On a leader the high watermark is the least safe end of
// the in-sync replicas (isr.h); with a replication factor of one it is our own. On a follower it is what the leader has
// said, as far as the log goes. It never goes back while the process lives, but where a follower has to give up records
// that were committed, which is said loudly. What a crash left in the page cache counts as written: it waits for
// flush() where the policy asks for more than that.
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
#include "replica/isr.h"
#include "replica/partition_key.h"
#include "replica/replica_context.h"
#include "replica/replication_frame.h"
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
    bool leader_only = true;      // false: a follower may answer too (KIP-392)
    bool is_uncommitted = false;  // up to the log end: for tools that compare replicas
    bool is_replica = false;      // says that it is one of them
    // Those close to whoever asks, if that matters: a leader that isn't one of them names a replica that is.
    std::shared_ptr<const std::vector<NodeId>> close_brokers = {};
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
    NodeId closer_replica = no_node;             // to be asked instead of us; nothing was read then
};

// Who may be answered when: acks=1 asks for safety here, acks=all for safety on all in-sync replicas.
enum class Acknowledgement : uint8_t { local, all_in_sync };

// Whether a follower's log goes on in ours where it says.
struct Admission {
    ErrorCode error = ErrorCode::none;
    std::optional<storage::EpochEnd> diverging;

    bool is_granted() const { return error == ErrorCode::none && !diverging; }
};

// Whether a log that goes up to `from`, with `last_epoch` at last, has something else in it than the one that answers
// `end` when it is asked where that epoch ends (KIP-595).
inline bool is_diverging(const storage::EpochEnd& end, Offset from, LeaderEpoch last_epoch) {
    return end.end_offset < from || end.epoch < last_epoch;
}

class Replica {
  public:
    Replica(PartitionKey key, std::unique_ptr<storage::PartitionLog> log, std::shared_ptr<const TopicPolicy> policy,
            ReplicaContext& context);
    ~Replica();
    Replica(const Replica&) = delete;
    Replica& operator=(const Replica&) = delete;

    // Leads from now on. A repeated call with the same epoch only renews what is known of the other replicas.
    void become_leader(const Leadership& leadership);
    // Follows from now on, as soon as begin_following() was asked.
    void become_follower(LeaderEpoch epoch, NodeId leader);
    // Neither. Where leadership ends, everyone who waits is told NOT_LEADER_OR_FOLLOWER.
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
    ErrorCode check_leader_epoch(LeaderEpoch current_leader_epoch, bool leader_only = true) const;
    storage::EpochEnd end_offset_for(LeaderEpoch epoch) const;

    // Records below `before` go; -1: all below the high watermark. The new log start offset.
    Result<Offset> delete_records(Offset before);
    // Records below it are gone from all copies whose brokers live.
    Offset low_watermark() const;
    WaiterId when_deleted(Offset before, Waiters::Wake wake);
    Result<void> delete_old_segments();
    // The oldest append that isn't durable is older than flush.ms.
    bool is_flush_due(Instant now) const;
    // Makes durable what is in the log; and what a recovery would have to build anew, with a checkpoint. What was only
    // waiting for that is acknowledged then.
    enum class Flush : uint8_t { none, records, checkpoint };
    void flush(Flush what, env::Urgency urgency, std::function<void()> done);

    // --- leading others (leader.cc)
    // -----------------------------------------------------------------------------------

    // A follower wants the records from where it says on. Granted, the watcher is told of news until ended() or
    // dismiss(), and only its acknowledgements count.
    struct Applicant {
        NodeId node;
        int64_t broker_epoch = -1;
        ReplicaWatcher* watcher = nullptr;
        uint32_t tag = 0;
    };
    Admission admit(const Applicant& applicant, const Subscription& subscription);
    void acknowledge(NodeId follower, const ReplicaWatcher& watcher, const Ack& ack);
    void dismiss(NodeId follower, const ReplicaWatcher& watcher);
    // What limits the rate at which the follower gets records: nothing, unless the topic's settings name our replica
    // and the follower isn't in sync.
    ReplicationThrottle* throttle_of(NodeId follower);

    // For now and then: asks for a smaller set of in-sync replicas where one of them has fallen behind, for a larger
    // one where one has caught up; again for what wasn't answered.
    void look_after();
    // The controller may have fenced this broker for its silence and elected another leader, and nothing that is
    // written here is committed: others are to be asked.
    bool is_forsaken() const;

    // --- following (follower.cc)
    // --------------------------------------------------------------------------------------

    // Where to go on from. Until this is asked, what arrives is refused: it may lie behind something that was lost.
    // With OPERATION_NOT_ATTEMPTED it is to be asked again a little later: what was cut off isn't gone for good yet.
    Result<Subscription> begin_following(LeaderEpoch epoch);
    enum class Step : uint8_t { applied, begin_anew };
    // With an error, and where it is said, begin_following() has to be asked again.
    Result<Step> follow(const PartitionFrame& frame);

    // The same records in another place: `log` ends where ours does and is as durable as the policy asks; neither is
    // being synced. Gives back the former one.
    std::unique_ptr<storage::PartitionLog> replace_log(std::unique_ptr<storage::PartitionLog> log);

    const PartitionKey& key() const { return key_; }
    bool is_leader() const { return role_ == Role::leader; }
    bool is_follower() const { return role_ == Role::follower; }
    LeaderEpoch leader_epoch() const { return leader_epoch_; }
    NodeId leader() const { return leader_; }  // who is followed, or ourselves; none where nobody leads
    Offset high_watermark() const { return high_watermark_; }
    // A lower bound that an earlier process knew.
    void remember_high_watermark(Offset offset);
    // Everything below it is as safe here as the policy asks.
    Offset safe_end() const { return local_point_; }
    // From a change of leadership until what was in the log then is committed: the high watermark may be lower than the
    // one that clients knew (KIP-207).
    bool is_catching_up() const { return high_watermark_ < leader_epoch_start_; }
    // Of a leader. Kafka's notions: replicas that a reassignment adds don't make a partition under-replicated, and no
    // more replicas in sync can be asked for than there are (KIP-966).
    size_t isr_size() const { return isr_ ? isr_->committed().size() : 1; }
    uint32_t min_isr() const { return std::min(static_cast<uint32_t>(policy_->min_insync_replicas), replicas_size_); }
    bool is_under_replicated() const { return is_leader() && isr_size() < replication_factor_; }
    bool is_under_min_isr() const { return is_leader() && isr_size() < min_isr(); }
    bool is_at_min_isr() const { return is_leader() && isr_size() == min_isr(); }
    std::span<const Isr::Follower> followers() const {
        return isr_ ? std::as_const(*isr_).followers() : std::span<const Isr::Follower>();
    }
    Offset last_stable_offset() const { return log_->last_stable_offset(high_watermark_); }
    const TopicPolicy& policy() const { return *policy_; }
    storage::PartitionLog& log() { return *log_; }
    const storage::PartitionLog& log() const { return *log_; }

    // Handed out with its memory of what waits for it: the replica may be closed while a disk works for it.
    std::weak_ptr<Replica*> handle() const { return self_; }

  private:
    enum class Role : uint8_t { none, leader, follower };

    // None: the batch can be taken now.
    ErrorCode reason_to_wait(bool demands_all_replicas) const;
    ProduceOutcome refused(ErrorCode error) const;
    void appended(int64_t records);
    void begin_sync();
    void synced(Offset end, Result<void> result);
    void flushed(Offset end);
    void raise_local_point(Offset to);
    void raise_high_watermark(Offset to);
    FetchOutcome fetch_head(const FetchRequest& request) const;
    NodeId closer_replica(const FetchRequest& request) const;
    void finish_fetch(const FetchRequest& request, Result<storage::ReadBatches> read, FetchOutcome& outcome) const;

    void advance_high_watermark();
    void tell_deletions();
    void tell_watchers();
    void end_subscriptions();
    void dismiss_others(const std::vector<NodeId>& replicas);
    std::optional<storage::EpochEnd> divergence(const Subscription& subscription) const;
    bool is_incomparable(const Subscription& subscription) const;
    void seek_growth();
    void seek_shrink();
    bool may_ask() const;
    void ask_for(std::vector<NodeId> isr);
    void propose();
    void isr_answered(LeaderEpoch epoch, int32_t partition_epoch, ErrorCode error);

    Result<Step> align(const PartitionFrame& frame);
    Result<void> append_followed(const PartitionFrame& frame);
    Result<void> truncate(Offset to);
    Result<void> restart_at(Offset offset);
    // What `change` takes off the log's end is known everywhere here, and begins to be gone for good.
    template <class Change>
    Result<void> cut(Change&& change);
    void settle();
    void cut_is_durable(Result<void> synced);
    void settled(bool is_done);
    // Leading, we may not append before. A log without other copies has only been cut where we know of it.
    bool must_settle() const { return !is_settled_ && (has_cut_ || replicas_size_ > 1); }

    const PartitionKey key_;
    std::unique_ptr<storage::PartitionLog> log_;
    std::shared_ptr<const TopicPolicy> policy_;
    ReplicaContext& context_;
    LeaderEpoch leader_epoch_ = no_leader_epoch;
    NodeId leader_ = no_node;
    uint32_t replicas_size_ = 1;
    uint32_t replication_factor_ = 1;
    Role role_ = Role::none;
    std::unique_ptr<Isr> isr_;                // of a leader that isn't the only replica
    ErrorCode sync_error_ = ErrorCode::none;  // of the sync that failed: nothing is acknowledged after it
    bool is_syncing_ = false;                 // a sync that the policy demanded is under way
    bool must_begin_ = true;                  // begin_following() must come before anything else
    // What was cut off, in this life of the process or before, is gone for good: only then may anything follow it.
    bool is_settled_;
    bool is_settling_ = false;
    bool has_cut_;                    // it was in this life, recovery included
    bool must_save_;                  // the checkpoint files speak of more than there is
    Offset local_point_;              // <= log end
    Offset high_watermark_;           // <= safe_end() on a leader
    Offset leader_epoch_start_{0};    // the log end when leadership began
    Offset sync_wanted_;              // a sync must reach this before local_point_ may pass where it is
    int64_t records_since_sync_ = 0;  // appended since the last sync that the policy demanded
    Waiters waiters_;
    std::shared_ptr<Replica*> self_;  // dies with the replica: callbacks of the disk look before they speak
};

}  // namespace milena::replica
