// What lies on the disk of a log, made whole again. After a clean shutdown only the end of the last segment is looked
// at. After a crash every batch at or beyond the recovery point is read and its checksum compared; the log is cut at
// the first one that is torn or corrupt, the indexes of what was read are built anew, and what is known of producers
// and epochs follows from the batches. May wait for the device to read, never for it to write: what is repaired here is
// repaired again if a power cut undoes it, and is durable before anything that is appended later is.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "storage/partition_log.h"
#include "storage/segment.h"

namespace milena::storage {

struct LogContent {
    Uuid topic_id;
    std::vector<Segment> segments;  // by base offset; none: there are no records and no files of them
    Offset log_start_offset{0};
    Offset log_end_offset{0};
    Offset recovery_point{0};
    Offset durable_offset{0};
    EpochCache epochs;
    bool epochs_changed = false;   // the file is behind
    bool was_interrupted = false;  // there was no clean shutdown
    bool was_cut = false;          // and the end of the log had to be cut off
    bool names_changed = false;    // files were renamed or removed here
    ProducerState producers;
    Offset snapshot_offset = no_offset;  // of the newest producer snapshot on the disk
};

// `path` is the directory of the partition; it need not exist.
Result<LogContent> recover_log(const LogEnvironment& environment, const std::string& path, const OpenOptions& options);

// The state of the producers after all batches below `end`: the newest snapshot that is not beyond `snapshot_max`, and
// the batches since. Sets `snapshot_offset` to that of the snapshot, or none.
Result<ProducerState> rebuild_producers(const LogEnvironment& environment, const std::string& path,
                                        std::span<Segment> segments, Offset end, Offset& snapshot_offset);

// Finishes or undoes what a crash interrupted when segments were replaced by compacted ones, as Kafka does, and removes
// files that were about to be.
env::DiskResult<void> clean_up_files(env::Disk& disk, const std::string& path);

}  // namespace milena::storage
