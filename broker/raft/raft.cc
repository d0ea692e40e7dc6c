#include "raft/raft.h"

#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "raft/raft_state.h"

namespace milena::raft {

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

Result<Offset> Raft::State::append(Bytes batch, Batch pending) {
    const auto at = log->append(std::move(batch), quorum.epoch());
    if (!at) {
        if (log->has_failed()) fail("can't write the metadata log in " + directory);
        return unexpected(at.error());
    }
    pending.base_offset = *at;
    pending.last_offset = log->end() - 1;
    pending.epoch = quorum.epoch();
    uncommitted.push_back(std::move(pending));
    sync();
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
    quorum.durable(options.node, end);
    deliver_committed();
    if (log->end() > end) sync();
}

void Raft::State::deliver_committed() {
    while (!has_failed && !uncommitted.empty() && uncommitted.front().last_offset < quorum.high_watermark()) {
        const Batch batch = std::move(uncommitted.front());
        uncommitted.pop_front();
        if (!batch.values.empty()) deliver(batch);
        if (!has_failed && !std::exchange(was_announced, true)) machine->became_leader(quorum.epoch());
    }
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

void Raft::State::fail(const std::string& reason) {
    if (std::exchange(has_failed, true)) return;
    log_error("metadata log failed", {{"reason", reason}});
    quorum.resign();
    uncommitted.clear();
    machine->failed(reason);
}

void Raft::tick() {
    State& s = *state_;
    if (s.has_failed || !s.was_announced) return;
    s.log->note_recovery_point();
    if (s.is_snapshot_due()) s.take_snapshot();
}

Result<void> Raft::close() {
    State& s = *state_;
    if (s.has_failed) return unexpected(ErrorCode::kafka_storage_error);
    s.has_failed = true;
    return s.log->close();
}

Offset Raft::next_offset() const { return state_->log->end(); }
Offset Raft::high_watermark() const { return state_->quorum.high_watermark(); }
Offset Raft::log_start_offset() const { return state_->log->start(); }
LeaderEpoch Raft::epoch() const { return state_->quorum.epoch(); }
NodeId Raft::leader() const { return state_->quorum.leader(); }
const VoterSet& Raft::voters() const { return state_->quorum.voters(); }
int16_t Raft::kraft_version() const { return state_->kraft_version; }

}  // namespace milena::raft
