// Isr: what a leader knows of the other copies of its partition, and with it two decisions: up to where records are
// committed, and which copies are to count as in sync. Owned by the replica that leads; a value without a clock, a log
// or a way to the controller.
//
//     committed set          what the controller has agreed to; min.insync.replicas is compared with it
//     + those being added    asked for, not answered yet: they count already, since nobody knows when they begin to
//     = maximal set          records that all of these have are committed (KIP-497)
//
// One change is under way at a time. A set that was asked for and not clearly refused stays in the maximal set until
// an image says what became of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/error_code.h"
#include "base/ids.h"
#include "base/time.h"

namespace milena::replica {

// Told when a replica has something new. The calls come from inside of the replica: they take note and return.
class ReplicaWatcher {
  public:
    virtual void moved(uint32_t tag) = 0;
    // Of the last one: the replica knows the watcher no longer.
    virtual void ended(uint32_t tag, ErrorCode reason) = 0;

  protected:
    ~ReplicaWatcher() = default;
};

// As the metadata image has it, of one partition that is led here.
struct Leadership {
    LeaderEpoch epoch;
    int32_t partition_epoch = 0;
    std::vector<NodeId> isr;
    std::vector<NodeId> replicas;
    size_t adding_count = 0;  // of the replicas: those that a reassignment adds
};

class Isr {
  public:
    struct Follower {
        NodeId node;
        int64_t broker_epoch = -1;    // of the registration that follows now
        Offset safe_end = no_offset;  // none: not heard of since the leadership began
        Offset log_start_offset = no_offset;
        std::optional<Instant> caught_up_at;  // when it last had all there was; none: not yet
        // What it must have to have had all there was at a time.
        Offset mark = no_offset;
        Instant marked_at;
        bool is_in_sync = false;            // in the committed set
        bool is_joining = false;            // in the one that was asked for, and not in the committed one
        bool is_awaited = false;            // nearly there: the high watermark waits, else it would run away from it
        ReplicaWatcher* watcher = nullptr;  // of the stream on which it follows
        uint32_t tag = 0;

        bool has_caught_up(Offset log_end, Instant now, Duration lag_time_max) const {
            return safe_end == log_end || (caught_up_at && now - *caught_up_at <= lag_time_max);
        }
    };

    explicit Isr(NodeId self) : self_(self) {}

    // The state that the controller has committed; ends the change under way. Who is in sync by it and wasn't heard of
    // has the whole lag time to be heard.
    void commit(const Leadership& leadership, Instant now);

    Follower* find(NodeId node);
    std::span<Follower> followers() { return followers_; }
    std::span<const Follower> followers() const { return followers_; }
    const std::vector<NodeId>& committed() const { return committed_; }
    int32_t partition_epoch() const { return partition_epoch_; }

    // The follower has begun to follow with so much of a log that agrees with ours.
    static void begin(Follower& follower, Offset fetch_offset, Offset log_start_offset);
    static void acknowledge(Follower& follower, Offset safe_end, Offset log_end, Instant now);

    // What all that count have, with `own_end` being ours; none while the set is smaller than `isr_min` or one of it
    // wasn't heard of.
    Offset committed_end(Offset own_end, uint32_t isr_min) const;

    // Now and then, with how far the log is committed.
    void note_progress(Offset high_watermark, Offset log_end, Instant now);
    // Whether records wait for the others, and have for a while, whatever comes from them.
    bool is_stuck(Instant now) const { return stuck_since_ && now - *stuck_since_ >= patience; }

    // Whether one that is in sync doesn't follow any more.
    bool is_left() const;

    // --- the change under way ----------------------------------------------------------------------------------------

    enum class Change : uint8_t { none, asked, awaits_image, unanswered };
    Change change() const { return change_; }
    const std::vector<NodeId>& asked_for() const { return asked_for_; }
    Instant changed_at() const { return changed_at_; }
    void ask(std::vector<NodeId> isr);
    void sent(Instant now);
    void answered(Change next, Instant now);  // none: refused for sure

    // After a refusal nothing is asked for a while.
    bool is_quiet(Instant now) const { return quiet_until_ && now < *quiet_until_; }

  private:
    static constexpr Duration patience = std::chrono::seconds(1);

    const NodeId self_;
    int32_t partition_epoch_ = -1;
    std::vector<NodeId> committed_;
    std::vector<Follower> followers_;  // all replicas but ourselves
    Change change_ = Change::none;
    std::vector<NodeId> asked_for_;
    Instant changed_at_;
    std::optional<Instant> quiet_until_;
    Offset seen_high_watermark_ = no_offset;
    std::optional<Instant> stuck_since_;  // it was so far, and not at the log end
};

}  // namespace milena::replica
