// Raft: one replica of the metadata log. Elects a leader together with the other voters, appends what the leader's
// owner proposes, copies what the leader of others has (KIP-595: replicas fetch), and delivers every committed batch in
// order; committed means synced on a majority of the voters. Knows nothing of what the records say. Owned by the shard
// that owns the log's disk; completions come from that shard's loop, and time comes in by tick().
//
//     start ─▶ newest whole snapshot ─▶ log up to its end ─▶ pre-vote ─▶ vote (quorum-state synced) ─▶ LeaderChange
//     propose ─▶ append ─▶ one fsync for all that waits ─▶ a majority has it: high watermark ─▶ StateMachine::apply
//     add_voter … ─▶ append: counts at once ─▶ committed by the voters that it names ─▶ done
//     fetch from the leader ─▶ append or truncate ─▶ fsync ─▶ the next fetch says so ─▶ its high watermark ─▶ apply
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
#include "raft/messages.h"
#include "raft/quorum.h"
#include "raft/raft_log.h"
#include "raft/snapshot.h"
#include "raft/transport.h"
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

    // Forget everything: a snapshot follows, as batches whose offsets mean nothing, then load_end(). Once at the start,
    // and again where a follower has fallen behind what its leader's log still has.
    virtual void load_begin() = 0;
    virtual Result<void, std::string> load(const std::vector<Bytes>& values) = 0;
    virtual void load_end(const SnapshotId& id, Timestamp timestamp) = 0;

    // An error says that the records can't be understood; the process can't go on.
    virtual Result<void, std::string> apply(const Batch& batch) = 0;

    // The whole state as of the last applied batch, as values of records.
    virtual void write_snapshot(const std::function<void(Bytes value)>& emit) = 0;

    // For the first time since the start everything has been applied that was committed then. Before this the state may
    // be an old one, and nobody should act upon it.
    virtual void caught_up() = 0;

    // Everything committed in earlier epochs has been applied; propose() works from now on.
    virtual void became_leader(LeaderEpoch epoch) = 0;
    // propose() works no longer. What was proposed and not applied yet may still be, or never.
    virtual void lost_leadership() = 0;
    // Who leads in which epoch, as far as is known: no_node while it isn't. Of the own leadership this comes before
    // became_leader().
    virtual void leader_changed(NodeId leader, LeaderEpoch epoch) = 0;

    // Who votes from now on, as the log says; also once at the start.
    virtual void voters_changed(const VoterSet& voters, int16_t kraft_version) = 0;

    // This leads, and the connection to that replica was refused: evidence that nobody is there.
    virtual void unreachable(NodeId node) = 0;

    // The log can't be written or read any more; nothing further is called. The process can't go on.
    virtual void failed(const std::string& reason) = 0;
};

struct Options {
    NodeId node = no_node;
    Uuid directory_id;
    std::string cluster_id;
    std::string log_dir;                   // the directory that holds __cluster_metadata-0
    Transport* transport = nullptr;        // outlives the Raft; null: there are no others
    std::vector<Voter> voters;             // controller.quorum.voters, as long as the log names none
    size_t bootstrap_count = 0;            // of controller.quorum.bootstrap.servers: nodes -2, -3, … of the transport
    bool auto_join = false;                // controller.quorum.auto.join.enable, of a controller
    std::vector<VoterEndpoint> endpoints;  // where others find this node
    Milliseconds election_timeout{1000};   // controller.quorum.election.timeout.ms
    Milliseconds election_backoff_max{1000};  // controller.quorum.election.backoff.max.ms
    Milliseconds fetch_timeout{2000};         // controller.quorum.fetch.timeout.ms
    Milliseconds request_timeout{2000};       // controller.quorum.request.timeout.ms
    Milliseconds retry_backoff{20};           // controller.quorum.retry.backoff.ms
    uint64_t reserve_bytes = 0;               // of space that is kept for a full disk
    uint32_t segment_bytes = 1U << 30;
    Milliseconds segment_ms = std::chrono::hours(24 * 7);
    int64_t snapshot_bytes_max = 20 << 20;                   // metadata.log.max.record.bytes.between.snapshots
    Milliseconds snapshot_interval = std::chrono::hours(1);  // metadata.log.max.snapshot.interval.ms; 0: never by time
    int64_t retention_bytes = 100 << 20;                     // metadata.max.retention.bytes; -1: no limit
    Milliseconds retention_ms = std::chrono::hours(24 * 7);  // metadata.max.retention.ms; -1: no limit
};

