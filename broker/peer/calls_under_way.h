// The calls to other nodes that gRPC has in its hands. Whoever makes calls ends them all before it goes, and waits
// until gRPC's threads have forgotten it. Any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

namespace milena::peer {

class CallsUnderWay {
  public:
    using Id = uint64_t;

    // `cancel` makes the call end soon; may be called when it has ended already, and from any thread.
    Id add(std::function<void()> cancel);
    // The call has ended; what it was added with comes back, to be let go of where that may be.
    std::function<void()> take(Id id);
    // The last that the call does.
    void remove(Id id);

    // Cancels all and waits for them. Nothing may be added any more.
    void end();

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<Id, std::function<void()>> cancels_;
    Id next_ = 1;
};

}  // namespace milena::peer
