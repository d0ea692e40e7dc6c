// One of the directories of `log.dirs`: what lies in it, whether it can still be trusted, and which removed files wait
// for their end. Each shard has its own LogDirectory for each path, over its own Disk; it is used by that shard's
// thread only. The files that belong to the directory as a whole (meta.properties, checkpoints, the marker of a clean
// shutdown) are written by whoever the shards appoint, with the functions below and in checkpoints.h. The lock file is
// the business of env/posix.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_code.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"
#include "env/disk.h"

namespace milena::storage {

class LogDirectory {
  public:
    LogDirectory(env::Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
    LogDirectory(const LogDirectory&) = delete;
    LogDirectory& operator=(const LogDirectory&) = delete;

    env::Disk& disk() const { return disk_; }
    const std::string& path() const { return path_; }

    // Once true it stays true: the device gave an error other than "full". The shard takes the directory offline; every
    // log in it answers KAFKA_STORAGE_ERROR to everything meanwhile.
    bool has_failed() const { return has_failed_; }

    // True from when the device had no room for an append, or look_at_space() has found little left, until that finds
    // enough again. Only whoever has to leave the rest to others (the metadata log, checkpoints) may write meanwhile.
    bool is_full() const { return is_full_; }
    // Told of each change, from inside of whatever found it out.
    void when_full(std::function<void(bool is_full)> tell) { tell_full_ = std::move(tell); }
    // To be asked every second or so. Less than a hundredth of the device, or 256 MiB, is little; five times as much,
    // or 1 GiB, is enough.
    void look_at_space();

    // Another shard has found out that the directory has failed.
    void fail() { has_failed_ = true; }
    // Told once, when a disk call of this one finds it out; from inside of whatever asked for that, so it takes note
    // and returns.
    void when_failed(std::function<void()> tell) { tell_failed_ = std::move(tell); }

    // What every failed disk call of a log ends in: logs the first of its kind, remembers the state, and returns the
    // error that the client gets. `what` is a short verb phrase for the log line.
    ErrorCode failed(env::DiskError error, std::string_view what, const std::string& file);

    // `path` is removed (a file, or a directory with all that is in it) by the first remove_due() at or after `when`.
    void remove_later(std::string path, Instant when);
    // At most `count_max` paths a call, so that a shard isn't held up. True if more are due.
    bool remove_due(Instant now, size_t count_max);

    // A name was created, renamed or removed in the directory itself; sync_names() makes that durable, once for all who
    // ask meanwhile. `done` comes at once if there is nothing to do.
    void names_changed() { ++name_changes_; }
    void sync_names(std::function<void(Result<void>)> done);
    Result<void> sync_names_now();

  private:
    struct Removal {
        std::string path;
        Instant when;
    };

    struct NameWaiter {
        uint64_t changes;  // so many must be durable
        std::function<void(Result<void>)> done;
    };

    void set_full(bool is_full);
    void begin_name_sync();
    void end_name_sync(uint64_t changes, env::DiskResult<void> synced);

    env::Disk& disk_;
    const std::string path_;
    std::vector<Removal> removals_;
    bool has_failed_ = false;
    bool is_full_ = false;
    std::function<void()> tell_failed_;
    std::function<void(bool is_full)> tell_full_;
    uint64_t name_changes_ = 0;
    uint64_t name_changes_durable_ = 0;
    bool is_syncing_names_ = false;
    std::vector<NameWaiter> name_waiters_;
    // Completions of the disk look whether the directory is still there.
    std::shared_ptr<LogDirectory*> self_ = std::make_shared<LogDirectory*>(this);
};

// What the name of a partition's directory says.
struct PartitionDirectory {
    enum class State : uint8_t {
        current,  // "orders-3"
        future,   // "orders-3.<32 hex>-future": a copy that moves here from another directory
        deleted,  // "orders-3.<32 hex>-delete": waits for its removal
        stray,    // "orders-3.<32 hex>-stray": belongs to no topic that the cluster knows
    };
    std::string topic;
    PartitionIndex partition;
    State state = State::current;
    std::string name;
    bool operator==(const PartitionDirectory&) const = default;
};

std::string partition_directory_name(std::string_view topic, PartitionIndex partition);
// As Kafka names a directory that is to be removed; `unique` tells it from earlier ones of the same partition.
std::string deleted_directory_name(std::string_view topic, PartitionIndex partition, Uuid unique);
// As Kafka names a directory whose topic the cluster doesn't know; it is kept until a person removes it.
std::string stray_directory_name(std::string_view topic, PartitionIndex partition, Uuid unique);
// As Kafka names a copy that moves here from another directory.
std::string future_directory_name(std::string_view topic, PartitionIndex partition, Uuid unique);
std::optional<PartitionDirectory> parse_partition_directory(std::string_view name);

// All partition directories, sorted by name; other files and directories are passed over.
env::DiskResult<std::vector<PartitionDirectory>> list_partitions(env::Disk& disk, const std::string& path);

// meta.properties: to which cluster and node the directory belongs (KIP-853, version 1).
struct MetaProperties {
    std::string cluster_id;
    NodeId node_id = no_node;
    Uuid directory_id;
    bool operator==(const MetaProperties&) const = default;
};

enum class MetaFault : uint8_t { malformed, unreadable };

// Nothing where there is no such file: the directory was never formatted.
Result<std::optional<MetaProperties>, MetaFault> read_meta_properties(env::Disk& disk, const std::string& directory);
env::DiskResult<void> write_meta_properties(env::Disk& disk, const std::string& directory, const MetaProperties& meta);

// The marker `.kafka_cleanshutdown` says that every log in the directory is whole and durable, so that nothing needs
// to be recovered, and which registration of the broker has left it so (KIP-966). It is taken away before the first log
// is opened for writing.
//
//     {"version":0,"brokerEpoch":1234}
struct CleanMarker {
    int64_t broker_epoch = -1;  // -1: not known, as from brokers that are older than the member
};

env::DiskResult<void> write_clean_marker(env::Disk& disk, const std::string& directory, const CleanMarker& marker = {});
// Nothing where there is none. Whatever it holds, that it is there counts.
env::DiskResult<std::optional<CleanMarker>> take_clean_marker(env::Disk& disk, const std::string& directory);

}  // namespace milena::storage
