// Deadlines: what shall happen when, for thousands of members that put off their end again and again. Putting one off
// touches no queue: the entry that is there finds, when its time comes, that it was put off, and goes to the new place.
// Used by the thread of the coordinator that owns it; reads no clock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.h"

namespace milena::group {

inline constexpr Instant never{Duration::max()};

class Deadlines;

// One thing that may come to its end. Destroying it calls it off.
class Deadline {
  public:
    Deadline() = default;
    Deadline(Deadlines& deadlines, std::function<void()> expire);
    Deadline(Deadline&&) = default;
    Deadline& operator=(Deadline&& other) noexcept;
    ~Deadline();

    void set(Instant due);
    void cancel() { set(never); }
    bool is_set() const;

  private:
    friend class Deadlines;
    void let_go();
    struct State {
        Deadlines& deadlines;
        std::function<void()> expire;  // may set the deadline again, or destroy it
        Instant due = never;
        Instant queued = never;  // the time of the entry that counts; others of this deadline are leftovers
    };

    std::shared_ptr<State> state_;
};

class Deadlines {
  public:
    Deadlines() = default;
    Deadlines(const Deadlines&) = delete;
    Deadlines& operator=(const Deadlines&) = delete;

    // When to call run_due() at the latest; `never` if nothing is set. May be early: a deadline was put off since.
    Instant next() const { return heap_.empty() ? never : heap_.front().at; }
    // In the order of their times.
    void run_due(Instant now);

  private:
    friend class Deadline;
    struct Entry {
        Instant at;
        uint64_t sequence;
        std::shared_ptr<Deadline::State> state;
        bool operator<(const Entry& other) const { return at != other.at ? at > other.at : sequence > other.sequence; }
    };

    void put(const std::shared_ptr<Deadline::State>& state);
    Entry take_first();
    void one_destroyed();

    std::vector<Entry> heap_;  // the earliest first
    uint64_t next_sequence_ = 0;
    size_t destroyed_count_ = 0;  // entries whose deadline is gone, at most
};

}  // namespace milena::group
