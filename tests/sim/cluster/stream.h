// Stream: one replication stream between two machines, as gRPC gives it to the broker: frames keep their order in each
// direction, a side that doesn't take what has come makes the other wait, and it ends for both, though not at the same
// time. A cut that is over soon only delays it.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <variant>

#include "replica/replication_frame.h"
#include "sim/cluster/network.h"

namespace milena::sim::cluster {

using Frame = std::variant<replica::FollowerFrame, replica::LeaderFrame>;

class Stream : public std::enable_shared_from_this<Stream> {
  public:
    // Who opened it is the follower.
    enum Side : size_t { follower, leader };
    struct Ears {
        std::function<void(Frame)> received;
        std::function<void()> writable;
        std::function<void()> ended;  // at most once
    };

    Stream(ClusterNetwork& network, Machine& follower_machine, Machine& leader_machine);

    void connect(const Hello& hello);
    // The machine's process wants to hear; on the follower's side `writable` says that the connection is there.
    void listen(Side side, Ears ears);
    bool is_writable(Side side) const;
    void write(Side side, Frame frame);
    // That side has no more to do with it.
    void close(Side side);

  private:
    static constexpr size_t frames_under_way_max = 2;

    struct End {
        Machine& machine;
        uint64_t life;
        Ears ears{};
        std::deque<Frame> to_send{};
        bool is_moving = false;
        bool is_open = true;
    };
    static Side other(Side side) { return side == follower ? leader : follower; }
    bool is_way_cut(Side from) const {
        return network_.is_cut(ends_[from].machine.id(), ends_[other(from)].machine.id());
    }
    Duration delay(Side from) const {
        return network_.delay(ends_[from].machine.id(), ends_[other(from)].machine.id());
    }
    void at(Side side, std::function<void(End&)> work);
    void move(Side from);
    void arrived(Side from);
    void tell_writable(Side side);
    void end(Side side);
    void break_off(Side side);
    void watch_life(Side side);
    void keep_alive();

    ClusterNetwork& network_;
    std::array<End, 2> ends_;
    bool is_accepted_ = false;
    Duration cut_for_{};
};

}  // namespace milena::sim::cluster
