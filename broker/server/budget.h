// How much memory the requests and answers of one shard may hold together. Who doesn't get what it asks for stops
// reading its socket and gets it, first come first served, when there is room again: TCP passes the pressure on to the
// client. One shard's thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>

namespace milena::server {

class Budget {
  public:
    // Told when the bytes have been taken on the waiter's behalf; false if it doesn't want them any more.
    using Granted = std::function<bool()>;

    explicit Budget(size_t bytes_max) : bytes_max_(bytes_max) {}
    Budget(const Budget&) = delete;
    Budget& operator=(const Budget&) = delete;

    // Nobody overtakes those who wait. `held_bytes` is what the asker has already: a request larger than the whole
    // budget is let in when nobody else has anything.
    bool try_take(size_t bytes, size_t held_bytes = 0);
    void when_room(size_t bytes, size_t held_bytes, Granted granted) {
        waiting_.push_back({bytes, held_bytes, std::move(granted)});
    }

    // Takes without asking: an answer that exists already. Everybody else waits until there is room again.
    void take(size_t bytes) { used_ += bytes; }
    void give_back(size_t bytes);

    size_t bytes_used() const { return used_; }
    size_t bytes_max() const { return bytes_max_; }
    bool is_short() const { return !waiting_.empty() || used_ >= bytes_max_; }

  private:
    struct Waiting {
        size_t bytes;
        size_t held_bytes;
        Granted granted;
    };

    bool has_room_for(size_t bytes, size_t held_bytes) const {
        return used_ <= held_bytes || used_ + bytes <= bytes_max_;
    }

    const size_t bytes_max_;
    size_t used_ = 0;
    std::deque<Waiting> waiting_;
    bool is_granting_ = false;
};

}  // namespace milena::server
