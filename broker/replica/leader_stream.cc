#include "replica/leader_stream.h"

#include <algorithm>

#include "base/log.h"

namespace milena::replica {
namespace {

// Smaller grants wait for something else to be said.
constexpr uint64_t window_share = 8;

template <class T>
std::vector<T> take_up_to(std::vector<T>& from, size_t count_max) {
    if (from.size() <= count_max) return std::exchange(from, {});
    const auto end = from.begin() + static_cast<std::ptrdiff_t>(count_max);
    std::vector<T> taken(std::make_move_iterator(from.begin()), std::make_move_iterator(end));
    from.erase(from.begin(), end);
    return taken;
}

}  // namespace

LeaderStream::LeaderStream(FollowerPartitions& partitions, env::Clock& clock, LeaderStreamLimits limits,
                           std::function<void()> wake)
    : partitions_(partitions), clock_(clock), limits_(limits), wake_(std::move(wake)) {}

// --- what is to be followed
// ------------------------------------------------------------------------------------------

void LeaderStream::follow(std::span<const Wanted> wanted) {
    for (const Wanted& one : wanted)
        if (one.leader_epoch == no_leader_epoch)
            give_up(one.key);
        else
            want(one.key, one.leader_epoch);
    begin_due();
}

void LeaderStream::want(const PartitionKey& key, LeaderEpoch epoch) {
    Entry& entry = *followed_.try_emplace(key).first;
    Followed& followed = entry.second;
    followed.is_wanted = true;
    if (followed.leader_epoch == epoch) return;
    // Frames say their epoch: what still comes of the one before is passed over.
    followed.leader_epoch = epoch;
    pause(entry, false);
}

void LeaderStream::give_up(const PartitionKey& key) {
    const auto at = followed_.find(key);
    if (at == followed_.end()) return;
    Followed& followed = at->second;
    followed.is_wanted = false;
    // Kept until the leader's last frame, should it be followed again meanwhile.
    if (followed.state == State::following && followed.is_subscribed) end_subscription(*at);
    if (followed.state == State::ending) return;
    if (followed.due) due_.erase({*followed.due, key});
    followed_.erase(at);
}

void LeaderStream::end_subscription(Entry& entry) {
    entry.second.state = State::ending;
    unsubscribe_.push_back(entry.first);
    has_news();
}

// Begins again now, or after a while that grows.
void LeaderStream::pause(Entry& entry, bool backs_off) {
    Followed& followed = entry.second;
    if (followed.due) due_.erase({*followed.due, entry.first});
    followed.state = State::paused;
    followed.backoff =
        backs_off ? std::clamp(followed.backoff * 2, limits_.backoff_min, limits_.backoff_max) : Duration{};
    followed.due = clock_.now() + followed.backoff;
    due_.insert({*followed.due, entry.first});
}

void LeaderStream::begin_due() {
    if (!is_open_) return;
    const Instant now = clock_.now();
    std::vector<FollowStart> starts;
    while (!due_.empty() && due_.begin()->first <= now) {
        const PartitionKey key = due_.begin()->second;
        due_.erase(due_.begin());
        Followed& followed = followed_.at(key);
        followed.due.reset();
        followed.state = State::beginning;
        followed.attempt = ++attempts_;
        starts.push_back({key, followed.leader_epoch, followed.attempt});
    }
    if (!starts.empty()) partitions_.begin(std::move(starts));
}

std::optional<Instant> LeaderStream::next_due() const {
    if (!is_open_ || due_.empty()) return std::nullopt;
    return due_.begin()->first;
}

void LeaderStream::tick() { begin_due(); }

void LeaderStream::opened() {
    is_open_ = true;
    is_idle_ = true;
    attempts_before_ = attempts_;
    to_grant_ = limits_.window_bytes;
    has_news();
    begin_due();
}

void LeaderStream::closed() {
    is_open_ = false;
    subscribe_.clear();
    unsubscribe_.clear();
    dirty_.clear();
    metrics_.bytes_waiting = 0;
    std::erase_if(followed_, [](const Entry& entry) { return !entry.second.is_wanted; });
    for (Entry& entry : followed_) {
        entry.second.is_dirty = false;
        entry.second.attempt = 0;  // none
        pause(entry, false);
    }
}

// --- what the leader sends
// -------------------------------------------------------------------------------------------

void LeaderStream::receive(LeaderFrame frame) {
    if (!is_open_) return;
    metrics_.bytes_received += frame.records_bytes;
    std::vector<FollowedFrame> to_owners;
    size_t bytes_handed_on = 0;
    size_t bytes_passed_over = 0;
    for (PartitionFrame& partition : frame.partitions) {
        size_t bytes = 0;
        for (const Bytes& part : partition.records) bytes += part.size();
        (take(partition, to_owners) ? bytes_handed_on : bytes_passed_over) += bytes;
    }
    metrics_.bytes_waiting += bytes_handed_on;
    if (bytes_passed_over > 0) grant(bytes_passed_over);
    if (!to_owners.empty()) partitions_.receive(std::move(to_owners));
    begin_due();
}

// Whether it was handed on.
bool LeaderStream::take(PartitionFrame& frame, std::vector<FollowedFrame>& to_owners) {
    const auto at = followed_.find(frame.key);
    if (at == followed_.end() || at->second.leader_epoch != frame.leader_epoch) return false;
    Followed& followed = at->second;
    const bool is_last = frame.error != ErrorCode::none || frame.diverging;
    if (followed.state != State::following) {
        if (followed.state == State::ending && is_last) last_frame_came(*at);
        return false;
    }
    if (is_last && !frame.diverging && frame.error != ErrorCode::offset_out_of_range) {
        failed(*at, frame.error);
        return false;
    }
    // The owner truncates, and says where it goes on from.
    if (is_last) followed.state = State::beginning;
    to_owners.push_back({std::move(frame), followed.attempt});
    return true;
}

void LeaderStream::last_frame_came(Entry& entry) {
    if (entry.second.is_wanted)
        pause(entry, true);
    else
        followed_.erase(entry.first);
}

// --- what the owners report
// ------------------------------------------------------------------------------------------

void LeaderStream::report(std::span<const FollowReport> reports) {
    for (const FollowReport& one : reports) take_report(one);
    begin_due();
}

void LeaderStream::take_report(const FollowReport& report) {
    // What an earlier connection has brought is not this one's to grant.
    if (!is_open_ || report.attempt <= attempts_before_) return;
    if (report.bytes > 0) {
        metrics_.bytes_waiting -= std::min<uint64_t>(metrics_.bytes_waiting, report.bytes);
        grant(report.bytes);
    }
    const auto at = followed_.find(report.key);
    if (at == followed_.end() || at->second.attempt != report.attempt) return;
    Followed& followed = at->second;
    if (report.error != ErrorCode::none) {
        owner_failed(*at, report.error);
        return;
    }
    if (report.subscription) {
        if (followed.state != State::beginning) return;
        followed.state = State::following;
        followed.is_subscribed = false;
        followed.safe_end = no_offset;
        subscribe_.emplace_back(report.attempt, *report.subscription);
        has_news();
    }
    if (followed.state != State::following) return;
    const bool is_new = followed.safe_end != report.safe_end || followed.log_start_offset != report.log_start_offset;
    if (report.bytes > 0) followed.backoff = {};
    followed.safe_end = report.safe_end;
    followed.log_start_offset = report.log_start_offset;
    if (is_new) make_dirty(*at);
}

// The leader goes on until it is told; what it sent until then must not come behind what was lost.
void LeaderStream::owner_failed(Entry& entry, ErrorCode error) {
    if (entry.second.state == State::following && entry.second.is_subscribed)
        end_subscription(entry);
    else if (entry.second.state == State::following || entry.second.state == State::beginning)
        failed(entry, error);
}

void LeaderStream::failed(Entry& entry, ErrorCode error) {
    ++metrics_.failures;
    log_debug("partition not followed", {{"topic_id", entry.first.topic_id},
                                         {"partition", entry.first.partition},
                                         {"leader_epoch", entry.second.leader_epoch},
                                         {"error", error}});
    pause(entry, true);
}

void LeaderStream::make_dirty(Entry& entry) {
    if (std::exchange(entry.second.is_dirty, true)) return;
    dirty_.push_back(entry.first);
    has_news();
}

void LeaderStream::grant(size_t bytes) {
    to_grant_ += bytes;
    if (to_grant_ >= limits_.window_bytes / window_share) has_news();
}

void LeaderStream::has_news() {
    if (is_open_ && std::exchange(is_idle_, false)) wake_();
}

// --- what the leader is told
// -----------------------------------------------------------------------------------------

std::optional<FollowerFrame> LeaderStream::next_frame() {
    FollowerFrame frame;
    do {
        frame.unsubscribe = take_up_to(unsubscribe_, limits_.partitions_max);
        // In the order of things: nobody is subscribed anew before the end of the last time was asked for, and nothing
        // is acknowledged before its subscription.
        if (unsubscribe_.empty()) add_subscriptions(frame);
        if (unsubscribe_.empty() && subscribe_.empty()) add_acks(frame);
    } while (frame.is_empty() && !(subscribe_.empty() && dirty_.empty()));
    if (!frame.is_empty() || to_grant_ >= limits_.window_bytes / window_share)
        frame.bytes_granted = std::exchange(to_grant_, 0);
    is_idle_ = frame.is_empty();
    if (is_idle_) return std::nullopt;
    return frame;
}

void LeaderStream::add_subscriptions(FollowerFrame& frame) {
    for (auto& [attempt, subscription] : take_up_to(subscribe_, limits_.partitions_max)) {
        const auto at = followed_.find(subscription.key);
        if (at == followed_.end() || at->second.attempt != attempt) continue;
        if (at->second.state != State::following || at->second.is_subscribed) continue;
        at->second.is_subscribed = true;
        frame.subscribe.push_back(subscription);
    }
}

void LeaderStream::add_acks(FollowerFrame& frame) {
    for (const PartitionKey& key : take_up_to(dirty_, limits_.partitions_max)) {
        const auto at = followed_.find(key);
        if (at == followed_.end() || !std::exchange(at->second.is_dirty, false)) continue;
        const Followed& followed = at->second;
        if (followed.state == State::following)
            frame.acks.push_back({key, followed.leader_epoch, followed.safe_end, followed.log_start_offset});
    }
}

void LeaderStreamMetrics::add(const LeaderStreamMetrics& other) {
    partitions += other.partitions;
    following += other.following;
    bytes_received += other.bytes_received;
    bytes_waiting += other.bytes_waiting;
    failures += other.failures;
}

LeaderStreamMetrics LeaderStream::metrics() const {
    LeaderStreamMetrics metrics = metrics_;
    metrics.partitions = followed_.size();
    for (const auto& [key, followed] : followed_) metrics.following += followed.state == State::following;
    return metrics;
}

}  // namespace milena::replica
