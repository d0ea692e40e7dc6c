// The two ends of a replication stream, as a shard sees them: one frame at a time in each direction, and no more than
// it asks for. Used by the thread of the shard only, where the handlers are called, never inside a call of the stream.
#pragma once

#include <cstdint>
#include <functional>

#include "replica/replication_frame.h"

namespace milena::peer {

enum class StreamEnd : uint8_t {
    unreachable,  // the connection was refused or broken: evidence that nobody is there
    timed_out,    // no evidence: no answer, no such host, no way to it
    closed,       // the other end has left
    refused,      // one end has said what the other doesn't understand
};

template <class Incoming, class Outgoing>
class Stream {
  public:
    struct Handlers {
        std::function<void(Incoming frame)> received;
        std::function<void()> writable;            // what was written has left; is_writable() from now on
        std::function<void(StreamEnd why)> ended;  // the last call of all
    };

    Stream() = default;
    // Ends the stream; no handler is called any more. May happen within one of them.
    virtual ~Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // Once, before anything else.
    virtual void start(Handlers handlers) = 0;
    // Asks for one frame. Until then what comes waits at the sender, as far as it doesn't fit in the connection's
    // window.
    virtual void read_next() = 0;

    virtual bool is_writable() const = 0;
    // Only while is_writable(), which it is no longer then.
    virtual void write(const Outgoing& frame) = 0;
};

using LeaderEnd = Stream<replica::FollowerFrame, replica::LeaderFrame>;
using FollowerEnd = Stream<replica::LeaderFrame, replica::FollowerFrame>;

}  // namespace milena::peer
