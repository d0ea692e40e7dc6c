// What the process does to the directories of log.dirs before anything else uses them: locks them against a second
// broker, formats the empty ones, and refuses those that belong to another cluster or node. One whose disk gives errors
// is done without, as in Kafka, unless it holds the metadata log or is the only one. Before the shards start, on the
// main thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "env/disk.h"
#include "env/posix/directory_lock.h"
#include "env/random.h"
#include "settings/broker_config.h"
#include "shard/shard.h"

namespace milena {

// For a cluster or a directory: none of the reserved ones, and none whose text looks like an option.
Uuid new_id(env::Random& random);

struct LogDirs {
    std::string cluster_id;
    Uuid metadata_directory_id;
    int64_t closed_by = -1;  // broker epoch of the process that has closed all of them cleanly; -1: none has
    std::vector<shard::DirectoryAtStart> directories;  // in the order of log.dirs, without those that are offline
    std::vector<std::string> offline;                  // paths
    std::vector<env::DirectoryLock> locks;             // held as long as this lives
};

// The directories from the root on, as Java's File.getAbsolutePath, but without "/./": so they are shown to clients,
// and compared with what those name.
settings::BrokerConfig with_absolute_dirs(settings::BrokerConfig config);

// The error is a sentence for the user.
Result<LogDirs, std::string> open_log_dirs(env::Disk& disk, env::Random& random, const settings::BrokerConfig& config);

}  // namespace milena
