#include <utility>

#include "base/log.h"
#include "raft/raft_state.h"

namespace milena::raft {

bool Raft::State::is_snapshot_due() const {
    if (is_writing_snapshot || bytes_since_snapshot == 0) return false;
    if (bytes_since_snapshot >= static_cast<uint64_t>(options.snapshot_bytes_max)) return true;
    return options.snapshot_interval.count() > 0 &&
           environment.clock.now() - snapshot_considered_at >= options.snapshot_interval;
}

// The machine's state is written at once, so that it is that of one offset; making it durable takes its time.
void Raft::State::take_snapshot() {
    is_writing_snapshot = true;
    bytes_since_snapshot = 0;
    snapshot_considered_at = environment.clock.now();
    // As of the state that is written: what came later may yet be taken back.
    const VotersBefore then = voters_at(applied.end_offset);
    const SnapshotHeader header{.last_timestamp = applied_timestamp,
                                .kraft_version = then.kraft_version,
                                .voters = then.kraft_version > 0 ? then.voters : VoterSet()};
    auto created = SnapshotWriter::create(environment.disk, directory, applied, header);
    if (!created) return snapshot_written({applied, 0, applied_timestamp}, unexpected(created.error()));
    const std::shared_ptr<SnapshotWriter> writer = std::move(created).value();
    machine->write_snapshot([&](const Bytes& value) { writer->add(value); });
    SnapshotWriter::finish(writer, if_alive([w = writer.get(), timestamp = applied_timestamp](
                                                State& s, const env::DiskResult<void>& outcome) {
                               s.snapshot_written({w->id(), w->bytes(), timestamp}, outcome);
                           }));
}

// Without a snapshot the log only grows: that is no reason to stop.
void Raft::State::snapshot_written(const StoredSnapshot& snapshot, const env::DiskResult<void>& outcome) {
    is_writing_snapshot = false;
    if (has_failed) return;
    if (!outcome)
        return log_error("metadata snapshot not written",
                         {{"end_offset", snapshot.id.end_offset}, {"reason", env::disk_error_name(outcome.error())}});
    log_info("metadata snapshot written",
             {{"end_offset", snapshot.id.end_offset}, {"epoch", snapshot.id.epoch}, {"bytes", snapshot.bytes}});
    snapshots.add(snapshot);
    remove_superfluous();
}

// The log begins where the oldest snapshot ends at the latest: each of them is a place to start from.
void Raft::State::remove_superfluous() {
    const SnapshotRetention retention{options.retention_bytes, options.retention_ms};
    snapshots.remove_old(retention, log->bytes(), environment.clock.wall());
    if (!log->drop_prefix(snapshots.snapshots().front().id.end_offset))
        log_warn("metadata log not shortened", {{"start_offset", log->start()}});
}

}  // namespace milena::raft
