#include "server/fetch_wait.h"

#include <algorithm>
#include <map>

namespace milena::server {

using replica::FetchOutcome;
using replica::Replica;

// The part of a fetch that one shard does; touched by that shard's thread only.
class FetchWait::Watcher : public std::enable_shared_from_this<Watcher> {
  public:
    // Called on the owner.
    using Report = std::function<void(Findings, bool is_first)>;

    struct Item {
        size_t index;  // in the plan
        replica::PartitionKey key;
        replica::FetchRequest request;  // moves on with what was read
        Offset seen_high_watermark;     // at the last reading
        replica::WaiterId waiter = 0;   // 0: not waiting
        bool is_woken = false;
    };

    explicit Watcher(shard::Shard& owner) : owner_(owner) {}

    void add(const Item& item) { items_.push_back(item); }
    void limit(size_t bytes_max) { bytes_left_ = bytes_max; }
    shard::Shard& owner() const { return owner_; }

    void read_all(Report report) {
        report_ = std::move(report);
        for (Item& item : items_) item.is_woken = true;
        read_woken(0);
    }

    void watch() {
        if (is_stopped_) return;
        is_watching_ = true;
        for (size_t i = 0; i < items_.size(); ++i) arm(i);
    }

    void stop() {
        is_stopped_ = true;
        report_ = nullptr;
        for (Item& item : items_) disarm(item);
    }

  private:
    // One after the other, because what the first ones give is not left for the others. A read from the device comes
    // back later; the loop goes on from there.
    void read_woken(size_t i) {
        is_reading_ = true;
        for (; i < items_.size() && !is_stopped_; ++i) {
            if (!std::exchange(items_[i].is_woken, false)) continue;
            if (!read_one(i)) return;
        }
        is_reading_ = false;
        if (is_stopped_) return;
        report_(std::exchange(findings_, {}), std::exchange(is_first_, false));
        if (!is_watching_) return;
        for (size_t k = 0; k < items_.size(); ++k) arm(k);
    }

    // False if the rest has to wait for a device.
    bool read_one(size_t i) {
        Item& item = items_[i];
        const auto found = owner_.partitions().use(item.key);
        if (found.replica == nullptr) {
            FetchOutcome outcome;
            outcome.error = found.error;
            take(i, std::move(outcome));
            return true;
        }
        item.seen_high_watermark = found.replica->high_watermark();
        replica::FetchRequest request = item.request;
        request.bytes_max = std::min(request.bytes_max, bytes_left_);
        request.at_least_one = !has_data_;
        // Shared with the callback: it says whether the answer came at once.
        auto state = std::make_shared<ReadState>();
        found.replica->fetch(request, [self = shared_from_this(), i, state](FetchOutcome outcome) {
            self->take(i, std::move(outcome));
            state->is_done = true;
            if (state->has_returned) self->read_woken(i + 1);
        });
        state->has_returned = true;
        return state->is_done;
    }

    void take(size_t i, FetchOutcome outcome) {
        Item& item = items_[i];
        shard::TopicTraffic& traffic = owner_.traffic(item.key.topic_id);
        ++traffic.fetch_requests;
        traffic.fetched_bytes += outcome.bytes;
        if (outcome.error != ErrorCode::none) ++traffic.fetch_failures;
        if (outcome.bytes > 0) {
            has_data_ = true;
            item.request.from = outcome.next_offset;
            // What follows was checked with what came before.
            item.request.last_fetched_epoch = no_leader_epoch;
            item.request.bytes_max -= std::min(item.request.bytes_max, outcome.bytes);
            bytes_left_ -= std::min(bytes_left_, outcome.bytes);
        }
        findings_.push_back({item.index, std::move(outcome)});
    }

    void arm(size_t i) {
        Item& item = items_[i];
        const bool has_room = !has_data_ || (item.request.bytes_max > 0 && bytes_left_ > 0);
        if (is_stopped_ || item.waiter != 0 || !has_room) return;
        if (item.is_woken) return schedule();
        const auto found = owner_.partitions().use(item.key);
        if (found.replica == nullptr || found.replica->high_watermark() > item.seen_high_watermark) return woken(i);
        item.waiter = found.replica->when_readable(item.seen_high_watermark, [weak = weak_from_this(), i](ErrorCode) {
            const auto self = weak.lock();
            if (!self) return;
            self->items_[i].waiter = 0;
            self->woken(i);
        });
    }

    void disarm(Item& item) {
        if (item.waiter == 0) return;
        if (Replica* replica = owner_.partitions().find(item.key)) replica->stop_waiting(item.waiter);
        item.waiter = 0;
    }

    // Not read from here: the replica that wakes us is in the middle of an append, and more may follow.
    void woken(size_t i) {
        items_[i].is_woken = true;
        schedule();
    }

    void schedule() {
        if (std::exchange(is_scheduled_, true)) return;
        owner_.post([self = shared_from_this()] {
            self->is_scheduled_ = false;
            // A reading that is under way comes back here at its end.
            if (!self->is_stopped_ && !self->is_reading_) self->read_woken(0);
        });
    }

    struct ReadState {
        bool is_done = false;
        bool has_returned = false;
    };

