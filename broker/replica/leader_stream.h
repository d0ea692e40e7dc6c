// LeaderStream: the follower's end of one stream: which partitions are followed with one shard of one leader, how far
// each has come, and what the leader is to be told. Lives on one shard, used by its thread only; the partitions may be
// owned by others (following.h). The transport above it opens the connection and moves the frames. Never waits.
//
//     paused ─▶ beginning ─▶ following ─▶ ending ─▶ paused …
//       │ back-off  │ owner says  │ records, acks  │ the owner could not go on; the leader
//       │ is over   │ where from  │                │ says which frame was the last one
//
// A partition whose logs part, or whose records the leader has deleted, goes back to beginning at once. Without a
// connection all are paused.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "env/clock.h"
#include "replica/following.h"
#include "replica/replication_frame.h"

namespace milena::replica {

struct LeaderStreamLimits {
    uint64_t window_bytes = 4U << 20;  // of records that were sent and not taken in yet
    size_t partitions_max = 4096;      // in one frame, of each kind
    Duration backoff_min = std::chrono::milliseconds(20);
    Duration backoff_max = std::chrono::seconds(1);  // replica.fetch.backoff.ms
};

struct LeaderStreamMetrics {
    size_t partitions = 0;
    size_t following = 0;
    uint64_t bytes_received = 0;
    uint64_t bytes_waiting = 0;  // handed to the owners, not taken in yet
    uint64_t failures = 0;       // partitions that had to be begun again after an error

    void add(const LeaderStreamMetrics& other);
};

class LeaderStream {
  public:
    // `wake` is called from inside of other calls when next_frame() may have something again after it had nothing.
    LeaderStream(FollowerPartitions& partitions, env::Clock& clock, LeaderStreamLimits limits,
                 std::function<void()> wake);
    LeaderStream(const LeaderStream&) = delete;
    LeaderStream& operator=(const LeaderStream&) = delete;

    struct Wanted {
        PartitionKey key;
        LeaderEpoch leader_epoch = no_leader_epoch;  // none: no longer
    };
    void follow(std::span<const Wanted> wanted);

    // The connection is there; is there no longer.
    void opened();
    void closed();

    void receive(LeaderFrame frame);
    void report(std::span<const FollowReport> reports);
    // To be asked until there is nothing. Only between opened() and closed().
    std::optional<FollowerFrame> next_frame();

    // When tick() has something to do; nothing: not before something else happens.
    std::optional<Instant> next_due() const;
    void tick();

    size_t size() const { return followed_.size(); }
    LeaderStreamMetrics metrics() const;

  private:
    enum class State : uint8_t { paused, beginning, following, ending };

    struct Followed {
        LeaderEpoch leader_epoch = no_leader_epoch;
        State state = State::paused;
        bool is_wanted = true;
        bool is_subscribed = false;  // while following: the leader was told
        bool is_dirty = false;       // its acknowledgement waits to be sent
        Attempt attempt = 0;
        Offset safe_end = no_offset;
        Offset log_start_offset = no_offset;
        Duration backoff{};
        std::optional<Instant> due;  // while paused
    };
    using Entry = std::pair<const PartitionKey, Followed>;

    void want(const PartitionKey& key, LeaderEpoch epoch);
    void give_up(const PartitionKey& key);
    void pause(Entry& entry, bool backs_off);
    void begin_due();
    bool take(PartitionFrame& frame, std::vector<FollowedFrame>& to_owners);
    void last_frame_came(Entry& entry);
    void take_report(const FollowReport& report);
    void failed(Entry& entry, ErrorCode error);
    void owner_failed(Entry& entry, ErrorCode error);
    void end_subscription(Entry& entry);
    void add_subscriptions(FollowerFrame& frame);
    void add_acks(FollowerFrame& frame);
    void make_dirty(Entry& entry);
    void grant(size_t bytes);
    void has_news();

    FollowerPartitions& partitions_;
    env::Clock& clock_;
    const LeaderStreamLimits limits_;
    const std::function<void()> wake_;
    std::unordered_map<PartitionKey, Followed> followed_;
    std::set<std::pair<Instant, PartitionKey>> due_;           // of the paused ones
    std::vector<PartitionKey> unsubscribe_;                    // to be sent, as the next two
    std::vector<std::pair<Attempt, Subscription>> subscribe_;  // those of a later attempt make an earlier one void
    std::vector<PartitionKey> dirty_;
    uint64_t to_grant_ = 0;
    Attempt attempts_ = 0;
    Attempt attempts_before_ = 0;  // when the connection was opened
    bool is_open_ = false;
    bool is_idle_ = true;  // next_frame() had nothing
    LeaderStreamMetrics metrics_;
};

}  // namespace milena::replica
