#include "raft/raft.h"

#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "raft/raft_state.h"

namespace milena::raft {

namespace {

constexpr Duration upkeep_interval = std::chrono::seconds(1);
constexpr Duration quorum_tick_interval = std::chrono::milliseconds(10);

}  // namespace

Raft::Raft(std::shared_ptr<State> state) : state_(std::move(state)) {}
Raft::~Raft() = default;

Result<Offset> Raft::propose(std::vector<Bytes> values) {
    State& s = *state_;
    if (s.has_failed || !s.was_announced) return unexpected(ErrorCode::not_leader_or_follower);
    check(!values.empty());
    const Timestamp now = s.environment.clock.wall();
    Bytes batch = build_batch({s.log->end(), s.quorum.epoch(), now}, values);
    if (batch.size() > batch_bytes_max) return unexpected(ErrorCode::record_list_too_large);
    return s.append(std::move(batch), {.timestamp = now, .values = std::move(values)});
}

Result<Offset> Raft::State::append(Bytes batch, Batch batch_pending) {
    auto at = log->append(batch.slice(0), quorum.epoch());
    const bool is_full = !at && at.error() == ErrorCode::kafka_storage_error && !log->has_failed();
    if (is_full && reserve.give_up()) at = log->append(std::move(batch), quorum.epoch());
    if (!at) {
        if (log->has_failed()) fail("can't write the metadata log in " + directory);
        has_no_room |= at.error() == ErrorCode::kafka_storage_error;
        return unexpected(at.error());
    }
    batch_pending.base_offset = *at;
    batch_pending.last_offset = log->end() - 1;
    batch_pending.epoch = quorum.epoch();
    pending.push_back(std::move(batch_pending));
    sync();
    unpark_due();
    return *at;
}

// One at a time: what is appended meanwhile shares the next one.
void Raft::State::sync() {
    if (is_syncing || has_failed) return;
    is_syncing = true;
    const Offset end = log->end();
    log->sync(if_alive([end](State& s, const Result<void>& outcome) { s.synced(end, outcome); }));
}

void Raft::State::synced(Offset end, const Result<void>& outcome) {
    is_syncing = false;
    if (has_failed) return;
    if (!outcome) return fail("can't sync the metadata log in " + directory);
    if (log->end() > end || log->durable_end() < log->end()) sync();
    if (quorum.role() == Role::leader) {
        // Truncated meanwhile, the log may end before: only what is there counts.
        if (quorum.durable(options.node, std::min(end, log->end()))) {
            deliver_committed();
            unpark_due();
        }
        return;
    }
    fetch();
}

void Raft::State::deliver_committed() {
    while (!has_failed && !pending.empty() && pending.front().last_offset < quorum.high_watermark()) {
        const Batch batch = std::move(pending.front());
        pending.pop_front();
        if (!batch.values.empty()) deliver(batch);
    }
    const Offset end = applied.end_offset;
    std::erase_if(voter_changes, [end](const VotersBefore& change) { return change.offset < end; });
    announce();
    settle_voter_change();
}

void Raft::State::deliver(const Batch& batch) {
    applied = {batch.last_offset + 1, batch.epoch};
    applied_timestamp = batch.timestamp;
    for (const Bytes& value : batch.values) bytes_since_snapshot += value.size();
    const auto understood = machine->apply(batch);
    if (!understood)
        fail("the metadata log can't be understood at offset " + std::to_string(batch.base_offset.value) + ": " +
             understood.error());
}

// The record that began the leadership is committed, and with it all before it.
void Raft::State::announce() {
    if (has_failed || was_announced || quorum.role() != Role::leader) return;
    if (quorum.epoch_start() == no_offset || quorum.high_watermark() <= quorum.epoch_start()) return;
    was_announced = true;
    machine->became_leader(quorum.epoch());
    note_caught_up();
    tend_own_entry();
}

void Raft::State::note_caught_up() {
    if (!has_failed && !std::exchange(was_caught_up, true)) machine->caught_up();
}

void Raft::State::fail(const std::string& reason) {
    if (std::exchange(has_failed, true)) return;
    log_error("metadata log failed", {{"reason", reason}});
    quorum.resign();
    pending.clear();
    parked.clear();
    end_voter_change(unexpected(VoterRefusal{ErrorCode::kafka_storage_error, reason}));
    machine->failed(reason);
}

void Raft::tick() {
    State& s = *state_;
    if (s.has_failed || !s.has_started) return;
    s.tick_election();
    if (s.has_failed || s.now() < s.upkeep_next) return;
    s.upkeep_next = s.now() + upkeep_interval;
    s.forget_observers();
    s.tend_own_entry();
    s.reserve.replenish();
    s.log->note_recovery_point(s.quorum.high_watermark());
    if (s.is_snapshot_due()) s.take_snapshot();
}

Duration Raft::tick_interval() const { return state_->quorum.is_only_voter() ? upkeep_interval : quorum_tick_interval; }

Result<void> Raft::close() {
    State& s = *state_;
    if (s.has_failed) return unexpected(ErrorCode::kafka_storage_error);
    s.has_failed = true;
    return s.log->close(s.quorum.high_watermark());
}

Offset Raft::next_offset() const { return state_->log->end(); }
Offset Raft::high_watermark() const { return state_->quorum.high_watermark(); }
Offset Raft::log_start_offset() const { return state_->log->start(); }
LeaderEpoch Raft::epoch() const { return state_->quorum.epoch(); }
NodeId Raft::leader() const { return state_->quorum.leader(); }
Role Raft::role() const { return state_->quorum.role(); }
bool Raft::awaits_log() const { return state_->quorum.state().awaits_log; }
bool Raft::is_hearing_leader() const { return state_->is_hearing_leader(); }
const VoterSet& Raft::voters() const { return state_->quorum.voters(); }
int16_t Raft::kraft_version() const { return state_->kraft_version; }

void Raft::add_voter(const Voter& voter, Milliseconds timeout, bool waits_for_commit, VoterDone done) {
    state_->add_voter(voter, timeout, waits_for_commit, std::move(done));
}

void Raft::remove_voter(const ReplicaKey& voter, VoterDone done) { state_->remove_voter(voter, std::move(done)); }

std::vector<ReplicaProgress> Raft::replicas() const {
    const State& s = *state_;
    std::vector<ReplicaProgress> result;
    if (s.quorum.role() != Role::leader) return result;
    const Timestamp now = s.environment.clock.wall();
    result.push_back({s.options.node, s.options.directory_id, s.log->end(), now, now, s.log->end()});
    for (const auto& [key, replica] : s.progress) result.push_back(replica);
    return result;
}

}  // namespace milena::raft
