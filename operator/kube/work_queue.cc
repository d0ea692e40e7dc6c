#include "kube/work_queue.h"

#include <algorithm>

#include "base/check.h"

namespace milena::kube {

void WorkQueue::add(const ObjectKey& key, Priority priority) {
    {
        const std::lock_guard lock(mutex_);
        push(key, priority);
    }
    changed_.notify_one();
}

void WorkQueue::push(const ObjectKey& key, Priority priority) {
    if (is_closed_) return;
    if (const auto busy = in_flight_.find(key); busy != in_flight_.end()) {
        busy->second = std::min(busy->second.value_or(priority), priority);
        return;
    }
    Instant since = clock_.now();
    if (const Instant then = earliest(key); then > since) return schedule_at_latest(key, then, priority);
    if (const auto old = waiting_.find(key); old != waiting_.end()) {
        if (old->second.rank.first <= priority) return;
        since = old->second.since;
        ready_.erase(old->second.rank);
    }
    const Rank rank{priority, ++added_};
    ready_.emplace(rank, key);
    waiting_.insert_or_assign(key, Waiting{rank, since});
}

void WorkQueue::add_after(const ObjectKey& key, Duration delay, Priority priority) {
    if (delay <= Duration::zero()) return add(key, priority);
    {
        const std::lock_guard lock(mutex_);
        schedule_at_latest(key, std::max(clock_.now() + delay, earliest(key)), priority);
    }
    changed_.notify_one();
}

// In place of what was due.
void WorkQueue::schedule(const ObjectKey& key, Instant due, Priority priority) {
    if (is_closed_) return;
    if (const auto old = delayed_.find(key); old != delayed_.end()) due_.erase({old->second.due, key});
    delayed_.insert_or_assign(key, Delayed{due, priority});
    due_.emplace(due, key);
}

void WorkQueue::schedule_at_latest(const ObjectKey& key, Instant due, Priority priority) {
    if (const auto old = delayed_.find(key); old != delayed_.end()) {
        due = std::min(due, old->second.due);
        priority = std::min(priority, old->second.priority);
    }
    schedule(key, due, priority);
}

Instant WorkQueue::earliest(const ObjectKey& key) const {
    const auto found = not_before_.find(key);
    return found == not_before_.end() ? Instant{} : found->second;
}

void WorkQueue::promote_due(Instant now) {
    while (!due_.empty() && due_.begin()->first <= now) {
        const ObjectKey key = due_.begin()->second;
        const Priority priority = delayed_.at(key).priority;
        due_.erase(due_.begin());
        delayed_.erase(key);
        push(key, priority);
    }
}

std::optional<ObjectKey> WorkQueue::pop() {
    promote_due(clock_.now());
    if (ready_.empty()) return std::nullopt;
    const ObjectKey key = ready_.begin()->second;
    ready_.erase(ready_.begin());
    waiting_.erase(key);
    in_flight_.emplace(key, std::nullopt);
    return key;
}

std::optional<ObjectKey> WorkQueue::try_take() {
    const std::lock_guard lock(mutex_);
    return is_closed_ ? std::nullopt : pop();
}

std::optional<ObjectKey> WorkQueue::take() {
    std::unique_lock lock(mutex_);
    while (!is_closed_) {
        if (auto key = pop()) return key;
        if (due_.empty())
            changed_.wait(lock);
        else
            changed_.wait_for(lock, due_.begin()->first - clock_.now());
    }
    return std::nullopt;
}

void WorkQueue::done(const ObjectKey& key) {
    {
        const std::lock_guard lock(mutex_);
        const auto busy = in_flight_.find(key);
        check(busy != in_flight_.end());
        const auto again = busy->second;
        in_flight_.erase(busy);
        if (again) push(key, *again);
    }
    changed_.notify_one();
}

void WorkQueue::retry(const ObjectKey& key, std::optional<Milliseconds> retry_after) {
    {
        const std::lock_guard lock(mutex_);
        ++retries_;
        const Instant now = clock_.now();
        Instant due = now + delay_after(++failures_[key], backoff_, std::nullopt, random_);
        if (retry_after) {
            // With jitter of its own, for those that an event brings back before a longer delay is over.
            const Instant then = now + delay_after(1, {*retry_after, *retry_after}, std::nullopt, random_);
            not_before_.insert_or_assign(key, then);
            due = std::max(due, then);
        }
        schedule(key, std::max(due, earliest(key)), Priority::resync);
    }
    changed_.notify_one();
}

void WorkQueue::forget(const ObjectKey& key) {
    const std::lock_guard lock(mutex_);
    failures_.erase(key);
    not_before_.erase(key);
}

void WorkQueue::close() {
    {
        const std::lock_guard lock(mutex_);
        is_closed_ = true;
    }
    changed_.notify_all();
}

QueueStats WorkQueue::stats() const {
    const std::lock_guard lock(mutex_);
    QueueStats stats{ready_.size(), delayed_.size(), in_flight_.size(), added_, retries_, {}};
    const Instant now = clock_.now();
    for (const auto& [key, waiting] : waiting_) stats.oldest = std::max(stats.oldest, now - waiting.since);
    return stats;
}

}  // namespace milena::kube
