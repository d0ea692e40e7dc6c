// Messages of a replication stream as bytes (proto/replication.proto). Records are neither copied into a message nor
// out of one: a leader's frame is the bytes of its header and then the very Bytes of the log; what arrives is cut out
// of the slices in which it came. What comes from the network is checked here. Pure functions, any thread.
//
//     ┌ 0x0a ┬ length ┬ LeaderHeader ──────────────┬ 0x7a ┬ length ┬ records of all partitions ─────┐
//     │      │ varint │ records_bytes of each piece│      │ varint │ piece, piece, …                │
//     └──────┴────────┴────────────────────────────┴──────┴────────┴────────────────────────────────┘
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "replica/replication_frame.h"

namespace milena::peer {

// How a follower begins a stream.
struct Hello {
    std::string cluster_id;
    NodeId node = no_node;  // the follower
    int64_t broker_epoch = -1;
    ShardId leader_shard;              // with which of the leader's shards it wants to talk
    uint64_t frame_bytes_max = 0;      // of records in one frame, but for a batch that is larger
    uint64_t partition_bytes_max = 0;  // likewise, of one partition in one frame

    bool operator==(const Hello&) const = default;
};

Bytes encode(const Hello& hello);
Bytes encode(const replica::FollowerFrame& frame);
// To be sent one after the other, as one message.
std::vector<Bytes> encode(const replica::LeaderFrame& frame);

// A piece of records that came in several slices is joined; others own the slice, unless they are tiny. The error says
// what is wrong.
Result<replica::LeaderFrame, std::string> decode_leader_frame(std::span<const Bytes> slices);

using FollowerMessage = std::variant<Hello, replica::FollowerFrame>;
Result<FollowerMessage, std::string> decode_follower_message(std::span<const Bytes> slices);

}  // namespace milena::peer
