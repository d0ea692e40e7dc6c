// RaftLog: the metadata log on the disk, `__cluster_metadata-0`, in the form in which Raft speaks of it: whole batches
// with an epoch, read back taken apart. On top of a PartitionLog; knows nothing of who leads.
//
// Beside the log lies the file `recovery-point`, which names an offset below which everything was once durable, so that
// a damaged record there is not taken for the torn end of the log. It may be behind, never ahead.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "env/clock.h"
#include "env/disk.h"
#include "env/random.h"
#include "raft/batches.h"
#include "storage/log_directory.h"
#include "storage/partition_log.h"
#include "storage/tail_cache.h"
#include "wire/compression.h"

namespace milena::raft {

inline constexpr std::string_view metadata_topic = "__cluster_metadata";
inline constexpr Uuid metadata_topic_id{0, 1};

// All outlive the log.
struct Environment {
    env::Disk& disk;
    env::Clock& clock;
    env::Random& random;
};

class RaftLog {
  public:
    struct Options {
        std::string log_dir;  // the directory that holds that of the log
        uint32_t segment_bytes = 1U << 30;
        Milliseconds segment_ms = std::chrono::hours(24 * 7);
        Offset durable_min{0};  // the log was durable up to here: a snapshot says so
    };

    // The error says what is wrong with which file.
    static Result<std::unique_ptr<RaftLog>, std::string> open(const Environment& environment, const Options& options);

    static std::string directory(const std::string& log_dir);

    Offset start() const { return log_->log_start_offset(); }
    Offset end() const { return log_->log_end_offset(); }
    Offset durable_end() const { return log_->durable_offset(); }
    // Up to its end, and nothing of what was cut off can come back.
    bool is_durable() const { return !log_->is_syncing() && log_->is_durable(); }
    LeaderEpoch latest_epoch() const { return log_->latest_epoch(); }
    uint64_t bytes() const { return log_->bytes(); }
    bool has_failed() const { return directory_.has_failed(); }

    // Appends a batch that nobody else holds; its offset and epoch are set here. Nothing is appended on an error.
    Result<Offset> append(Bytes batch, LeaderEpoch epoch);

    // Whole batches of another replica that go on where this log ends. Nothing is appended on an error:
    // OFFSET_OUT_OF_RANGE or CORRUPT_MESSAGE if they don't.
    Result<void> append_fetched(const Bytes& batches);

    // Makes durable what has been appended so far. Once in an epoch that includes the file of epochs.
    void sync(std::function<void(Result<void>)> done);

    // Some of the batches from the one that contains `from` on; at least one unless `from` is the end. The error says
    // what is wrong at which offset.
    using ReadDone = std::function<void(Result<std::vector<ParsedBatch>, std::string>)>;
    void read(Offset from, ReadDone done);
    // The same as they lie there, at most about `bytes_max`.
    using BytesDone = std::function<void(Result<Bytes>)>;
    void read_bytes(Offset from, size_t bytes_max, BytesDone done);

    // The largest epoch up to `epoch` that is in the log, and where it ends.
    storage::EpochEnd end_offset_for(LeaderEpoch epoch) const { return log_->end_offset_for(epoch); }
    // Whether that is where the epoch ends: of one before those that are in the log nothing is known.
    bool reaches_back_to(LeaderEpoch epoch) const {
        const auto entries = log_->epochs().entries();
        return start() == Offset(0) || (!entries.empty() && epoch >= entries.front().epoch);
    }

    // Empty, and going on at `offset`.
    Result<void> restart_at(Offset offset);
    // Ends with the last batch before `offset`.
    Result<void> truncate_to(Offset offset);
    // Removes segments that end at or below `offset`, which a snapshot covers.
    Result<void> drop_prefix(Offset offset);

    // Notes for the next recovery that everything below `committed` which is durable here must be there, without
    // waiting for the disk. What isn't committed may still be truncated.
    void note_recovery_point(Offset committed);
    // Syncs, for a clean shutdown.
    Result<void> close(Offset committed);

  private:
    RaftLog(const Environment& environment, const Options& options);

    Environment environment_;
    storage::LogDirectory directory_;
    storage::TailCache cache_;
    wire::Codecs codecs_;
    storage::LogEnvironment of_log_{directory_, cache_, environment_.clock, environment_.random, codecs_};
    std::string path_;
    Offset noted_{0};
    LeaderEpoch epoch_synced_ = no_leader_epoch;
    std::unique_ptr<storage::PartitionLog> log_;
};

}  // namespace milena::raft
