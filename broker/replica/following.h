// The way between a LeaderStream and the shards that own the partitions which it follows: what the stream asks of them,
// what they report, and how an owner does it. Everything on this way keeps its order.
//
//     LeaderStream ── begin, receive ─▶ FollowerPartitions ⇒ owner: begin_following(), follow() ─▶ Replica
//     LeaderStream ◀─ report ⇐ what has become of each
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "replica/follower_stream.h"

namespace milena::replica {

// Numbers the tries of one stream; what is reported of an earlier one than the stream's last is past.
using Attempt = uint64_t;

struct FollowStart {
    PartitionKey key;
    LeaderEpoch leader_epoch = no_leader_epoch;
    Attempt attempt = 0;
};

struct FollowedFrame {
    PartitionFrame frame;
    Attempt attempt = 0;
};

struct FollowReport {
    PartitionKey key;
    LeaderEpoch leader_epoch = no_leader_epoch;
    Attempt attempt = 0;
    ErrorCode error = ErrorCode::none;         // it has to be begun again, later
    std::optional<Subscription> subscription;  // where to go on from: the answer to a start, or after a truncation
    Offset safe_end = no_offset;
    Offset log_start_offset = no_offset;
    size_t bytes = 0;  // of records that were taken in or given up
};

// The partitions that one stream follows, wherever they are. Implemented by the shell, which hands on to the owners;
// the reports come later by LeaderStream::report(), never inside of a call, and one shard's in the order of the calls.
class FollowerPartitions {
  public:
    virtual ~FollowerPartitions() = default;
    virtual void begin(std::vector<FollowStart> starts) = 0;
    virtual void receive(std::vector<FollowedFrame> frames) = 0;
};

// The owner's part. `send` is kept by those that report again, when what they have has become safe.
using SendReports = std::function<void(std::vector<FollowReport>)>;
void begin_following(const FindReplica& find, std::span<const FollowStart> starts, const SendReports& send);
void follow(const FindReplica& find, std::span<const FollowedFrame> frames, const SendReports& send);

}  // namespace milena::replica
