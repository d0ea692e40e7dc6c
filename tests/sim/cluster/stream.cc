#include "sim/cluster/stream.h"

#include <utility>

#include "sim/cluster/sim_node.h"

namespace milena::sim::cluster {
namespace {

constexpr Duration connect_timeout = std::chrono::seconds(2);
constexpr Duration retransmission_delay = std::chrono::milliseconds(200);
constexpr Duration stream_retry_interval = std::chrono::milliseconds(50);
constexpr Duration keep_alive_interval = std::chrono::milliseconds(500);
constexpr Duration stream_silence_max = std::chrono::seconds(3);

// Nothing is shared between machines.
void isolate(Frame& frame) {
    auto* const from_leader = std::get_if<replica::LeaderFrame>(&frame);
    if (from_leader == nullptr) return;
    for (replica::PartitionFrame& partition : from_leader->partitions)
        for (Bytes& records : partition.records) records = Bytes::copy_of(records.span());
}

}  // namespace

Stream::Stream(ClusterNetwork& network, Machine& follower_machine, Machine& leader_machine)
    : network_(network), ends_{{{follower_machine, follower_machine.life()}, {leader_machine, 0}}} {}

void Stream::connect(const Hello& hello) {
    const auto self = shared_from_this();
    watch_life(follower);
    ends_[follower].machine.after(connect_timeout, [self] {
        if (!self->is_accepted_) self->end(follower);
    });
    network_.carry(ends_[follower].machine.id(), ends_[leader].machine.id(), [self, hello] {
        if (std::exchange(self->is_accepted_, true)) return;  // the message has come twice: there is one connection
        End& end = self->ends_[leader];
        end.life = end.machine.life();
        const NodeId id = end.machine.id();
        if (self->network_.process(id) == nullptr) {
            end.is_open = false;
            self->network_.world().after(self->delay(leader), [self] { self->end(follower); });
            return;
        }
        self->watch_life(leader);
        self->keep_alive();
        end.machine.post([self, hello, id] {
            if (SimNode* node = self->network_.process(id)) node->accept(hello, self);
            self->tell_writable(follower);
        });
    });
}

void Stream::listen(Side side, Ears ears) { ends_[side].ears = std::move(ears); }

bool Stream::is_writable(Side side) const {
    return ends_[side].is_open && ends_[side].to_send.size() < frames_under_way_max;
}

void Stream::write(Side side, Frame frame) {
    if (!ends_[side].is_open) return;
    isolate(frame);
    ends_[side].to_send.push_back(std::move(frame));
    if (!std::exchange(ends_[side].is_moving, true)) move(side);
}

// On the side's machine, if its process is still the one of this stream and listens.
void Stream::at(Side side, std::function<void(End&)> work) {
    End& end = ends_[side];
    if (end.machine.life() != end.life || !end.is_open) return;
    end.machine.post([self = shared_from_this(), side, work = std::move(work)] {
        if (self->ends_[side].is_open) work(self->ends_[side]);
    });
}

void Stream::move(Side from) {
    Duration takes = delay(from);
    if (network_.loses_one_in != 0 && network_.world().random.one_in(network_.loses_one_in))
        takes += retransmission_delay;
    network_.world().after(takes, [self = shared_from_this(), from] {
        if (!self->ends_[other(from)].is_open) return;
        if (!self->is_way_cut(from)) return self->arrived(from);
        self->network_.world().after(stream_retry_interval, [self, from] { self->move(from); });
    });
}

void Stream::arrived(Side from) {
    at(other(from), [self = shared_from_this(), from](End& receiver) {
        End& sender = self->ends_[from];
        Frame frame = std::move(sender.to_send.front());
        sender.to_send.pop_front();
        sender.is_moving = !sender.to_send.empty();
        if (sender.is_moving) self->move(from);
        self->tell_writable(from);
        // Whoever hears it may close the stream.
        const auto received = receiver.ears.received;
        if (received) received(std::move(frame));
    });
}

void Stream::tell_writable(Side side) {
    at(side, [](End& end) {
        const auto writable = end.ears.writable;
        if (writable) writable();
    });
}

// A process that was killed by a power loss closes nothing.
void Stream::close(Side side) {
    if (ends_[side].machine.life() == ends_[side].life) break_off(side);
    ends_[side].is_open = false;
    ends_[side].ears = {};
}

void Stream::break_off(Side side) {
    ends_[side].is_open = false;
    ends_[side].ears = {};
    network_.world().after(delay(side), [self = shared_from_this(), side] {
        if (!self->is_way_cut(side)) self->end(other(side));
    });
}

// Told on the side's machine.
void Stream::end(Side side) {
    at(side, [self = shared_from_this()](End& end) {
        end.is_open = false;
        const auto ended = std::move(end.ears.ended);
        end.ears = {};
        if (ended) ended();
    });
}

// The system closes the connections of a process that ends.
void Stream::watch_life(Side side) {
    ends_[side].machine.when_ended([weak = weak_from_this(), side] {
        const auto self = weak.lock();
        if (self && self->ends_[side].is_open) self->break_off(side);
    });
}

// Finds out that the other side is silent, as TCP and gRPC do; until then a stream is kept by what is to come of it.
void Stream::keep_alive() {
    if (!ends_[follower].is_open && !ends_[leader].is_open) return;
    const auto is_gone = [](const End& end) { return end.machine.life() != end.life || !end.is_open; };
    const bool is_silent =
        is_way_cut(follower) || is_way_cut(leader) || is_gone(ends_[follower]) || is_gone(ends_[leader]);
    cut_for_ = is_silent ? cut_for_ + keep_alive_interval : Duration{};
    if (cut_for_ > stream_silence_max) {
        for (const Side side : {follower, leader}) {
            end(side);
            if (is_gone(ends_[side])) ends_[side].is_open = false;
        }
        return;
    }
    network_.world().after(keep_alive_interval, [self = shared_from_this()] { self->keep_alive(); });
}

}  // namespace milena::sim::cluster