    shard::Shard& owner_;
    std::vector<Item> items_;
    Findings findings_;
    size_t bytes_left_ = 0;
    Report report_;
    bool is_first_ = true;
    bool has_data_ = false;
    bool is_reading_ = false;
    bool is_watching_ = false;
    bool is_scheduled_ = false;
    bool is_stopped_ = false;
};

// Where memory is short a client that has read everything waits as ever: it would only ask again at once, and so would
// all others.
void limit_bytes(FetchPlan& plan, const FetchLimits& limits) {
    plan.bytes_max = std::min(limits.bytes_max, limits.room);
    plan.bytes_min = std::min({limits.bytes_min, limits.bytes_max, std::max<size_t>(limits.room, 1)});
}

std::shared_ptr<FetchWait> FetchWait::start(const shard::Shards& shards, shard::Shard& home, FetchPlan plan,
                                            Done done) {
    auto wait = std::make_shared<FetchWait>(shards, home, std::move(plan), std::move(done));
    wait->read_all();
    return wait;
}

FetchWait::FetchWait(const shard::Shards& shards, shard::Shard& home, FetchPlan plan, Done done)
    : home_(home), plan_(std::move(plan)), done_(std::move(done)), outcomes_(plan_.items.size()) {
    std::vector<std::shared_ptr<Watcher>> by_shard(shards.size());
    for (size_t i = 0; i < plan_.items.size(); ++i) {
        const FetchItem& item = plan_.items[i];
        shard::Shard& owner = shards.owner_of(item.key);
        std::shared_ptr<Watcher>& watcher = by_shard[owner.id().value];
        if (!watcher) watcher = std::make_shared<Watcher>(owner);
        watcher->add({.index = i, .key = item.key, .request = item.request, .seen_high_watermark = no_offset});
    }
    for (auto& watcher : by_shard)
        if (watcher) watchers_.push_back(std::move(watcher));
}

void FetchWait::read_all() {
    shards_missing_ = watchers_.size();
    if (watchers_.empty()) return finish();
    const auto watchers = watchers_;  // what one finds at once may end it all
    // Each shard gets its part of the room, unless one of them alone may have to find enough.
    const size_t share = plan_.bytes_max / watchers.size() + 1;
    const size_t bytes_max = share >= plan_.bytes_min ? share : plan_.bytes_max;
    for (const auto& watcher : watchers) {
        watcher->limit(bytes_max);
        shard::run_on(watcher->owner(), [self = shared_from_this(), watcher] {
            watcher->read_all([self](Findings findings, bool is_first) {
                auto shared = std::make_shared<Findings>(std::move(findings));
                shard::run_on(self->home_, [self, shared, is_first] { self->found(*shared, is_first); });
            });
        });
    }
}

void FetchWait::found(Findings& findings, bool is_first) {
    if (!done_) return;
    if (is_first) --shards_missing_;
    for (Finding& finding : findings) {
        FetchOutcome& known = outcomes_[finding.index];
        FetchOutcome& fresh = finding.outcome;
        bytes_ += fresh.bytes;
        has_reason_to_answer_ |=
            fresh.error != ErrorCode::none || fresh.diverging.has_value() || fresh.closer_replica != no_node;
        if (known.bytes > 0) {
            fresh.records.insert(fresh.records.begin(), known.records.begin(), known.records.end());
            fresh.aborted.insert(fresh.aborted.begin(), known.aborted.begin(), known.aborted.end());
            fresh.bytes += known.bytes;
        }
        known = std::move(fresh);
    }
    if (shards_missing_ > 0) return;
    if (is_enough()) return finish();
    if (!is_watching_) watch();
}

bool FetchWait::is_enough() const {
    return bytes_ >= plan_.bytes_min || has_reason_to_answer_ || plan_.wait_max <= Duration{};
}

void FetchWait::watch() {
    is_watching_ = true;
    deadline_ = home_.loop().after(plan_.wait_max, [self = shared_from_this()] { self->finish(); });
    const auto watchers = watchers_;
    for (const auto& watcher : watchers) shard::run_on(watcher->owner(), [watcher] { watcher->watch(); });
}

void FetchWait::cancel() {
    done_ = nullptr;
    finish();
}

void FetchWait::finish() {
    home_.loop().cancel(deadline_);
    for (const auto& watcher : std::exchange(watchers_, {}))
        shard::run_on(watcher->owner(), [watcher] { watcher->stop(); });
    const Done done = std::exchange(done_, nullptr);
    if (!done) return;
    trim();
    done(std::move(outcomes_));
}

// Each shard kept to the limit by itself; together they may have found too much. The client asks for the rest again.
void FetchWait::trim() {
    size_t left = plan_.bytes_max;
    bool has_data = false;
    for (FetchOutcome& outcome : outcomes_) {
        if (outcome.bytes <= left) {
            left -= outcome.bytes;
        } else if (has_data) {
            size_t kept = 0;
            size_t bytes = 0;
            while (bytes + outcome.records[kept].size() <= left) bytes += outcome.records[kept++].size();
            outcome.records.erase(outcome.records.begin() + static_cast<ptrdiff_t>(kept), outcome.records.end());
            outcome.bytes = bytes;
            left -= bytes;
        } else {
            left = 0;
        }
        has_data |= outcome.bytes > 0;
    }
}

}  // namespace milena::server
