// Raft: one replica of the metadata log. Elects itself where it is the only voter, appends what the state machine's
// owner proposes, and delivers every committed batch in order; committed means synced here and on a majority of the
// voters. Knows nothing of what the records say. Owned by the shard that owns the log's disk; completions come from
// that shard's loop, and time comes in by tick().
//
//     start ─▶ newest whole snapshot ─▶ log up to its end ─▶ new epoch (quorum-state synced) ─▶ LeaderChange ─▶ synced
//     propose ─▶ append ─▶ one fsync for all that waits ─▶ high watermark ─▶ StateMachine::apply
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"
#include "raft/raft_log.h"
#include "raft/snapshot.h"
#include "raft/voters.h"

namespace milena::raft {

// Records that were appended together and count together.
struct Batch {
    Offset base_offset;
    Offset last_offset;
    LeaderEpoch epoch;
    Timestamp timestamp = no_timestamp;
    std::vector<Bytes> values;
};

// What the log is for. Called from within Raft's own calls and completions; may call propose() from any of these.
struct StateMachine {
    virtual ~StateMachine() = default;

    // Forget everything: a snapshot follows, as batches whose offsets mean nothing, then load_end().
    virtual void load_begin() = 0;
    virtual Result<void, std::string> load(const std::vector<Bytes>& values) = 0;
    virtual void load_end(const SnapshotId& id, Timestamp timestamp) = 0;

    // An error says that the records can't be understood; the process can't go on.
    virtual Result<void, std::string> apply(const Batch& batch) = 0;

    // The whole state as of the last applied batch, as values of records.
    virtual void write_snapshot(const std::function<void(Bytes value)>& emit) = 0;

    // Everything committed in earlier epochs has been applied; propose() works from now on. Also write_snapshot() is
    // called only after this.
    virtual void became_leader(LeaderEpoch epoch) = 0;

    // The log can't be written or read any more; nothing further is called. The process can't go on.
    virtual void failed(const std::string& reason) = 0;
};

struct Options {
    NodeId node = no_node;
    Uuid directory_id;
    std::string cluster_id;
    std::string log_dir;        // the directory that holds __cluster_metadata-0
    std::vector<Voter> voters;  // controller.quorum.voters; empty: this node alone, or those in the log
    uint32_t segment_bytes = 1U << 30;
    Milliseconds segment_ms = std::chrono::hours(24 * 7);
    int64_t snapshot_bytes_max = 20 << 20;                   // metadata.log.max.record.bytes.between.snapshots
    Milliseconds snapshot_interval = std::chrono::hours(1);  // metadata.log.max.snapshot.interval.ms; 0: never by time
    int64_t retention_bytes = 100 << 20;                     // metadata.max.retention.bytes; -1: no limit
    Milliseconds retention_ms = std::chrono::hours(24 * 7);  // metadata.max.retention.ms; -1: no limit
};

class Raft {
  public:
    // Opens or begins the log. The error says what is wrong and with which file. The environment outlives the Raft.
    static Result<std::unique_ptr<Raft>, std::string> open(const Environment& environment, const Options& options);
    ~Raft();
    Raft(const Raft&) = delete;
    Raft& operator=(const Raft&) = delete;

    // What the log is to begin with, out of the file `bootstrap.checkpoint` that formatting a directory has left; empty
    // where there is no such file.
    Result<std::vector<Bytes>, std::string> read_bootstrap() const;

    // Loads the state machine and becomes leader; both may be over when it returns, or come later. `machine` outlives
    // the Raft.
    void start(StateMachine& machine);

    // Appends the values as one batch, at next_offset(). They are delivered by apply() when they are committed.
    // NOT_LEADER_OR_FOLLOWER, KAFKA_STORAGE_ERROR (nothing was appended), RECORD_LIST_TOO_LARGE beyond batch_bytes_max.
    Result<Offset> propose(std::vector<Bytes> values);
    static constexpr size_t batch_bytes_max = 8 << 20;

    // Takes snapshots when they are due, and removes what they make superfluous. To be called about once a second.
    void tick();

    // Syncs and closes; nothing may be proposed any more. For a clean shutdown.
    Result<void> close();

    Offset next_offset() const;  // of the next record that is proposed
    Offset high_watermark() const;
    Offset log_start_offset() const;
    LeaderEpoch epoch() const;
    NodeId leader() const;
    const VoterSet& voters() const;
    int16_t kraft_version() const;

  private:
    struct State;
    explicit Raft(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;  // completions that come after the end find it gone
};

}  // namespace milena::raft
