// Which resources of a kind have gone lately, or are going. When most of them do at once nobody can have meant it, and
// nothing is deleted on their behalf for a while: somebody may still say so. Those that go with their namespace are
// told of one by one, and were meant all the same. Any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/time.h"
#include "kube/store.h"

namespace milena::reconcile {

struct VanishingTimes {
    Duration window = std::chrono::minutes(10);
    // Those that go at the same time are told of one after another: the first of them wait for the last.
    Duration settle = std::chrono::seconds(2);
};

class Vanishing {
  public:
    Vanishing(std::string kind, VanishingTimes times = {}) : kind_(std::move(kind)), times_(times) {}

    void note(const kube::Change& change, Instant now);
    bool goes(const kube::ObjectKey& key) const;
    // This namespace is being deleted, or gone, and what goes of it now was ordered with that.
    void order(const std::string& space);
    bool was_ordered(const kube::ObjectKey& key) const;
    // Of one that goes. Before that nobody knows how many do; zero: they are known.
    Duration settles_in(const kube::ObjectKey& key, Instant now) const;
    // Whether those are that nobody has ordered. `there` are all that the store has, those that are being deleted too.
    bool are_many(size_t there, Instant now);

  private:
    struct Going {
        Instant since;
        bool is_gone = false;
        bool was_ordered = false;
    };

    const std::string kind_;
    const VanishingTimes times_;
    mutable std::mutex mutex_;
    std::map<kube::ObjectKey, Going> going_;
    bool was_many_ = false;
};

}  // namespace milena::reconcile
