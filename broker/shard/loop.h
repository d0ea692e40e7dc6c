// The event loop of one shard: sockets (through Asio), a mailbox for other threads, timers, and a watch on how long one
// piece of work keeps everything else waiting. Everything runs on the thread that called run(); only post() and stop()
// may be called from another one.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/time.h"
#include "env/clock.h"

namespace asio {
class io_context;
}

namespace milena::shard {

using Task = std::function<void()>;

struct TimerId {
    Instant when;
    uint64_t sequence = 0;  // 0: no timer

    auto operator<=>(const TimerId&) const = default;
};

// How long pieces of work took. A piece of work is what runs between two looks at the sockets.
struct Pauses {
    static constexpr std::array<Duration, 8> bounds{std::chrono::microseconds(100), std::chrono::milliseconds(1),
                                                    std::chrono::milliseconds(5),   std::chrono::milliseconds(10),
                                                    std::chrono::milliseconds(25),  std::chrono::milliseconds(50),
                                                    std::chrono::milliseconds(100), std::chrono::milliseconds(500)};

    std::array<uint64_t, bounds.size() + 1> counts{};  // of those up to each bound, and of the longer ones
    Duration total{};
    Duration longest{};

    void add(Duration pause);
};

class Loop {
  public:
    explicit Loop(env::Clock& clock);
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    // Returns after stop(), when the piece of work under way has ended. What was posted meanwhile runs at the next
    // run().
    void run();
    void stop();
    // Forgets what was posted and the timers, for the end: they may hold what must go before this does.
    void discard();
    bool is_current() const;

    // Messages of one sender run in the order in which they were sent; never inside post().
    void post(Task task);

    TimerId at(Instant when, Task task);
    TimerId after(Duration delay, Task task) { return at(clock_.now() + delay, std::move(task)); }
    // A timer that has run or was cancelled before is no longer there, which is fine.
    void cancel(TimerId id);

    env::Clock& clock() { return clock_; }
    asio::io_context& io();
    const Pauses& pauses() const { return pauses_; }

    // Around work that neither the mailbox nor a timer started: a socket's.
    class Work {
      public:
        explicit Work(Loop& loop) : loop_(loop), begin_(loop.clock_.now()) {}
        ~Work() { loop_.pauses_.add(loop_.clock_.now() - begin_); }
        Work(const Work&) = delete;
        Work& operator=(const Work&) = delete;

        Instant begin() const { return begin_; }

      private:
        Loop& loop_;
        const Instant begin_;
    };

  private:
    struct State;  // hides Asio

    void await_bell();
    void drain_mailbox();
    void run_due_timers();
    void arm_timer();

    env::Clock& clock_;
    Pauses pauses_;
    std::unique_ptr<State> state_;
};

}  // namespace milena::shard
