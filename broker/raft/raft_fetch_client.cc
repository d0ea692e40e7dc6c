// How a follower's log becomes its leader's: one fetch at a time, which also says how far everything is durable here;
// what the leader doesn't have is truncated, and what its log no longer has comes as a snapshot, in pieces (KIP-595,
// KIP-630).
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "raft/raft_state.h"

namespace milena::raft {

namespace {

constexpr int32_t fetch_wait_ms_max = 500;
constexpr uint64_t snapshot_bytes_max = uint64_t{4} << 30;

}  // namespace

// What is asked for begins where everything is durable, and nothing that was cut off can come back before it: so a sync
// that is under way, or still to come, is waited for.
void Raft::State::fetch() {
    if (has_failed || !has_started || is_fetching || is_syncing || quorum.role() != Role::follower) return;
    if (now() < attempt_next || is_persisting || !when_persisted.empty()) return;
    if (!log->is_durable()) return sync();
    if (quorum.state().awaits_log && committed_elsewhere != no_offset && log->end() >= committed_elsewhere) {
        log_info("metadata log voter has caught up", {{"node", options.node}, {"offset", log->end()}});
        quorum.has_log();
        return persist([this] { fetch(); });
    }
    is_fetching = true;
    if (downloading) return fetch_chunk();
    const LeaderEpoch epoch = quorum.epoch();
    const FetchRequest request{.cluster_id = options.cluster_id,
                               .epoch = epoch,
                               .replica = options.node,
                               .replica_directory = options.directory_id,
                               .fetch_offset = log->end(),
                               .last_fetched_epoch = last_epoch(),
                               .high_watermark = quorum.high_watermark(),
                               .max_wait_ms = has_fetched ? fetch_wait_ms_max : 0};
    options.transport->send(
        quorum.leader(), request, options.request_timeout,
        if_alive([epoch](State& s, const Result<Response, SendError>& outcome) { s.fetched(epoch, outcome); }));
}

void Raft::State::fetched(LeaderEpoch asked_in, const Result<Response, SendError>& outcome) {
    is_fetching = false;
    if (has_failed) return;
    const bool is_current = quorum.epoch() == asked_in && quorum.leader() != no_node &&
                            (quorum.role() == Role::follower || quorum.role() == Role::prospective);
    if (!is_current) return fetch();
    if (!outcome) return lose_sight(outcome.error());
    const auto* of_log = std::get_if<FetchResponse>(&*outcome);
    const auto* of_snapshot = std::get_if<FetchSnapshotResponse>(&*outcome);
    if (of_log == nullptr && of_snapshot == nullptr) return lose_sight(SendError::timed_out);
    const Leadership& current = of_log != nullptr ? of_log->current : of_snapshot->current;
    if (current.error != ErrorCode::none) {
        attempt_next = now() + Duration(options.retry_backoff);
        downloading.reset();
        learn(current);
        const bool knows_no_better = quorum.epoch() == asked_in && quorum.role() == Role::follower;
        if (!knows_no_better || current.error == ErrorCode::kafka_storage_error) return;
        if (current.error == ErrorCode::inconsistent_cluster_id)
            log_error("metadata log leader is of another cluster", {{"leader", quorum.leader()}});
        quorum.unattach(quorum.epoch());
        deadline = after_random(options.election_timeout);
        return note_leader();
    }
    // It answers: whoever was about to stand for election follows on.
    if (quorum.role() == Role::prospective) quorum.follow(quorum.epoch(), quorum.leader());
    has_fetched = true;
    elections_lost = 0;
    deadline = after_random(options.fetch_timeout);
    if (of_snapshot != nullptr) return take_chunk(*of_snapshot);
    take_fetched(*of_log);
}

// A connection that broke, or was refused, is evidence and needs no timeout.
void Raft::State::lose_sight(SendError error) {
    attempt_next = now() + Duration(options.retry_backoff);
    if (error != SendError::unreachable || quorum.role() != Role::follower) return;
    has_fetched = false;
    const Instant soon = after_random(options.retry_backoff);
    deadline = std::min(deadline, soon);
}

void Raft::State::take_fetched(const FetchResponse& response) {
    // What the leader calls committed is in its log: nothing of it is known here before the logs agree.
    if (response.diverging)
        truncate(*response.diverging);
    else if (response.snapshot)
        download(*response.snapshot);
    else
        take_records(response);
    if (!has_failed) fetch();
}

void Raft::State::take_records(const FetchResponse& response) {
    if (!response.records.empty()) {
        const auto appended = append_fetched(response.records);
        if (has_failed) return;
        if (!appended) {
            log_warn("metadata log fetch refused", {{"leader", quorum.leader()}, {"reason", appended.error()}});
            attempt_next = now() + Duration(options.retry_backoff);
        }
    }
    commit(response.high_watermark);
}

void Raft::State::commit(Offset leader_high_watermark) {
    if (leader_high_watermark == no_offset) return;
    if (quorum.commit(std::min(leader_high_watermark, log->end()))) deliver_committed();
    committed_elsewhere = leader_high_watermark;
    if (log->end() >= leader_high_watermark) note_caught_up();
}

// The leader's bytes are looked at before they are taken.
Result<void, std::string> Raft::State::append_fetched(const Bytes& records) {
    std::vector<ParsedBatch> batches;
    wire::BatchCursor cursor(records.span());
    Offset next = log->end();
    LeaderEpoch epoch = last_epoch();
    for (;;) {
        const auto batch = cursor.next();
        if (!batch) return unexpected(std::string("malformed batch"));
        if (!batch->has_value()) break;
        ASSIGN_OR_RETURN(ParsedBatch parsed, parse_batch(records.slice((*batch)->position, (*batch)->bytes.size())));
        const wire::BatchHeader& header = parsed.header;
        if (header.base_offset != next || header.partition_leader_epoch < epoch ||
            header.partition_leader_epoch > quorum.epoch())
            return unexpected("a batch at offset " + std::to_string(header.base_offset.value) + " of epoch " +
                              std::to_string(header.partition_leader_epoch.value) + " doesn't follow offset " +
                              std::to_string(next.value) + " of epoch " + std::to_string(epoch.value));
        next = header.next_offset();
        epoch = header.partition_leader_epoch;
        batches.push_back(std::move(parsed));
    }
    const auto appended = log->append_fetched(records);
    // A disk that is full may have taken the first of them.
    for (ParsedBatch& batch : batches) {
        if (batch.header.base_offset >= log->end()) break;
        for (const ControlRecord& control : batch.controls)
            if (!take_control(batch.header.base_offset, control)) fail("malformed control record in a fetch");
        take_in(std::move(batch));
    }
    if (appended) return {};
    if (log->has_failed())
        fail("can't write the metadata log in " + directory);
    else if (appended.error() == ErrorCode::kafka_storage_error)
        reserve.give_up();
    return unexpected(std::string(error_name(appended.error())));
}

// Both logs agree up to the smaller of the two ends of the largest epoch that both know (KIP-101, KIP-279).
void Raft::State::truncate(const storage::EpochEnd& diverging) {
    const storage::EpochEnd own = log->end_offset_for(diverging.epoch);
    Offset to = std::min(diverging.end_offset, log->end());
    if (own.end_offset != no_offset) to = std::min(to, own.end_offset);
    to = std::max(to, Offset(0));
    // Committed records are on a majority, so no leader can be without them.
    if (to < quorum.high_watermark())
        return fail("the leader's metadata log parts from this one at offset " + std::to_string(to.value) +
                    ", below the high watermark " + std::to_string(quorum.high_watermark().value));
    log_info("metadata log truncated", {{"to", to}, {"end", log->end()}, {"leader_epoch", diverging.epoch}});
    while (!pending.empty() && pending.back().last_offset >= to) pending.pop_back();
    take_back_voters(to);
    if (!log->truncate_to(to)) fail("can't truncate the metadata log in " + directory);
}

// --- snapshots -------------------------------------------------------------------------------------------------------

void Raft::State::download(const SnapshotId& id) {
    attempt_next = now() + Duration(options.retry_backoff);
    if (id.end_offset <= applied.end_offset) return;  // what it says is known: the leader's next answer will do
    const std::string path = directory + "/" + snapshot_file_name(id) + ".part";
    auto file = environment.disk.open(path, env::OpenMode::create_truncate);
    if (!file) {
        attempt_next = now() + Duration(options.fetch_timeout);
        return log_warn("metadata snapshot can't be fetched", {{"file", path}});
    }
    log_info("metadata snapshot fetched", {{"end_offset", id.end_offset}, {"leader", quorum.leader()}});
    attempt_next = now();
    downloading.emplace(Download{id, std::move(file).value(), 0});
}

void Raft::State::fetch_chunk() {
    const LeaderEpoch epoch = quorum.epoch();
    const FetchSnapshotRequest request{.cluster_id = options.cluster_id,
                                       .epoch = epoch,
                                       .replica = options.node,
                                       .replica_directory = options.directory_id,
                                       .snapshot = downloading->id,
                                       .position = downloading->position};
    options.transport->send(
        quorum.leader(), request, options.request_timeout,
        if_alive([epoch](State& s, const Result<Response, SendError>& outcome) { s.fetched(epoch, outcome); }));
}

void Raft::State::take_chunk(const FetchSnapshotResponse& response) {
    const bool is_next = downloading && response.snapshot == downloading->id &&
                         response.position == downloading->position && response.size <= snapshot_bytes_max &&
                         response.bytes.size() <= response.size - response.position && !response.bytes.empty();
    if (!is_next || !downloading->file->write_at(downloading->position, std::span(&response.bytes, 1))) {
        downloading.reset();
        attempt_next = now() + Duration(options.retry_backoff);
        return;
    }
    downloading->position += response.bytes.size();
    if (downloading->position < response.size) return fetch();
    finish_download();
}

// Durable under its name first; only then the log before it may go.
void Raft::State::finish_download() {
    is_fetching = true;
    const SnapshotId id = downloading->id;
    downloading->file->sync(env::Urgency::awaited, if_alive([id](State& s, const env::DiskResult<void>& synced) {
                                const auto give_up = [&s] {
                                    s.downloading.reset();
                                    s.is_fetching = false;
                                    s.attempt_next = s.now() + Duration(s.options.fetch_timeout);
                                };
                                if (s.has_failed || !s.downloading || s.downloading->id != id)
                                    return void(s.is_fetching = false);
                                const std::string path = s.directory + "/" + snapshot_file_name(id);
                                if (!synced || !s.environment.disk.rename(path + ".part", path)) return give_up();
                                s.environment.disk.sync_directory_async(
                                    s.directory, env::Urgency::awaited,
                                    s.if_alive([id](State& state, const env::DiskResult<void>& named) {
                                        state.is_fetching = false;
                                        state.downloading.reset();
                                        if (named && !state.has_failed) state.restart_from(id);
                                        state.fetch();
                                    }));
                            }));
}

// The snapshot stands for everything before its end.
void Raft::State::restart_from(const SnapshotId& id) {
    const std::string path = directory + "/" + snapshot_file_name(id);
    auto snapshot = read_snapshot(environment.disk, path);
    if (!snapshot) {
        log_error("metadata snapshot that was fetched can't be used", {{"file", path}});
        if (!environment.disk.remove(path)) log_warn("metadata snapshot not removed", {{"file", path}});
        attempt_next = now() + Duration(options.fetch_timeout);
        return;
    }
    if (id.end_offset <= applied.end_offset) return;
    uint64_t bytes = 0;
    for (const Bytes& value : snapshot->values) bytes += value.size();
    snapshots.add({id, bytes, snapshot->header.last_timestamp});
    pending.clear();
    voter_changes.clear();
    if (!log->restart_at(id.end_offset)) return fail("can't begin the metadata log in " + directory + " anew");
    bytes_since_snapshot = 0;
    load(id, *snapshot);
    if (!has_failed && quorum.commit(id.end_offset)) deliver_committed();
}

}  // namespace milena::raft
