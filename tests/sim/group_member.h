// A member of a consumer group over the same network as everybody: it joins, computes the assignment where it leads,
// reads on from what is committed, commits, and now and then pauses for too long, leaves, or dies and comes back. One
// request at a time on one connection, which is in order while it lasts: one that isn't answered gives way to a new
// one.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "sim/group_checker.h"
#include "sim/producer.h"
#include "sim/sim_broker.h"

namespace milena::sim {

class GroupMember {
  public:
    struct Identity {
        std::string group;
        std::optional<std::string> instance;  // of a static member (KIP-345)
    };

    GroupMember(Network& network, GroupChecker& checker, Identity identity)
        : network_(network), checker_(checker), identity_(std::move(identity)) {}

    void start() { turn_after(Duration{}); }
    // It stays from now on, and comes back if it is away.
    void calm();
    // What it knows may be of a future that was lost: it joins anew.
    void forget();
    // The generation in which it has its part, if it has; no call is on its way that could change that.
    std::optional<int32_t> generation() const;
    const std::map<PartitionIndex, Offset>& positions() const { return positions_; }

  private:
    enum class State : uint8_t { away, joining, syncing, fetching, stable };

    void turn();
    void turn_after(Duration delay);
    bool misbehaves();
    void join();
    void joined(const wire::JoinGroupResponse& response);
    void sync();
    void fetch_offsets();
    void heartbeat();
    void commit(int32_t generation);
    void leave();
    void go_away(Duration longest);
    void go_on_after(ErrorCode error);

    // work(coordinator, reply) at the broker, answered(response) here; an error, or silence, is dealt with.
    template <class Response, class Work>
    void call(Duration limit, Work work, std::function<void(const Response&)> answered);

    Network& network_;
    GroupChecker& checker_;
    const Identity identity_;
    State state_ = State::joining;
    std::string member_id_;
    int32_t generation_ = -1;
    std::optional<int32_t> late_generation_;    // the former one, while it may still commit in it
    std::map<std::string, Bytes> assignments_;  // by member, where it leads
    std::map<PartitionIndex, Offset> positions_;
    bool commits_next_ = false;
    bool is_calm_ = false;
    uint64_t connection_ = 0;
    uint64_t sent_ = 0;     // on any connection
    uint64_t arrived_ = 0;  // the last one at the broker
    uint64_t turn_ = 0;     // the one that is planned
};

}  // namespace milena::sim
