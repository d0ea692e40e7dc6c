#include "replica/follower_stream.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace milena::replica {
namespace {

constexpr double throttle_pause_ns_max = 3.6e12;  // an hour
// What a peer may grant at a time: more than any window.
constexpr uint64_t grant_bytes_max = 1ULL << 40;

// At what the rate holds back, of which there may be thousands.
constexpr Duration between_throttled_looks = std::chrono::milliseconds(100);

}  // namespace

FollowerStream::FollowerStream(Peer follower, FindReplica find, env::Clock& clock, FollowerStreamLimits limits,
                               std::function<void()> wake)
    : follower_(follower),
      find_(std::move(find)),
      clock_(clock),
      limits_(limits),
      wake_(std::move(wake)),
      self_(std::make_shared<FollowerStream*>(this)) {}

FollowerStream::~FollowerStream() {
    self_.reset();
    for (const Fed& fed : fed_)
        if (const auto replica = fed.replica.lock(); replica && fed.is_used) (*replica)->dismiss(follower_.node, *this);
}

// --- what comes in
// ---------------------------------------------------------------------------------------------------

void FollowerStream::receive(const FollowerFrame& frame) {
    for (const PartitionKey& key : frame.unsubscribe) {
        const auto at = by_key_.find(key);
        if (at == by_key_.end()) continue;  // it has ended by itself, which was said
        const LeaderEpoch epoch = fed_[at->second].leader_epoch;
        release(at->second);
        end({.key = key, .leader_epoch = epoch, .error = unsubscribed, .diverging = {}, .records = {}});
    }
    for (const Subscription& subscription : frame.subscribe) subscribe(subscription);
    for (const Ack& ack : frame.acks) {
        const auto at = by_key_.find(ack.key);
        if (at == by_key_.end() || fed_[at->second].leader_epoch != ack.leader_epoch) continue;
        const auto replica = fed_[at->second].replica.lock();
        if (replica) (*replica)->acknowledge(follower_.node, *this, ack);
    }
    if (frame.bytes_granted == 0) return;
    window_bytes_ += static_cast<int64_t>(std::min(frame.bytes_granted, grant_bytes_max));
    window_bytes_ = std::min(window_bytes_, static_cast<int64_t>(grant_bytes_max));
    if (!queue_.empty()) has_news();
}

void FollowerStream::subscribe(const Subscription& subscription) {
    if (const auto at = by_key_.find(subscription.key); at != by_key_.end()) release(at->second);
    PartitionFrame ending{
        .key = subscription.key, .leader_epoch = subscription.leader_epoch, .diverging = {}, .records = {}};
    const PartitionTable::Found found = find_(subscription.key);
    if (found.replica == nullptr) {
        ending.error = found.error;
        return end(std::move(ending));
    }
    Replica& replica = *found.replica;
    if (free_.empty()) {
        free_.push_back(static_cast<uint32_t>(fed_.size()));
        fed_.emplace_back();
    }
    const uint32_t index = free_.back();
    const Admission admission = replica.admit({follower_.node, follower_.broker_epoch, this, index}, subscription);
    if (!admission.is_granted()) {
        ending.error = admission.error;
        ending.diverging = admission.diverging;
        ending.high_watermark = replica.high_watermark();
        ending.log_start_offset = replica.log().log_start_offset();
        return end(std::move(ending));
    }
    free_.pop_back();
    fed_[index] = {};
    fed_[index].key = subscription.key;
    fed_[index].leader_epoch = subscription.leader_epoch;
    fed_[index].replica = replica.handle();
    fed_[index].subscription = ++subscriptions_;
    fed_[index].next = subscription.fetch_offset;
    fed_[index].is_used = true;
    by_key_.emplace(subscription.key, index);
    queue(index);
}

// The place is free again; where it stands in a queue, it is passed over.
void FollowerStream::release(uint32_t index) {
    Fed& fed = fed_[index];
    if (const auto replica = fed.replica.lock()) (*replica)->dismiss(follower_.node, *this);
    by_key_.erase(fed.key);
    if (fed.cold) --cold_count_;
    if (fed.is_queued) std::erase(queue_, index);
    if (fed.is_reading) std::erase(cold_queue_, index);
    if (fed.is_throttled) std::erase(throttled_, index);
    fed = {};
    free_.push_back(index);
}

