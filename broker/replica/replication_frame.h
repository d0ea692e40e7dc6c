// What a leader and a follower tell each other on their stream, as plain values. One stream connects a follower's
// broker with one shard of the leader's; all partitions that the shard leads and the follower holds share it. A stream
// that breaks is begun anew by subscribing: nothing is remembered of the one before.
//
//     follower ── subscribe(fetch offset, its epoch), acks, granted bytes ──▶ leader
//     follower ◀── batches, high watermark, log start, divergence ─────────── leader
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/error_code.h"
#include "base/ids.h"
#include "replica/partition_key.h"
#include "storage/epoch_cache.h"

namespace milena::replica {

// Begins a partition, or begins it anew: what was sent of it before counts for nothing.
struct Subscription {
    PartitionKey key;
    LeaderEpoch leader_epoch = no_leader_epoch;
    Offset fetch_offset;                               // the follower's log end
    LeaderEpoch last_fetched_epoch = no_leader_epoch;  // of the last record before it; none: there is none
    Offset log_start_offset;

    bool operator==(const Subscription&) const = default;
};

struct Ack {
    PartitionKey key;
    LeaderEpoch leader_epoch = no_leader_epoch;
    Offset safe_end;  // the follower's local point: as safe as the topic's policy asks
    Offset log_start_offset;

    bool operator==(const Ack&) const = default;
};

struct FollowerFrame {
    std::vector<Subscription> subscribe;
    std::vector<PartitionKey> unsubscribe;
    std::vector<Ack> acks;
    uint64_t bytes_granted = 0;  // that many more bytes of records may be sent; grants add up

    bool is_empty() const { return subscribe.empty() && unsubscribe.empty() && acks.empty() && bytes_granted == 0; }
    bool operator==(const FollowerFrame&) const = default;
};

struct PartitionFrame {
    PartitionKey key;
    LeaderEpoch leader_epoch = no_leader_epoch;
    ErrorCode error = ErrorCode::none;           // ends the subscription
    std::optional<storage::EpochEnd> diverging;  // ends it too: the logs part here, truncate and subscribe anew
    Offset high_watermark = no_offset;
    Offset log_start_offset = no_offset;
    std::vector<Bytes> records;  // whole batches, in order
};

struct LeaderFrame {
    std::vector<PartitionFrame> partitions;
    size_t records_bytes = 0;    // of all partitions together
    uint32_t leader_shards = 0;  // in the first frame of a stream: how many shards the leader has; 0: not said
};

}  // namespace milena::replica
