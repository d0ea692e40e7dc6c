// The inside of Raft. Included by the units that implement it, and by nothing else.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "raft/quorum.h"
#include "raft/raft.h"
#include "raft/raft_log.h"
#include "raft/snapshot_store.h"

namespace milena::raft {

struct Raft::State : std::enable_shared_from_this<Raft::State> {
    State(const Environment& environment_in, const Options& options_in, SnapshotStore store_in,
          std::unique_ptr<RaftLog> log_in, const ElectionState& election);

    // --- at the start: raft_start.cc
    Result<void, std::string> check_continuity(const SnapshotStore::Newest& newest);
    void load_snapshot();
    void replay();
    void replayed(Result<std::vector<ParsedBatch>, std::string>& read);
    bool take_control(const ControlRecord& control);
    void become_leader();
    void begin_leadership();

    // --- as the leader: raft.cc
    Result<Offset> append(Bytes batch, Batch pending);
    void sync();
    void synced(Offset end, const Result<void>& outcome);
    void deliver_committed();
    void deliver(const Batch& batch);
    void fail(const std::string& reason);

    // --- snapshots: raft_snapshots.cc
    bool is_snapshot_due() const;
    void take_snapshot();
    void snapshot_written(const StoredSnapshot& snapshot, const env::DiskResult<void>& outcome);
    void remove_superfluous();

    // Whether this state still lives when a completion comes.
    template <class F>
    auto if_alive(F f) {
        return [weak = weak_from_this(), f = std::move(f)](auto&&... outcome) {
            if (const auto self = weak.lock()) f(*self, std::forward<decltype(outcome)>(outcome)...);
        };
    }

    const Environment environment;
    const Options options;
    const std::string directory;
    SnapshotStore snapshots;
    std::unique_ptr<RaftLog> log;
    Quorum quorum;
    int16_t kraft_version = 0;
    StateMachine* machine = nullptr;
    std::optional<SnapshotStore::Newest> to_load;  // until start()
    bool has_failed = false;

    Offset replayed_to{0};       // the next offset to be read from the log, while starting
    bool is_reading = false;     // a read was asked for and has not been answered
    bool is_replaying = false;   // replay() is on the stack
    bool was_announced = false;  // the machine knows that this is the leader

    bool is_syncing = false;
    std::deque<Batch> uncommitted;                  // appended in this leadership, in order
    SnapshotId applied{Offset(0), LeaderEpoch(0)};  // what a snapshot of the machine's state would contain
    Timestamp applied_timestamp = no_timestamp;

    bool is_writing_snapshot = false;
    uint64_t bytes_since_snapshot = 0;
    Instant snapshot_considered_at;  // the last snapshot, or the start
};

}  // namespace milena::raft
