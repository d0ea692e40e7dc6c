// SnapshotStore: which snapshots lie beside the metadata log, which one to start from, and which ones may go. Owned by
// the Raft whose they are.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "env/disk.h"
#include "raft/snapshot.h"

namespace milena::raft {

struct StoredSnapshot {
    SnapshotId id;
    uint64_t bytes = 0;
    Timestamp last_timestamp = no_timestamp;  // of the last record that is in it
};

struct SnapshotRetention {
    int64_t bytes = -1;    // of log and snapshots together; -1: no limit
    Milliseconds age{-1};  // of the last record in a snapshot; negative: no limit
};

class SnapshotStore {
  public:
    // Looks what is there, and removes what was not finished.
    static env::DiskResult<SnapshotStore> open(env::Disk& disk, const std::string& directory);

    struct Newest {
        std::optional<SnapshotId> id;  // of the newest whole snapshot; none: there is none
        Snapshot snapshot;
        Offset damaged_end = no_offset;  // the end offset of the newest damaged one after it; none: all are whole
    };
    // Reads snapshots from the newest one back until one is whole. Damaged ones are never looked at again: they are put
    // aside under another name by put_damaged_aside().
    Newest load_newest();
    void put_damaged_aside();

    void add(const StoredSnapshot& snapshot) { snapshots_.push_back(snapshot); }
    const std::vector<StoredSnapshot>& snapshots() const { return snapshots_; }

    // Removes the oldest snapshots that the retention allows to go, never the newest one; `log_bytes` is the size of
    // the log. True if one was removed.
    bool remove_old(const SnapshotRetention& retention, uint64_t log_bytes, Timestamp now);

  private:
    SnapshotStore(env::Disk& disk, std::string directory) : disk_(&disk), directory_(std::move(directory)) {}
    std::string path(const SnapshotId& id) const { return directory_ + "/" + snapshot_file_name(id); }

    env::Disk* disk_;
    std::string directory_;
    std::vector<StoredSnapshot> snapshots_;  // by id
    std::vector<SnapshotId> damaged_;
};

}  // namespace milena::raft
