// The simulated world: one queue of events, one clock, one source of randomness, one thread. Whatever happens is a
// function of the seed; the trace hash sums it up, so that two runs can be compared.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "env/clock.h"
#include "env/random.h"

namespace milena::sim {

// splitmix64: small, fast, good enough, and the same everywhere.
class SimRandom final : public env::Random {
  public:
    explicit SimRandom(uint64_t seed) : state_(seed) {}

    uint64_t next() override {
        uint64_t z = (state_ += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    // Uniform in [0, bound); bound > 0.
    uint64_t below(uint64_t bound) { return next() % bound; }
    bool one_in(uint64_t n) { return below(n) == 0; }
    Duration up_to(Duration longest) {
        return Duration(static_cast<int64_t>(below(static_cast<uint64_t>(longest.count()) + 1)));
    }

  private:
    uint64_t state_;
};

class SimClock final : public env::Clock {
  public:
    Instant now() override { return now_; }
    Timestamp wall() override {
        return wall_at_start_ + std::chrono::duration_cast<Milliseconds>(now_.since_start + wall_jump_).count();
    }
    void advance_to(Instant to) { now_ = to; }
    void jump_wall(Duration by) { wall_jump_ += by; }

  private:
    Instant now_;
    Duration wall_jump_{};
    Timestamp wall_at_start_{1'700'000'000'000};
};

class World {
  public:
    explicit World(uint64_t seed) : random(seed) {}

    SimRandom random;
    SimClock clock;
    bool prints_trace = false;

    void after(Duration delay, std::function<void()> event) {
        events_.push_back({clock.now() + delay, next_sequence_++, std::move(event)});
        std::push_heap(events_.begin(), events_.end());
    }

    // Runs events in the order of their time until `end`, or until `stop` says so after an event.
    void run_until(Instant end, const std::function<bool()>& stop) {
        while (!events_.empty() && events_.front().at <= end) {
            std::pop_heap(events_.begin(), events_.end());
            const Event event = std::move(events_.back());
            events_.pop_back();
            clock.advance_to(event.at);
            ++events_run_;
            event.run();
            if (stop()) return;
        }
        clock.advance_to(end);
    }

    // Folds what happened into the trace hash and keeps the last lines for the report of a failure.
    void trace(std::string_view what, int64_t a = 0, int64_t b = 0, int64_t c = 0);
    uint64_t trace_hash() const { return hash_; }
    uint64_t events_run() const { return events_run_; }
    std::vector<std::string> last_lines() const;

  private:
    struct Event {
        Instant at;
        uint64_t sequence;
        std::function<void()> run;
        bool operator<(const Event& other) const { return at != other.at ? at > other.at : sequence > other.sequence; }
    };
    struct Line {
        Instant at;
        std::string what;
        int64_t a, b, c;

        std::string text() const;
    };

    static constexpr size_t lines_kept = 200;

    std::vector<Event> events_;  // a heap: what is next is at its front
    uint64_t next_sequence_ = 0;
    uint64_t events_run_ = 0;
    uint64_t hash_ = 0xcbf29ce484222325;
    std::vector<Line> lines_;
    size_t next_line_ = 0;
};

}  // namespace milena::sim
