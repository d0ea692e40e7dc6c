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

    void add(const ObjectKey& key, Priority priority = Priority::status);
    // Not before `delay` has passed; the earliest of several counts.
    void add_after(const ObjectKey& key, Duration delay, Priority priority = Priority::resync);

    // Waits for a key. Nothing: the queue was closed. Whoever takes one says done() afterwards.
    std::optional<ObjectKey> take();
    // Doesn't wait.
    std::optional<ObjectKey> try_take();
    void done(const ObjectKey& key);

    // It failed once more: again after a delay that doubles, and not before a server said.
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
};

}  // namespace milena::kube