void FollowerStream::end(PartitionFrame frame) {
    endings_.push_back(std::move(frame));
    has_news();
}

void FollowerStream::moved(uint32_t index) { queue(index); }

// The replica has let go of us: it needs no dismissal, and may be on its way out.
void FollowerStream::ended(uint32_t index, ErrorCode reason) {
    const PartitionKey key = fed_[index].key;
    const LeaderEpoch epoch = fed_[index].leader_epoch;
    fed_[index].replica.reset();
    release(index);
    end({.key = key, .leader_epoch = epoch, .error = reason, .diverging = {}, .records = {}});
}

void FollowerStream::queue(uint32_t index) {
    Fed& fed = fed_[index];
    if (fed.is_queued) return;
    fed.is_queued = true;
    queue_.push_back(index);
    has_news();
}

void FollowerStream::has_news() {
    has_news_ = true;
    if (is_collecting_ || !std::exchange(is_idle_, false)) return;
    wake_();
}

// --- what goes out
// ---------------------------------------------------------------------------------------------------

std::optional<LeaderFrame> FollowerStream::next_frame(size_t bytes_max) {
    LeaderFrame frame;
    is_collecting_ = true;
    do {
        has_news_ = false;
        while (!endings_.empty() && frame.partitions.size() < limits_.partitions_max) {
            frame.partitions.push_back(std::move(endings_.front()));
            endings_.pop_front();
        }
        begin_cold_reads();
        // Each at most once; who has more is behind them then.
        for (size_t count = queue_.size(); count > 0 && frame.partitions.size() < limits_.partitions_max; --count) {
            const uint32_t index = queue_.front();
            queue_.pop_front();
            fed_[index].is_queued = false;
            feed(index, frame, bytes_max);
        }
    } while (frame.partitions.empty() && has_news_);
    is_collecting_ = false;
    is_idle_ = frame.partitions.empty();
    if (is_idle_) return std::nullopt;
    window_bytes_ -= static_cast<int64_t>(frame.records_bytes);
    metrics_.bytes_sent += frame.records_bytes;
    ++metrics_.frames_sent;
    return frame;
}

// How much more the frame may take; a batch may be larger than that if it is the first.
size_t FollowerStream::room_in(const LeaderFrame& frame, size_t bytes_max) const {
    const int64_t window = window_bytes_ - static_cast<int64_t>(frame.records_bytes);
    if (window <= 0 || frame.records_bytes >= bytes_max) return 0;
    return std::min({bytes_max - frame.records_bytes, static_cast<size_t>(window), limits_.partition_bytes_max});
}

void FollowerStream::feed(uint32_t index, LeaderFrame& frame, size_t bytes_max) {
    Fed& fed = fed_[index];
    const auto handle = fed.replica.lock();
    if (!handle) return;
    Replica& replica = **handle;
    storage::PartitionLog& log = replica.log();
    storage::ReadBatches read;
    read.next_offset = fed.next;
    const size_t room = room_in(frame, bytes_max);
    const bool has_records = fed.next < log.log_end_offset() && !fed.is_reading;
    const bool must_wait = has_records && must_wait_for_rate(index, replica);
    if (has_records && room > 0 && !must_wait) {
        std::optional<Result<storage::ReadBatches>> ready;
        if (fed.cold) {
            const bool fits = !fed.cold->has_value() || (*fed.cold)->bytes <= room || frame.records_bytes == 0;
            if (fits) {
                --cold_count_;
                ready = std::exchange(fed.cold, std::nullopt);
            }
        } else {
            ready = log.read_now({.from = fed.next,
                                  .limit = log.log_end_offset(),
                                  .bytes_max = room,
                                  .at_least_one = frame.records_bytes == 0});
            if (!ready) {
                fed.is_reading = true;
                cold_queue_.push_back(index);
                begin_cold_reads();
            }
        }
        if (ready && !ready->has_value()) return fail(index, replica, ready->error());
        if (ready) read = std::move(**ready);
        if (ReplicationThrottle* throttle = replica.throttle_of(follower_.node))
            throttle->charge(read.bytes, clock_.now());
    }
    add(fed, replica, std::move(read), frame);
    if (fed.next < log.log_end_offset() && !fed.is_reading && !fed.is_queued && !must_wait) {
        fed.is_queued = true;
        queue_.push_back(index);
    }
}

