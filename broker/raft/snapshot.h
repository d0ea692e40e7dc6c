// Snapshots of the metadata log in Kafka's format: what the log up to some offset amounts to, in one file beside it.
// Written beside its final name, synced, then renamed; read only as a whole, or not at all. Pure but for the Disk.
//
//     00000000000000001204-0000000007.checkpoint     <- end offset (exclusive), epoch of the last record
//     ┌─ control batch ─────────────────────────────────────┬─ batches ───────────────┬─ control batch ─┐
//     │ SnapshotHeader [KRaftVersion] [Voters]              │ records of the state    │ SnapshotFooter  │
//     └─────────────────────────────────────────────────────┴─────────────────────────┴─────────────────┘
//      offsets count from 0 and mean nothing; every batch carries the epoch of the snapshot
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "env/disk.h"
#include "raft/batches.h"
#include "raft/voters.h"

namespace milena::raft {

struct SnapshotId {
    Offset end_offset;  // of the first record that is not in it
    LeaderEpoch epoch;  // of the last record that is in it

    auto operator<=>(const SnapshotId&) const = default;
};

std::string snapshot_file_name(const SnapshotId& id);
// Nothing for other files, also for one that was not finished (".checkpoint.part").
std::optional<SnapshotId> parse_snapshot_file_name(std::string_view name);

// What a snapshot says beside the state.
struct SnapshotHeader {
    Timestamp last_timestamp = no_timestamp;  // of the last record that is in it
    int16_t kraft_version = 0;
    VoterSet voters;  // empty with kraft.version 0

    bool operator==(const SnapshotHeader&) const = default;
};

class SnapshotWriter {
  public:
    // `directory` is that of the metadata log.
    static env::DiskResult<std::unique_ptr<SnapshotWriter>> create(env::Disk& disk, const std::string& directory,
                                                                   const SnapshotId& id, const SnapshotHeader& header);

    // The value of one more record. An error is remembered and returned by finish().
    void add(const Bytes& value);

    // Writes the footer, makes all durable and gives the file its name; then calls `done`.
    static void finish(std::shared_ptr<SnapshotWriter> writer, env::DiskDone<void> done);

    const SnapshotId& id() const { return id_; }
    uint64_t bytes() const { return position_; }

  private:
    SnapshotWriter(env::Disk& disk, std::string directory, const SnapshotId& id, Timestamp timestamp);
    std::string partial_path() const;
    void write_values();
    void write_controls(std::span<const ControlRecord> controls);
    void write(const Bytes& batch, size_t records_count);
    env::DiskResult<void> rename();
    // What couldn't be written to its end is removed.
    env::DiskResult<void> settle(env::DiskResult<void> outcome);

    env::Disk& disk_;
    const std::string directory_;
    const SnapshotId id_;
    const Timestamp timestamp_;
    std::unique_ptr<env::File> file_;
    std::vector<Bytes> values_;  // not yet written
    size_t values_bytes_ = 0;
    Offset next_offset_{0};
    uint64_t position_ = 0;
    env::DiskResult<void> outcome_;
};

// A whole snapshot: every checksum was right and the footer was there.
struct Snapshot {
    SnapshotHeader header;
    std::vector<Bytes> values;
};

enum class SnapshotFault : uint8_t { unreadable, corrupt };

// Also reads bootstrap.checkpoint, which has the same format.
Result<Snapshot, SnapshotFault> read_snapshot(env::Disk& disk, const std::string& path);
// Only what the first batch says.
Result<SnapshotHeader, SnapshotFault> read_snapshot_header(env::Disk& disk, const std::string& path);

}  // namespace milena::raft
