// FollowerStream: the leader's end of one stream. It collects what is new in all partitions of one shard that one
// follower follows, into as few frames as the transport asks for, and takes in what the follower acknowledges. Owned by
// the leader's shard, used by its thread only; the transport above it moves the frames. Never waits.
//
//     append, high watermark or log start moved ─▶ queue of partitions with news ─▶ next_frame()
//                                                         ▲      │ not in memory
//                                                         └── read from the device
//
// Each partition in the queue gives a share to a frame and goes to the queue's end if it has more, so that a busy one
// doesn't keep the others waiting. Records take from what the follower has granted; the rest of a frame doesn't. A
// follower that is far behind is read for from the device, a few partitions at a time and at a limited rate. Where the
// topic's settings throttle our replica, a follower that isn't in sync gets records at the broker's rate for these.
//
// A subscription ends with exactly one frame that has an error or says where the logs part, whoever ends it: what comes
// behind that for the same partition belongs to the next one.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "env/clock.h"
#include "replica/partition_table.h"
#include "replica/replication_frame.h"

namespace milena::replica {

// In a table, or in a test.
using FindReplica = std::function<PartitionTable::Found(const PartitionKey&)>;

// The error of the frame that ends a subscription because the follower wished so.
inline constexpr ErrorCode unsubscribed = ErrorCode::offset_not_available;

struct FollowerStreamLimits {
    size_t partition_bytes_max = 1U << 20;  // of one partition in one frame: replica.fetch.max.bytes
    size_t partitions_max = 4096;           // in one frame
    uint32_t cold_reads_max = 2;            // under way or waiting to be sent
    double cold_bytes_per_second = 100e6;
};

struct FollowerStreamMetrics {
    size_t partitions = 0;
    int64_t window_bytes = 0;  // granted and not used; below zero by part of a batch that was larger
    uint64_t bytes_sent = 0;
    uint64_t frames_sent = 0;
    uint64_t cold_reads = 0;
};

class FollowerStream final : private ReplicaWatcher {
  public:
    struct Peer {
        NodeId node;
        int64_t broker_epoch = -1;
    };

    // `wake` is called from inside of other calls, of the replicas too, when next_frame() may have something again
    // after it had nothing. It takes note and returns.
    FollowerStream(Peer follower, FindReplica find, env::Clock& clock, FollowerStreamLimits limits,
                   std::function<void()> wake);
    ~FollowerStream();
    FollowerStream(const FollowerStream&) = delete;
    FollowerStream& operator=(const FollowerStream&) = delete;

    void receive(const FollowerFrame& frame);
    // Up to so many bytes of records, but for a first batch that is larger. To be asked until there is nothing.
    std::optional<LeaderFrame> next_frame(size_t bytes_max);
    // For now and then, some ten milliseconds: what may be read from the device is, and what the rate held back goes
    // on.
    void tick();

    FollowerStreamMetrics metrics() const;

  private:
    // A partition that the follower follows.
    struct Fed {
        PartitionKey key;
        LeaderEpoch leader_epoch = no_leader_epoch;
        std::weak_ptr<Replica*> replica;    // expired: the place is free
        uint32_t subscription = 0;          // which one: a read from the device may be of an earlier one
        Offset next;                        // to be sent
        Offset high_watermark = no_offset;  // as sent
        Offset log_start_offset = no_offset;
        bool is_used = false;
        bool is_queued = false;
        bool is_reading = false;                           // waits for the device, or for its turn there
        bool is_throttled = false;                         // waits for the rate, in throttled_
        std::optional<Result<storage::ReadBatches>> cold;  // what came from there
    };

    void moved(uint32_t index) override;
    void ended(uint32_t index, ErrorCode reason) override;
    void subscribe(const Subscription& subscription);
    void release(uint32_t index);
    void end(PartitionFrame frame);
    void queue(uint32_t index);
    void has_news();

    void feed(uint32_t index, LeaderFrame& frame, size_t bytes_max);
    void add(Fed& fed, const Replica& replica, storage::ReadBatches read, LeaderFrame& frame);
    void fail(uint32_t index, const Replica& replica, ErrorCode error);
    size_t room_in(const LeaderFrame& frame, size_t bytes_max) const;
    bool must_wait_for_rate(uint32_t index, Replica& replica);
    void begin_cold_reads();
    void read_cold(uint32_t index, Replica& replica);
    void cold_arrived(uint32_t index, uint32_t subscription, Result<storage::ReadBatches> read);

    const Peer follower_;
    const FindReplica find_;
    env::Clock& clock_;
    const FollowerStreamLimits limits_;
    const std::function<void()> wake_;
    std::vector<Fed> fed_;
    std::vector<uint32_t> free_;                         // places in fed_
    std::unordered_map<PartitionKey, uint32_t> by_key_;  // those in use
    std::deque<uint32_t> queue_;                         // with news, each once
    std::deque<PartitionFrame> endings_;                 // go first
    std::deque<uint32_t> cold_queue_;                    // wait for their turn at the device
    std::vector<uint32_t> throttled_;                    // go on once the rate allows it
    Instant throttled_look_at_;
    uint32_t cold_count_ = 0;  // reads under way, or arrived and not sent
    Instant cold_allowed_from_;
    int64_t window_bytes_ = 0;
    uint32_t subscriptions_ = 0;
    bool is_idle_ = true;  // next_frame() had nothing
    bool is_collecting_ = false;
    bool has_news_ = false;  // since collecting began
    FollowerStreamMetrics metrics_;
    std::shared_ptr<FollowerStream*> self_;  // dies with us
};

}  // namespace milena::replica
