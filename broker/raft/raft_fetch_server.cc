// What a leader gives to those who fetch: records, or where their log and this one part, or which snapshot they need. A
// fetch that finds nothing waits for an append or a higher high watermark. Fetching is also how a leader knows that it
// still has a majority behind it, and how records become committed (KIP-595, KIP-630).
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "raft/raft_state.h"

namespace milena::raft {

namespace {

constexpr size_t fetch_bytes_max = 1 << 20;
constexpr size_t chunk_bytes_max = 1 << 20;
// Of a quorum; whoever asks as another one is told to come back.
constexpr size_t replicas_max = 1000;
constexpr int64_t observer_session_ms = 300'000;

}  // namespace

const StoredSnapshot* Raft::State::newest_snapshot() const {
    return snapshots.snapshots().empty() ? nullptr : &snapshots.snapshots().back();
}

// A new leader knows what is committed only when a record of its own is (Raft §5.4.2).
FetchResponse Raft::State::fetch_response(ErrorCode error) const {
    const bool knows_committed = quorum.epoch_start() != no_offset && quorum.high_watermark() > quorum.epoch_start();
    return {.current = leadership(error),
            .high_watermark = knows_committed ? quorum.high_watermark() : no_offset,
            .log_start = log->start()};
}

// Where the largest epoch up to this one ends. What came before the log's start is known from a snapshot that ends
// there; without one it isn't known, and the start of the log would be a guess that leaves a replica with records of
// its own.
std::optional<storage::EpochEnd> Raft::State::known_end_of(LeaderEpoch epoch) const {
    if (log->reaches_back_to(epoch)) return log->end_offset_for(epoch);
    for (const StoredSnapshot& snapshot : snapshots.snapshots())
        if (snapshot.id.end_offset == log->start() && snapshot.id.epoch <= epoch)
            return storage::EpochEnd{snapshot.id.epoch, snapshot.id.end_offset};
    return std::nullopt;
}

// Nothing if the replica's log is the beginning of this one.
std::optional<FetchResponse> Raft::State::refuse_fetch(const FetchRequest& request) const {
    const ErrorCode refusal = check_sender(request.cluster_id, request.epoch);
    if (refusal != ErrorCode::none) return fetch_response(refusal);
    if (request.epoch > quorum.epoch()) return fetch_response(ErrorCode::unknown_leader_epoch);
    if (quorum.role() != Role::leader || quorum.epoch_start() == no_offset)
        return fetch_response(ErrorCode::not_leader_or_follower);
    if (request.replica.value < 0 || request.fetch_offset < Offset(0))
        return fetch_response(ErrorCode::invalid_request);
    if (progress.size() >= replicas_max && !progress.contains({request.replica, request.replica_directory}))
        return fetch_response(ErrorCode::invalid_request);

    FetchResponse response = fetch_response(ErrorCode::none);
    const StoredSnapshot* snapshot = newest_snapshot();
    const bool is_snapshots_end = snapshot != nullptr && snapshot->id.end_offset == request.fetch_offset &&
                                  snapshot->id.epoch == request.last_fetched_epoch;
    const std::optional<storage::EpochEnd> end = known_end_of(request.last_fetched_epoch);
    if (request.fetch_offset < log->start() || (!is_snapshots_end && !end)) {
        if (snapshot == nullptr) return fetch_response(ErrorCode::offset_out_of_range);
        response.snapshot = snapshot->id;
        return response;
    }
    if (request.fetch_offset == Offset(0) || is_snapshots_end) return std::nullopt;
    if (end->epoch == request.last_fetched_epoch && end->end_offset >= request.fetch_offset) return std::nullopt;
    response.diverging = end->epoch == no_leader_epoch ? storage::EpochEnd{LeaderEpoch(0), Offset(0)} : *end;
    return response;
}

// Everything below the fetch offset is durable at the replica, and the same as here.
void Raft::State::note_fetch(const FetchRequest& request) {
    const Timestamp wall = environment.clock.wall();
    const ReplicaKey key{request.replica, request.replica_directory};
    ReplicaProgress& replica = progress[key];
    replica.id = request.replica;
    replica.directory_id = request.replica_directory;
    replica.end_offset = request.fetch_offset;
    // Where the leader appends all the time, nobody ever has all; what it had at the fetch before is enough.
    if (request.fetch_offset >= log->end())
        replica.last_caught_up = wall;
    else if (replica.leader_end != no_offset && request.fetch_offset >= replica.leader_end)
        replica.last_caught_up = replica.last_fetch;
    replica.last_fetch = wall;
    replica.leader_end = log->end();
    if (pending_change && pending_change->is_found && pending_change->added->is(key)) append_added_voter();
    if (has_failed || !quorum.voters().contains(key)) return;
    hear(key);
    if (quorum.durable(request.replica, request.fetch_offset)) deliver_committed();
}

void Raft::State::hear(const ReplicaKey& replica) {
    if (quorum.voters().contains(replica)) heard[replica.id] = now();
}

// Voters are remembered for as long as this leads, others while they fetch (Kafka's observer session).
void Raft::State::forget_observers() {
    if (quorum.role() != Role::leader) return;
    const Timestamp oldest = environment.clock.wall() - observer_session_ms;
    std::erase_if(progress, [&](const auto& entry) {
        return !quorum.voters().contains(entry.first) && entry.second.last_fetch < oldest;
    });
}

void Raft::State::receive(const FetchRequest& request, const Answer& answer) {
    if (auto refusal = refuse_fetch(request)) {
        if (refusal->current.error == ErrorCode::none) hear({request.replica, request.replica_directory});
        return answer(std::move(*refusal));
    }
    // Of one replica only the newest request counts.
    for (size_t i = 0; i < parked.size(); ++i) {
        const FetchRequest& other = parked[i].request;
        if (other.replica != request.replica || other.replica_directory != request.replica_directory) continue;
        const Answer former = std::move(parked[i].answer);
        parked.erase(parked.begin() + static_cast<ptrdiff_t>(i));
        former(fetch_response(ErrorCode::none));
        break;
    }
    note_fetch(request);
    unpark_due();
    // What it made committed may have changed who leads, or ended this.
    if (has_failed || quorum.role() != Role::leader) return answer(fetch_response(ErrorCode::not_leader_or_follower));
    const bool has_news = request.fetch_offset < log->end() || request.high_watermark < quorum.high_watermark();
    if (has_news || request.max_wait_ms <= 0) return serve(request, answer);
    const Milliseconds wait = std::min(Milliseconds(request.max_wait_ms), options.fetch_timeout / 2);
    parked.push_back({request, answer, now() + Duration(wait)});
}

void Raft::State::serve(const FetchRequest& request, const Answer& answer) {
    if (request.fetch_offset >= log->end()) return answer(fetch_response(ErrorCode::none));
    const LeaderEpoch epoch = quorum.epoch();
    log->read_bytes(request.fetch_offset, fetch_bytes_max, if_alive([answer, epoch](State& s, Result<Bytes> read) {
                        const bool is_same =
                            !s.has_failed && s.quorum.role() == Role::leader && s.quorum.epoch() == epoch;
                        FetchResponse response = s.fetch_response(!is_same ? ErrorCode::not_leader_or_follower
                                                                  : read   ? ErrorCode::none
                                                                           : read.error());
                        if (is_same && read) response.records = std::move(*read);
                        answer(std::move(response));
                    }));
}

void Raft::State::unpark(bool (*is_due)(const State& s, const ParkedFetch& fetch)) {
    std::vector<ParkedFetch> due, others;
    for (ParkedFetch& fetch : parked) (is_due(*this, fetch) ? due : others).push_back(std::move(fetch));
    parked = std::move(others);
    for (const ParkedFetch& fetch : due) serve(fetch.request, fetch.answer);
}

void Raft::State::unpark_due() {
    unpark([](const State& s, const ParkedFetch& fetch) {
        return fetch.request.fetch_offset < s.log->end() || fetch.request.high_watermark < s.quorum.high_watermark() ||
               s.now() >= fetch.deadline;
    });
}

// A leader that a majority hasn't fetched from for a while may have been replaced without knowing it: it must not go on
// answering for the cluster.
void Raft::State::tick_leader() {
    if (std::exchange(has_no_room, false) && !quorum.is_only_voter())
        return resign("the disk has no room for the metadata log");
    unpark_due();
    send_begin_epoch();
    tick_voter_change();
    size_t count = 0;
    const ReplicaKey own{options.node, options.directory_id};
    const Duration silent_max = Duration(options.fetch_timeout) * 3 / 2;
    for (const auto& [id, voter] : quorum.voters()) {
        const auto at = heard.find(id);
        if (voter.is(own) || (at != heard.end() && now() - at->second < silent_max)) ++count;
    }
    if (count < quorum.voters().majority()) resign("no majority has fetched for too long");
}

void Raft::State::receive(const FetchSnapshotRequest& request, const Answer& answer) {
    FetchSnapshotResponse response{.current = leadership(check_sender(request.cluster_id, request.epoch)),
                                   .snapshot = request.snapshot};
    ErrorCode& error = response.current.error;
    if (error == ErrorCode::none && quorum.role() != Role::leader) error = ErrorCode::not_leader_or_follower;
    const auto& stored = snapshots.snapshots();
    const auto at = std::ranges::find(stored, request.snapshot, &StoredSnapshot::id);
    if (error == ErrorCode::none && at == stored.end()) error = ErrorCode::snapshot_not_found;
    if (error != ErrorCode::none) return answer(std::move(response));
    hear({request.replica, request.replica_directory});
    const auto file =
        environment.disk.open(directory + "/" + snapshot_file_name(request.snapshot), env::OpenMode::read_only);
    if (!file || request.position > (*file)->size()) {
        error = file ? ErrorCode::position_out_of_range : ErrorCode::kafka_storage_error;
        return answer(std::move(response));
    }
    response.size = (*file)->size();
    response.position = request.position;
    const size_t bytes = static_cast<size_t>(std::min<uint64_t>(chunk_bytes_max, response.size - request.position));
    if (bytes == 0) return answer(std::move(response));
    (*file)->read_async(request.position, bytes, [answer, response](env::DiskResult<Bytes> read) mutable {
        if (!read) response.current.error = ErrorCode::kafka_storage_error;
        if (read) response.bytes = std::move(*read);
        answer(std::move(response));
    });
}

}  // namespace milena::raft
