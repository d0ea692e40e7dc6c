// The inside of Raft. Included by the units that implement it, and by nothing else.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "raft/quorum.h"
#include "raft/raft.h"
#include "raft/raft_log.h"
#include "raft/reserve.h"
#include "raft/snapshot_store.h"

namespace milena::raft {

struct Raft::State : std::enable_shared_from_this<Raft::State> {
    State(const Environment& environment_in, const Options& options_in, SnapshotStore store_in,
          std::unique_ptr<RaftLog> log_in, const ElectionState& election);

    // --- at the start: raft_start.cc
    Result<void, std::string> check_continuity(const SnapshotStore::Newest& newest);
    void load_snapshot();
    void load(const SnapshotId& id, const Snapshot& snapshot);
    void scan();
    void scanned(Result<std::vector<ParsedBatch>, std::string>& read);
    void take_in(ParsedBatch batch);
    void take_part();

    // --- who votes: raft_voters.cc
    struct VotersBefore;
    bool take_control(Offset offset, const ControlRecord& control);
    Result<Offset> append_controls(const std::vector<ControlRecord>& controls);
    void use_voters(VoterSet voters, int16_t version);
    void tell_voters();
    void take_back_voters(Offset to);
    VotersBefore voters_at(Offset end) const;
    bool are_voters_committed() const;
    bool may_stand() const;
    bool is_bootstrapping() const;
    Voter described() const;
    const ReplicaProgress* progress_of(const Voter& voter) const;
    std::optional<VoterRefusal> refuse_change(std::string_view what) const;
    std::optional<VoterRefusal> refuse_add(const Voter& voter) const;
    void add_voter(const Voter& voter, Milliseconds timeout, bool waits_for_commit, VoterDone done);
    void voter_found(const ReplicaKey& voter, const Result<Response, SendError>& outcome);
    void append_added_voter();
    void remove_voter(const ReplicaKey& voter, VoterDone done);
    ErrorCode update_voter(const Voter& voter);
    void change_voters(const VoterSet& to, VoterDone done);
    Result<VoterSet, VoterRefusal> voters_of_settings() const;
    void settle_voter_change();
    void end_voter_change(Result<void, VoterRefusal> outcome);
    void tick_voter_change();
    void tend_own_entry();
    void ask_to_change(VoterChange change, const Voter& voter);
    void receive(const ChangeVoterRequest& request, const Answer& answer);

    // --- as the leader: raft.cc
    Result<Offset> append(Bytes batch, Batch batch_pending);
    void sync();
    void synced(Offset end, const Result<void>& outcome);
    void deliver_committed();
    void deliver(const Batch& batch);
    void announce();
    void note_caught_up();
    void fail(const std::string& reason);

    // --- elections: raft_election.cc
    void tick_election();
    void seek_leader();
    void begin_prospecting();
    void begin_campaign();
    void ask_for_votes(bool is_pre_vote);
    void take_vote(NodeId voter, bool is_pre_vote, LeaderEpoch asked_in, const Result<Response, SendError>& outcome);
    void lose_election();
    std::vector<ControlRecord> first_records() const;
    void begin_leadership();
    void enter_epoch(LeaderEpoch epoch, NodeId leader);
    void learn(const Leadership& current);
    void leave_leadership();
    void resign(const std::string& why);
    void send_begin_epoch();
    void persist(std::function<void()> then);
    void write_election();
    VoteResponse decide_vote(const VoteRequest& request);
    bool is_log_begun() const { return is_log_known || was_led || log->end() > Offset(0); }
    bool has_no_say() const { return quorum.state().awaits_log && is_log_begun(); }
    void note_log_elsewhere();
    void receive(const VoteRequest& request, const Answer& answer);
    void receive(const BeginEpochRequest& request, const Answer& answer);
    void receive(const EndEpochRequest& request, const Answer& answer);
    LeaderEpoch last_epoch() const;
    bool is_hearing_leader() const;
    Leadership leadership(ErrorCode error) const;
    ErrorCode check_sender(const std::string& cluster_id, LeaderEpoch epoch) const;

    // --- what others fetch from this leader: raft_fetch_server.cc
    struct ParkedFetch {
        FetchRequest request;
        Answer answer;
        Instant deadline;
    };
    void receive(const FetchRequest& request, const Answer& answer);
    void receive(const FetchSnapshotRequest& request, const Answer& answer);
    std::optional<storage::EpochEnd> known_end_of(LeaderEpoch epoch) const;
    std::optional<FetchResponse> refuse_fetch(const FetchRequest& request) const;
    void note_fetch(const FetchRequest& request);
    void serve(const FetchRequest& request, const Answer& answer);
    void unpark(bool (*is_due)(const State& s, const ParkedFetch& fetch));
    void unpark_due();
    void hear(const ReplicaKey& replica);
    void forget_observers();
    void tick_leader();
    const StoredSnapshot* newest_snapshot() const;
    FetchResponse fetch_response(ErrorCode error) const;

