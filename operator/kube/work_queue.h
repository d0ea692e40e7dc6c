// Keys of objects that somebody should look at: each at most once, and never at two workers' at a time; one that is
// added while it is looked at is looked at again. Any thread.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "env/clock.h"
#include "env/random.h"
#include "kube/backoff.h"
#include "kube/object.h"

namespace milena::kube {

// What a person waits for comes first.
enum class Priority : uint8_t { user_edit, status, resync };

struct QueueStats {
    size_t ready = 0;
    size_t delayed = 0;
    size_t in_flight = 0;
    uint64_t added = 0;
    uint64_t retries = 0;
    Duration oldest{};  // how long the first of those that are ready has waited
};

class WorkQueue {
  public:
    WorkQueue(env::Clock& clock, env::Random& random,
              Backoff backoff = {Milliseconds(5), std::chrono::duration_cast<Duration>(std::chrono::minutes(5))})
        : clock_(clock), random_(random), backoff_(backoff) {}

    // Something has happened to it: now, whatever is due later; but not before a server that was too busy has said.
    void add(const ObjectKey& key, Priority priority = Priority::status);
    // When `delay` has passed; the earliest of several counts.
    void add_after(const ObjectKey& key, Duration delay, Priority priority = Priority::resync);

    // Waits for a key. Nothing: the queue was closed. Whoever takes one says done() afterwards.
    std::optional<ObjectKey> take();
    // Doesn't wait.
    std::optional<ObjectKey> try_take();
    void done(const ObjectKey& key);

    // It failed once more: again after a delay that doubles, in place of what was due before. What `retry_after` says
    // is cut short by nothing. Said before done(), so that what was added meanwhile is held back as well.
    void retry(const ObjectKey& key, std::optional<Milliseconds> retry_after = std::nullopt);
    void forget(const ObjectKey& key);  // it went well

    void close();
    QueueStats stats() const;

  private:
    using Rank = std::pair<Priority, uint64_t>;  // the first come of the same priority first

    struct Waiting {
        Rank rank;
        Instant since;
    };
    struct Delayed {
        Instant due;
        Priority priority;
    };

    void push(const ObjectKey& key, Priority priority);
    void schedule(const ObjectKey& key, Instant due, Priority priority);
    void schedule_at_latest(const ObjectKey& key, Instant due, Priority priority);
    Instant earliest(const ObjectKey& key) const;
    void promote_due(Instant now);
    std::optional<ObjectKey> pop();

    env::Clock& clock_;
    env::Random& random_;
    const Backoff backoff_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool is_closed_ = false;
    uint64_t added_ = 0;
    uint64_t retries_ = 0;
    std::map<Rank, ObjectKey> ready_;
    std::map<ObjectKey, Waiting> waiting_;  // those in ready_
    std::map<ObjectKey, Delayed> delayed_;
    std::set<std::pair<Instant, ObjectKey>> due_;             // those in delayed_
    std::map<ObjectKey, std::optional<Priority>> in_flight_;  // with what was added meanwhile
    std::map<ObjectKey, int> failures_;
    std::map<ObjectKey, Instant> not_before_;  // as a server that was too busy has said
};

}  // namespace milena::kube
