#include "raft/snapshot_store.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace milena::raft {

namespace {

// What a crash leaves of a snapshot that was being written or removed, by us or by Kafka.
bool is_leftover(std::string_view name) {
    return name.ends_with(".checkpoint.part") || name.ends_with(".checkpoint.deleted");
}

}  // namespace

env::DiskResult<SnapshotStore> SnapshotStore::open(env::Disk& disk, const std::string& directory) {
    SnapshotStore store(disk, directory);
    const auto entries = disk.list(directory);
    if (!entries) {
        if (entries.error() == env::DiskError::not_found) return store;
        return unexpected(entries.error());
    }
    for (const env::DirectoryEntry& entry : *entries) {
        if (is_leftover(entry.name)) RETURN_IF_ERROR(disk.remove(directory + "/" + entry.name));
        const auto id = parse_snapshot_file_name(entry.name);
        if (!id) continue;
        const auto header = read_snapshot_header(disk, directory + "/" + entry.name);
        store.snapshots_.push_back({*id, entry.bytes, header ? header->last_timestamp : no_timestamp});
    }
    return store;
}

SnapshotStore::Newest SnapshotStore::load_newest() {
    Newest result;
    while (!snapshots_.empty()) {
        const SnapshotId id = snapshots_.back().id;
        auto snapshot = read_snapshot(*disk_, path(id));
        if (snapshot) {
            result.id = id;
            result.snapshot = std::move(snapshot).value();
            return result;
        }
        log_error("metadata snapshot damaged: it is not used", {{"file", path(id)}});
        result.damaged_end = std::max(result.damaged_end, id.end_offset);
        damaged_.push_back(id);
        snapshots_.pop_back();
    }
    return result;
}

void SnapshotStore::put_damaged_aside() {
    for (const SnapshotId& id : damaged_) {
        if (!disk_->rename(path(id), path(id) + ".damaged"))
            log_warn("metadata snapshot not put aside", {{"file", path(id)}});
    }
    damaged_.clear();
}

bool SnapshotStore::remove_old(const SnapshotRetention& retention, uint64_t log_bytes, Timestamp now) {
    bool removed = false;
    while (snapshots_.size() > 1) {
        uint64_t bytes = log_bytes;
        for (const StoredSnapshot& snapshot : snapshots_) bytes += snapshot.bytes;
        const StoredSnapshot& oldest = snapshots_.front();
        const bool is_too_much = retention.bytes >= 0 && bytes > static_cast<uint64_t>(retention.bytes);
        const bool is_too_old = retention.age.count() >= 0 && now - oldest.last_timestamp > retention.age.count();
        if (!is_too_much && !is_too_old) break;
        if (!disk_->remove(path(oldest.id))) {
            log_warn("metadata snapshot not removed", {{"file", path(oldest.id)}});
            break;
        }
        log_info("metadata snapshot removed", {{"file", path(oldest.id)}});
        snapshots_.erase(snapshots_.begin());
        removed = true;
    }
    return removed;
}

}  // namespace milena::raft
