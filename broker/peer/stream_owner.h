// The part of a stream that its shard's thread owns: handlers, and what may be done now. What comes from gRPC's threads
// finds it gone when the shard has let go of the stream.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "peer/post.h"
#include "peer/replication_stream.h"

namespace milena::peer {

template <class Incoming, class Outgoing>
class StreamOwner {
  public:
    using Handlers = typename Stream<Incoming, Outgoing>::Handlers;

    explicit StreamOwner(bool is_writable) : is_writable_(is_writable) {}

    bool is_writable() const { return is_writable_ && !end_; }
    void take_write() { is_writable_ = false; }

    // Returns what was to be told before there was somebody to tell it to: to be told later.
    std::optional<StreamEnd> start(Handlers handlers) {
        handlers_ = std::make_shared<const Handlers>(std::move(handlers));
        return std::exchange(end_, std::nullopt);
    }

    void tell_received(Incoming frame) {
        const auto handlers = handlers_;
        if (handlers != nullptr && !end_) handlers->received(std::move(frame));
    }
    void tell_writable() {
        is_writable_ = true;
        const auto handlers = handlers_;
        if (handlers != nullptr && !end_) handlers->writable();
    }
    void tell_ended(StreamEnd why) {
        const auto handlers = handlers_;
        if (std::exchange(end_, why) == std::nullopt && handlers != nullptr) handlers->ended(why);
    }

  private:
    // Shared, as a handler may destroy the stream.
    std::shared_ptr<const Handlers> handlers_;  // null until it is started
    std::optional<StreamEnd> end_;
    bool is_writable_;
};

}  // namespace milena::peer