// Why the voters stay as they are; what Kafka says in such a case is said in its words.
struct VoterRefusal {
    ErrorCode error = ErrorCode::none;
    std::string message;
};

// What a leader knows of a replica that fetches from it.
struct ReplicaProgress {
    NodeId id = no_node;
    Uuid directory_id;
    Offset end_offset = no_offset;  // everything below is durable there
    Timestamp last_fetch = no_timestamp;
    Timestamp last_caught_up = no_timestamp;  // when the leader last had no more than it has now
    Offset leader_end = no_offset;            // of the leader's log at its last fetch
};

class Raft {
  public:
    // Opens or begins the log. The error says what is wrong and with which file. The environment outlives the Raft, and
    // so does the transport, which may be missing where this node is the only voter.
    static Result<std::unique_ptr<Raft>, std::string> open(const Environment& environment, const Options& options);
    ~Raft();
    Raft(const Raft&) = delete;
    Raft& operator=(const Raft&) = delete;

    // What the log is to begin with, out of the file `bootstrap.checkpoint` that formatting a directory has left; empty
    // where there is no such file.
    Result<std::vector<Bytes>, std::string> read_bootstrap() const;

    // Loads the state machine and takes part in the quorum: alone it leads at once. All of that may be over when it
    // returns, or come later. `machine` outlives the Raft.
    void start(StateMachine& machine);

    // A request of another replica; `answer` is called exactly once, now or later, unless this Raft ends before.
    using Answer = std::function<void(Response)>;
    void receive(const Request& request, Answer answer);

    // Appends the values as one batch, at next_offset(). They are delivered by apply() when they are committed.
    // NOT_LEADER_OR_FOLLOWER, KAFKA_STORAGE_ERROR (nothing was appended), RECORD_LIST_TOO_LARGE beyond batch_bytes_max.
    Result<Offset> propose(std::vector<Bytes> values);
    static constexpr size_t batch_bytes_max = 8 << 20;

    // Everything that is due: elections, fetches that are to be repeated, snapshots. To be called every
    // tick_interval(), which is short where there are others.
    void tick();
    Duration tick_interval() const;

    // Changes of the voters, of which there is one at a time (KIP-853). They count as soon as they are in the log;
    // `done` is called once, when they are committed, or with the reason why they aren't.
    using VoterDone = std::function<void(Result<void, VoterRefusal>)>;
    // Waits until the new voter has all that the leader has, but no longer than that.
    void add_voter(const Voter& voter, Milliseconds timeout, bool waits_for_commit, VoterDone done);
    void remove_voter(const ReplicaKey& voter, VoterDone done);
    // From voters in the settings (0) to voters in the log (1).
    Result<void, VoterRefusal> check_kraft_version(int16_t level) const;
    void update_kraft_version(int16_t level, VoterDone done);

    // Where others find this node from now on; the log says so as well if it names the voters.
    void use_endpoints(std::vector<VoterEndpoint> endpoints);

    // A leader gives way: the voter whose log is the longest may stand for election at once. For a planned end.
    void step_down();

    // Syncs and closes; nothing may be proposed any more. For a clean shutdown.
    Result<void> close();

    Offset next_offset() const;  // of the next record that is proposed
    Offset high_watermark() const;
    Offset log_start_offset() const;
    LeaderEpoch epoch() const;
    NodeId leader() const;
    Role role() const;
    // Whether the disk was empty and hasn't held yet what is committed: such a voter doesn't vote where there is a log.
    bool awaits_log() const;
    // Whether this leads, or whoever does answers.
    bool is_hearing_leader() const;
    const VoterSet& voters() const;
    int16_t kraft_version() const;
    // Of a leader: itself and whoever has fetched from it lately.
    std::vector<ReplicaProgress> replicas() const;

  private:
    struct State;
    explicit Raft(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;  // completions that come after the end find it gone
};

}  // namespace milena::raft