// What was read from the device already may not keep others from it.
bool FollowerStream::must_wait_for_rate(uint32_t index, Replica& replica) {
    Fed& fed = fed_[index];
    if (fed.cold) return false;
    const ReplicationThrottle* throttle = replica.throttle_of(follower_.node);
    if (throttle == nullptr || throttle->is_open(clock_.now())) return false;
    if (!std::exchange(fed.is_throttled, true)) throttled_.push_back(index);
    return true;
}

void FollowerStream::add(Fed& fed, const Replica& replica, storage::ReadBatches read, LeaderFrame& frame) {
    const Offset log_start = replica.log().log_start_offset();
    const bool is_new = fed.high_watermark != replica.high_watermark() || fed.log_start_offset != log_start;
    if (read.parts.empty() && !is_new) return;
    fed.next = read.next_offset;
    fed.high_watermark = replica.high_watermark();
    fed.log_start_offset = log_start;
    frame.records_bytes += read.bytes;
    frame.partitions.push_back({.key = fed.key,
                                .leader_epoch = fed.leader_epoch,
                                .error = ErrorCode::none,
                                .diverging = {},
                                .high_watermark = fed.high_watermark,
                                .log_start_offset = log_start,
                                .records = std::move(read.parts)});
}

void FollowerStream::fail(uint32_t index, const Replica& replica, ErrorCode error) {
    const Fed& fed = fed_[index];
    log_warn("follower not fed", {{"topic", replica.log().topic()},
                                  {"partition", fed.key.partition},
                                  {"follower", follower_.node},
                                  {"from", fed.next},
                                  {"error", error}});
    PartitionFrame ending{.key = fed.key,
                          .leader_epoch = fed.leader_epoch,
                          .error = error,
                          .diverging = {},
                          .high_watermark = replica.high_watermark(),
                          .log_start_offset = replica.log().log_start_offset(),
                          .records = {}};
    release(index);
    end(std::move(ending));
}

// --- what isn't in memory
// --------------------------------------------------------------------------------------------

void FollowerStream::tick() {
    begin_cold_reads();
    if (throttled_.empty() || clock_.now() < throttled_look_at_) return;
    throttled_look_at_ = clock_.now() + between_throttled_looks;
    // Who still has to wait will be there again.
    for (const uint32_t index : std::exchange(throttled_, {})) {
        fed_[index].is_throttled = false;
        queue(index);
    }
}

void FollowerStream::begin_cold_reads() {
    while (!cold_queue_.empty() && cold_count_ < limits_.cold_reads_max && clock_.now() >= cold_allowed_from_) {
        const uint32_t index = cold_queue_.front();
        cold_queue_.pop_front();
        if (const auto replica = fed_[index].replica.lock()) read_cold(index, **replica);
    }
}

void FollowerStream::read_cold(uint32_t index, Replica& replica) {
    ++cold_count_;
    ++metrics_.cold_reads;
    const Fed& fed = fed_[index];
    const storage::ReadRequest request{.from = fed.next,
                                       .limit = replica.log().log_end_offset(),
                                       .bytes_max = limits_.partition_bytes_max,
                                       .at_least_one = true};
    replica.log().read_cold(request, [stream = std::weak_ptr(self_), index,
                                      subscription = fed.subscription](Result<storage::ReadBatches> read) {
        if (const auto self = stream.lock()) (*self)->cold_arrived(index, subscription, std::move(read));
    });
}

void FollowerStream::cold_arrived(uint32_t index, uint32_t subscription, Result<storage::ReadBatches> read) {
    if (read.has_value()) {
        const double cost = static_cast<double>(read->bytes) / std::max(limits_.cold_bytes_per_second, 1.0) * 1e9;
        const auto pause = Duration(static_cast<int64_t>(std::min(cost, throttle_pause_ns_max)));
        cold_allowed_from_ = std::max(cold_allowed_from_, clock_.now()) + pause;
    }
    Fed& fed = fed_[index];
    if (!fed.is_used || fed.subscription != subscription) {
        --cold_count_;
        return begin_cold_reads();
    }
    fed.is_reading = false;
    fed.cold = std::move(read);
    queue(index);
}

FollowerStreamMetrics FollowerStream::metrics() const {
    FollowerStreamMetrics metrics = metrics_;
    metrics.partitions = by_key_.size();
    metrics.window_bytes = window_bytes_;
    return metrics;
}

}  // namespace milena::replica