    // --- what this replica fetches: raft_fetch_client.cc
    void fetch();
    void fetched(LeaderEpoch asked_in, const Result<Response, SendError>& outcome);
    void lose_sight(SendError error);
    void take_fetched(const FetchResponse& response);
    void take_records(const FetchResponse& response);
    Result<void, std::string> append_fetched(const Bytes& records);
    void truncate(const storage::EpochEnd& diverging);
    void download(const SnapshotId& id);
    void fetch_chunk();
    void take_chunk(const FetchSnapshotResponse& response);
    void finish_download();
    void restart_from(const SnapshotId& id);
    void commit(Offset leader_high_watermark);

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
    Instant now() const { return environment.clock.now(); }
    // Between once and twice `timeout`: two voters should not stand for election at the same moment.
    Instant after_random(Milliseconds timeout);
    void note_leader();

    const Environment environment;
    Options options;  // of which only the endpoints change
    const std::string directory;
    SnapshotStore snapshots;
    std::unique_ptr<RaftLog> log;
    Reserve reserve;
    Quorum quorum;
    int16_t kraft_version = 0;
    StateMachine* machine = nullptr;
    std::optional<SnapshotStore::Newest> to_load;  // until start()
    bool has_failed = false;
    bool has_started = false;  // the log has been read: takes part in the quorum

    // What the log said of the voters before each of its records that changed them, so that a truncation takes it back.
    struct VotersBefore {
        Offset offset;
        VoterSet voters;
        int16_t kraft_version;
    };
    std::vector<VotersBefore> voter_changes;

    // On a leader: the change that somebody waits for.
    struct PendingChange {
        Instant deadline;
        VoterDone done;
        Offset offset = no_offset;   // of its record, when that is in the log
        std::optional<Voter> added;  // before that: who is to become a voter
        bool is_found = false;       // and has said that it is the one
        bool waits_for_commit = true;
    };
    std::optional<PendingChange> pending_change;
    bool is_asking_to_change = false;  // the leader, the own entry among the voters

    Offset scanned_to{0};        // the next offset to be read from the log, while starting
    bool is_reading = false;     // a read was asked for and has not been answered
    bool is_scanning = false;    // scan() is on the stack
    bool was_announced = false;  // the machine knows that this is the leader
    bool has_no_room = false;    // for what this leader was to append: others may have some
    bool was_caught_up = false;  // and that it was as far as the others
    NodeId leader_told = no_node;
    LeaderEpoch epoch_told = no_leader_epoch;

    bool is_syncing = false;
    std::deque<Batch> pending;                      // in the log and not yet applied, in order
    SnapshotId applied{Offset(0), LeaderEpoch(0)};  // what a snapshot of the machine's state would contain
    Timestamp applied_timestamp = no_timestamp;

    // Elections.
    Instant deadline;                        // of the role: stands for election then, or gives the election up
    uint32_t elections_lost = 0;             // since a leader was heard of
    LeaderEpoch given_up = no_leader_epoch;  // the latest epoch whose leader has said that it leads no longer
    bool has_fetched = false;                // from the leader of this epoch
    bool is_log_known = false;               // a voter has said that there is a log
    bool was_led = false;                    // somebody has led this replica, and so has begun the log
    bool is_persisting = false;              // the election state is being written
    std::vector<std::function<void()>> when_persisted;  // by the next write
    size_t seek_next = 0;                               // whom to ask next who leads
    bool is_seeking = false;
    Instant attempt_next;  // no fetch and no look for a leader before

    // On a leader.
    std::map<ReplicaKey, ReplicaProgress> progress;  // of this leadership
    std::map<NodeId, Instant> heard;                 // when each voter last fetched
    std::vector<ParkedFetch> parked;
    Instant begin_epoch_next;

    // On a follower.
    Offset committed_elsewhere = no_offset;  // as a leader has said last
    bool is_fetching = false;                // a request is under way, or what it brought is being made durable
    struct Download {
        SnapshotId id;
        std::unique_ptr<env::File> file;
        uint64_t position = 0;
    };
    std::optional<Download> downloading;

    bool is_writing_snapshot = false;
    uint64_t bytes_since_snapshot = 0;
    Instant snapshot_considered_at;  // the last snapshot, or the start
    Instant upkeep_next;             // of what is done once a second
};

}  // namespace milena::raft
