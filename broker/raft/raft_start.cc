#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "raft/quorum_state_file.h"
#include "raft/raft_state.h"

namespace milena::raft {

namespace {

std::string file_in(const std::string& directory, std::string_view name) { return directory + "/" + std::string(name); }

// Whoever is told of nobody else is alone; whoever is told where to ask waits for what the log says.
VoterSet configured_voters(const Options& options) {
    if (!options.voters.empty()) return VoterSet(options.voters);
    if (options.bootstrap_count > 0) return {};
    return VoterSet({Voter{.id = options.node, .directory_id = {}, .endpoints = {}}});
}

// Nothing if there is none.
Result<std::optional<ElectionState>, std::string> read_election(env::Disk& disk, const std::string& directory) {
    const std::string path = file_in(directory, quorum_state_file);
    const auto state = read_quorum_state(disk, path);
    if (!state) {
        // A vote that was forgotten could be given twice.
        return unexpected(path + (state.error() == StateFault::malformed ? " is damaged" : " can't be read"));
    }
    return *state;
}

}  // namespace

Raft::State::State(const Environment& environment_in, const Options& options_in, SnapshotStore store_in,
                   std::unique_ptr<RaftLog> log_in, const ElectionState& election)
    : environment(environment_in),
      options(options_in),
      directory(RaftLog::directory(options_in.log_dir)),
      snapshots(std::move(store_in)),
      log(std::move(log_in)),
      reserve(environment_in.disk, directory, options_in.reserve_bytes),
      quorum({options_in.node, options_in.directory_id}, configured_voters(options_in), election),
      snapshot_considered_at(environment_in.clock.now()) {}

Result<std::unique_ptr<Raft>, std::string> Raft::open(const Environment& environment, const Options& options) {
    const std::string directory = RaftLog::directory(options.log_dir);
    auto store = SnapshotStore::open(environment.disk, directory);
    if (!store) return unexpected("can't read " + directory);
    SnapshotStore::Newest newest = store->load_newest();
    ASSIGN_OR_RETURN(const std::optional<ElectionState> election, read_election(environment.disk, directory));
    ASSIGN_OR_RETURN(auto log,
                     RaftLog::open(environment, {.log_dir = options.log_dir,
                                                 .segment_bytes = options.segment_bytes,
                                                 .segment_ms = options.segment_ms,
                                                 .durable_min = newest.id ? newest.id->end_offset : Offset(0)}));
    const bool is_empty = log->end() == Offset(0) && (!newest.id || newest.id->end_offset == Offset(0));
    auto state = std::make_shared<State>(environment, options, std::move(store).value(), std::move(log),
                                         election.value_or(ElectionState{.awaits_log = is_empty}));
    RETURN_IF_ERROR(state->check_continuity(newest));
    state->to_load = std::move(newest);
    return std::unique_ptr<Raft>(new Raft(std::move(state)));
}

// Snapshot and log together must be all that ever was: the log goes on where the snapshot ends, and a snapshot that
// can't be read is made up for by the log.
Result<void, std::string> Raft::State::check_continuity(const SnapshotStore::Newest& newest) {
    const auto number = [](Offset offset) { return std::to_string(offset.value); };
    const Offset covered = newest.id ? newest.id->end_offset : Offset(0);
    if (newest.damaged_end > log->end())
        return unexpected("the snapshot " + number(newest.damaged_end) + " in " + directory +
                          " is damaged, and the log ends before it at offset " + number(log->end()));
    if (log->start() > covered)
        return unexpected("the metadata log in " + directory + " begins at offset " + number(log->start()) +
                          ", and no whole snapshot reaches that far");
    if (log->end() < covered && !log->restart_at(covered))
        return unexpected("can't begin the metadata log in " + directory + " at offset " + number(covered));
    snapshots.put_damaged_aside();
    return {};
}

Result<std::vector<Bytes>, std::string> Raft::read_bootstrap() const {
    const std::string path = file_in(state_->options.log_dir, "bootstrap.checkpoint");
    env::Disk& disk = state_->environment.disk;
    const auto file = disk.open(path, env::OpenMode::read_only);
    if (!file) {
        if (file.error() == env::DiskError::not_found) return std::vector<Bytes>();
        return unexpected(path + " can't be read");
    }
    auto snapshot = read_snapshot(disk, path);
    if (!snapshot) return unexpected(path + " is damaged");
    return std::move(snapshot->values);
}

void Raft::start(StateMachine& machine) {
    State& s = *state_;
    check(s.machine == nullptr);
    s.machine = &machine;
    s.load_snapshot();
    // What the process before left to the page cache isn't there until it is durable, nor gone what was cut off: a vote
    // counts with it.
    s.log->sync(s.if_alive([](State& state, const Result<void>& synced) {
        if (!synced) return state.fail("can't sync the metadata log in " + state.directory);
        state.scan();
    }));
}

void Raft::State::load_snapshot() {
    const SnapshotStore::Newest newest = std::move(*std::exchange(to_load, std::nullopt));
    load(newest.id.value_or(applied), newest.snapshot);
    scanned_to = std::max(applied.end_offset, log->start());
}

// The machine is as the snapshot says from now on; the log is not looked at.
void Raft::State::load(const SnapshotId& id, const Snapshot& snapshot) {
    machine->load_begin();
    const auto loaded = machine->load(snapshot.values);
    if (!loaded) return fail("the snapshot of the metadata log can't be understood: " + loaded.error());
    applied = id;
    applied_timestamp = snapshot.header.last_timestamp;
    // Kafka's formatting leaves a snapshot of nothing but the first voters: 0-0.checkpoint.
    const bool names_voters = snapshot.header.kraft_version > 0;
    use_voters(names_voters ? snapshot.header.voters : configured_voters(options), snapshot.header.kraft_version);
    if (id.end_offset > Offset(0)) {
        log_info("metadata snapshot loaded",
                 {{"end_offset", id.end_offset}, {"epoch", id.epoch}, {"records", snapshot.values.size()}});
    }
    machine->load_end(applied, applied_timestamp);
}

// A loop for answers that come at once; an answer that comes later enters it again.
void Raft::State::scan() {
    if (is_scanning) return;
    is_scanning = true;
    while (!has_failed && !is_reading && scanned_to < log->end()) {
        is_reading = true;
        log->read(scanned_to, if_alive([](State& s, Result<std::vector<ParsedBatch>, std::string> read) {
                      s.is_reading = false;
                      s.scanned(read);
                      s.scan();
                  }));
    }
    is_scanning = false;
    if (!has_failed && !is_reading) take_part();
}

void Raft::State::scanned(Result<std::vector<ParsedBatch>, std::string>& read) {
    if (!read) return fail(read.error());
    if (read->empty()) return fail("the metadata log can't be read at offset " + std::to_string(scanned_to.value));
    for (ParsedBatch& batch : *read) {
        if (batch.header.base_offset > scanned_to)
            return fail("the metadata log has nothing at offset " + std::to_string(scanned_to.value));
        scanned_to = batch.header.next_offset();
        for (const ControlRecord& control : batch.controls) {
            if (!take_control(batch.header.base_offset, control))
                return fail("malformed control record before offset " + std::to_string(scanned_to.value));
        }
        take_in(std::move(batch));
    }
}

// In the log; applied when it is committed.
void Raft::State::take_in(ParsedBatch batch) {
    pending.push_back({.base_offset = batch.header.base_offset,
                       .last_offset = batch.header.last_offset(),
                       .epoch = batch.header.partition_leader_epoch,
                       .timestamp = batch.header.max_timestamp,
                       .values = std::move(batch.values)});
}

// The log has been read to its end. A single voter's vote decides at once; of several, each first asks around: who has
// restarted finds the leader there is, and who starts together with the others doesn't wait for a timeout.
void Raft::State::take_part() {
    if (std::exchange(has_started, true)) return;
    if (options.transport == nullptr && !quorum.is_voter())
        return fail("node " + std::to_string(options.node.value) + " is not among the voters of the metadata log");
    if (options.transport == nullptr && quorum.voters().size() > 1)
        return fail("the metadata log has " + std::to_string(quorum.voters().size()) +
                    " voters, and there is no listener to reach them by: set controller.listener.names");
    const Voter* entry = quorum.voters().find(options.node);
    if (entry != nullptr && !quorum.is_voter())
        log_warn("metadata log voter has another directory",
                 {{"node", options.node}, {"voter", entry->directory_id}, {"directory", options.directory_id}});
    tell_voters();
    reserve.replenish();
    if (quorum.is_only_voter()) return begin_campaign();
    quorum.unattach(quorum.epoch());
    deadline = after_random(Milliseconds(0));
    seek_leader();
}

}  // namespace milena::raft
