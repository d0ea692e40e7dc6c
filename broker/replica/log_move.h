// LogMove: one partition's way to another log directory of this node (KIP-113). The records are copied slice by slice
// beside the log that is in use; when nothing is missing any more, the copy is made durable, the cluster is told where
// the replica will be, and the copy takes the log's place. Until then the log in use is the truth, so a crash costs the
// copy and nothing else.
//
//     copying ─▶ caught up ─▶ copy synced ─▶ directory assigned ─▶ the rest copied ─▶ in place ─▶ synced ─▶ old log
//     gone
//
// Owned by the table of its shard, whose thread it is used on.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "base/time.h"
#include "replica/replica.h"
#include "storage/partition_log.h"

namespace milena::replica {

class LogMove {
  public:
    LogMove(size_t target, std::unique_ptr<storage::PartitionLog> copy);
    ~LogMove();
    LogMove(const LogMove&) = delete;
    LogMove& operator=(const LogMove&) = delete;

    size_t target() const { return target_; }  // index of the directory
    // Null once it is in place.
    storage::PartitionLog* copy() const { return copy_.get(); }

    // Something is under way; nothing can be done until it has come.
    bool is_waiting() const { return is_waiting_; }
    bool has_failed() const { return has_failed_; }
    bool is_in_place() const { return copy_ == nullptr; }
    bool has_all_of(const storage::PartitionLog& log) const;

    // Copies up to `bytes_max`, now or when a device has answered; a batch is copied whole. `copied` is told how much.
    void copy_some(storage::PartitionLog& log, size_t bytes_max, std::function<void(size_t bytes)> copied);

    // Once: makes durable what was copied so far.
    bool was_synced() const { return was_synced_; }
    void sync();

    // When the cluster was asked to assign the directory.
    std::optional<Instant> asked_at;

    // Whether the copy can take the place of the log now, with all that the policy promises.
    bool is_ready_for(const Replica& replica) const;
    // It does; the old log is kept until what it has is durable in the new one.
    bool put_in_place(Replica& replica);
    void finish(Replica& replica, std::function<void()> done);
    // The old log's directory goes.
    void remove_old();
    // The copy goes.
    void cancel();

  private:
    void append(Result<storage::ReadBatches> read, const std::function<void(size_t bytes)>& copied);

    const size_t target_;
    std::unique_ptr<storage::PartitionLog> copy_;
    std::unique_ptr<storage::PartitionLog> old_;  // from when the copy is in place
    bool is_waiting_ = false;
    bool was_synced_ = false;
    bool has_failed_ = false;
    std::shared_ptr<LogMove*> self_;  // dies with the move
};

}  // namespace milena::replica
