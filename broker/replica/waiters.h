// Who waits for a partition to get somewhere: consumers for data that they may read, producers for acknowledgement.
// Owned by one replica, used by its shard's thread. A waiter fires at most once; nobody polls.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/error_code.h"
#include "base/ids.h"

namespace milena::replica {

using WaiterId = uint64_t;  // never reused by one replica; 0: none

// Which of a replica's offsets is waited for.
enum class Point : uint8_t { local, high_watermark, low_watermark };

class Waiters {
  public:
    // Told `none` when the awaited offset was passed, else why it never will be (NOT_LEADER_OR_FOLLOWER and so on).
    using Wake = std::function<void(ErrorCode)>;

    // `wake` is called once the point lies beyond `offset`.
    WaiterId add(Point point, Offset offset, Wake wake);

    // A waiter that has fired already is no longer there, which is fine.
    void remove(WaiterId id);

    void passed(Point point, Offset now_at);
    void fail_all(ErrorCode reason);
    size_t count() const { return waiting_.size(); }
    bool may_wait_for(Point point) const { return offset_min_[static_cast<size_t>(point)] != nobody; }

  private:
    struct Waiting {
        WaiterId id;
        Point point;
        Offset offset;
        Wake wake;
    };

    static constexpr Offset nobody{INT64_MAX};

    Offset& offset_min(Point point) { return offset_min_[static_cast<size_t>(point)]; }

    std::vector<Waiting> waiting_;
    // By point, <= the offset of everyone who waits for it: most appends need no look at the list.
    std::array<Offset, 3> offset_min_{nobody, nobody, nobody};
    WaiterId next_id_ = 1;
};

}  // namespace milena::replica
