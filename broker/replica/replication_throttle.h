// ReplicationThrottle: how fast a leader may send what isn't urgent, so that moving replicas leaves room for clients
// (KIP-73). What was sent is paid for by a pause. One of each shard, with its share of the broker's rate; used by its
// shard's thread only. A value that is told the time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/time.h"

namespace milena::replica {

class ReplicationThrottle {
  public:
    static constexpr int64_t unlimited = std::numeric_limits<int64_t>::max();

    // A new rate forgives what isn't paid yet: by the old one it could be hours.
    void limit(int64_t bytes_per_second) {
        if (bytes_per_second == bytes_per_second_) return;
        bytes_per_second_ = bytes_per_second;
        next_at_ = {};
    }
    bool is_open(Instant now) const { return now >= next_at_; }
    void charge(size_t bytes, Instant now) {
        if (bytes_per_second_ == unlimited) return;
        const double seconds =
            static_cast<double>(bytes) / static_cast<double>(std::max<int64_t>(bytes_per_second_, 1));
        const std::chrono::duration<double> pause(std::min(seconds, pause_max_seconds));
        next_at_ = std::max(next_at_, now + -credit_max) + std::chrono::duration_cast<Duration>(pause);
    }

  private:
    // What wasn't sent for so long may be sent at once: whoever waits looks only now and then.
    static constexpr Duration credit_max = std::chrono::seconds(1);
    static constexpr double pause_max_seconds = 3600;

    int64_t bytes_per_second_ = unlimited;
    Instant next_at_;
};

}  // namespace milena::replica
