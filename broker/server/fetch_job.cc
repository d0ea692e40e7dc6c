#include "server/fetch_job.h"

#include <algorithm>
#include <utility>

namespace milena::server {

FetchJob::FetchJob(Context& context, FetchPlan plan, Finish finish)
    : shards_(context.shards),
      home_(context.shard),
      plan_(std::move(plan)),
      finish_(std::move(finish)),
      outcomes_(plan_.items.size()) {}

void FetchJob::start() {
    const auto shard_count = static_cast<uint32_t>(shards_.size());
    std::vector<std::vector<size_t>> indexes(shard_count);
    for (size_t i = 0; i < plan_.items.size(); ++i)
        indexes[replica::shard_of(plan_.items[i].key, shard_count)].push_back(i);
    for (size_t s = 0; s < shard_count; ++s) {
        if (indexes[s].empty()) continue;
        Part& part = parts_.emplace_back();
        part.owner = &shards_[s];
        part.indexes = std::move(indexes[s]);
    }
    for (Part& part : parts_) part.bytes_max = plan_.bytes_max / parts_.size();
    parts_missing_ = parts_.size();
    if (parts_.empty()) {
        parts_missing_ = 1;
        return part_handed_over();
    }
    for (Part& part : parts_) tell(part, &FetchJob::read_all);
}

void FetchJob::abandon() {
    if (phase_ == Phase::watching) collect_all();
}

void FetchJob::tell(Part& part, void (FetchJob::*message)(Part&)) {
    shard::run_on(*part.owner, [self = shared_from_this(), &part, message] { (*self.*message)(part); });
}

void FetchJob::tell_home(std::function<void()> message) {
    shard::run_on(home_, [self = shared_from_this(), message = std::move(message)] { message(); });
}

// --- on the shard of the part ----------------------------------------------------------------------------------------

void FetchJob::read_all(Part& part) {
    part.is_collected = true;
    part.reads_pending = 1;  // so that nothing is handed over before all have been asked for
    for (const size_t index : part.indexes) read(part, index);
    --part.reads_pending;
    hand_over_if_read(part);
}

void FetchJob::read(Part& part, size_t index) {
    const auto found = part.owner->partitions().use(plan_.items[index].key);
    ++part.reads_pending;
    if (found.replica == nullptr) {
        replica::FetchOutcome outcome;
        outcome.error = found.error;
        return read_done(part, index, std::move(outcome));
    }
    replica::FetchRequest request = plan_.items[index].request;
    request.bytes_max = std::min(request.bytes_max, part.bytes_max - std::min(part.bytes_max, part.bytes));
    request.at_least_one = part.bytes == 0;
    found.replica->fetch(request, [self = shared_from_this(), &part, index](replica::FetchOutcome outcome) {
        self->read_done(part, index, std::move(outcome));
    });
}

void FetchJob::read_done(Part& part, size_t index, replica::FetchOutcome outcome) {
    --part.reads_pending;
    const bool had_data = outcome.bytes > 0;
    part.bytes += outcome.bytes;
    part.has_news = part.has_news || outcome.error != ErrorCode::none || outcome.diverging.has_value();
    outcomes_[index] = std::move(outcome);
    if (part.is_collected) return hand_over_if_read(part);
    if (!part.is_watching) return;
    // Woken for what doesn't fit any more: it stays for the next request.
    if (had_data) watch(part, index);
    tell_home([this, &part, bytes = part.bytes, has_news = part.has_news] { part_progressed(part, bytes, has_news); });
}

void FetchJob::watch_all(Part& part) {
    part.is_collected = false;
    part.is_watching = true;
    for (const size_t index : part.indexes) watch(part, index);
}

void FetchJob::watch(Part& part, size_t index) {
    const auto wake = [self = shared_from_this(), &part, index](ErrorCode error) {
        // Not within the append that wakes: a few appends in a row are read at once.
        part.owner->post([self, &part, index, error] { self->woken(part, index, error); });
    };
    const auto found = part.owner->partitions().use(plan_.items[index].key);
    if (found.replica == nullptr) return wake(found.error);
    const replica::Replica& replica = *found.replica;
    const bool committed_only = plan_.items[index].request.committed_only;
    const Offset next = outcomes_[index].next_offset;
    // It may have moved since it was read.
    if (next < (committed_only ? replica.last_stable_offset() : replica.high_watermark())) return wake(ErrorCode::none);
    part.waiters.emplace_back(index, found.replica->when_readable(next, wake));
}

void FetchJob::woken(Part& part, size_t index, ErrorCode error) {
    if (part.is_collected) return;
    std::erase_if(part.waiters, [index](const auto& waiter) { return waiter.first == index; });
    if (error == ErrorCode::none) {
        // From the beginning again: a longer run of batches than before.
        part.bytes -= std::min(part.bytes, outcomes_[index].bytes);
        return read(part, index);
    }
    outcomes_[index].error = error;
    part.has_news = true;
    tell_home([this, &part, bytes = part.bytes] { part_progressed(part, bytes, true); });
}

void FetchJob::collect(Part& part) {
    for (const auto& [index, id] : std::exchange(part.waiters, {}))
        if (replica::Replica* replica = part.owner->partitions().find(plan_.items[index].key))
            replica->stop_waiting(id);
    part.is_watching = false;
    part.is_collected = true;
    hand_over_if_read(part);
}

void FetchJob::hand_over_if_read(Part& part) {
    if (part.reads_pending == 0) tell_home([this] { part_handed_over(); });
}

// --- at home ---------------------------------------------------------------------------------------------------------

void FetchJob::part_handed_over() {
    if (--parts_missing_ > 0) return;
    for (Part& part : parts_) {
        part.reported_bytes = part.bytes;
        part.reported_news = part.has_news;
    }
    if (phase_ == Phase::collecting || plan_.answers_at_once || plan_.wait_max <= Duration::zero() || is_enough())
        return finish();
    phase_ = Phase::watching;
    deadline_ = home_.loop().after(plan_.wait_max, [self = shared_from_this()] {
        self->deadline_ = {};
        if (self->phase_ == Phase::watching) self->collect_all();
    });
    for (Part& part : parts_) tell(part, &FetchJob::watch_all);
}

bool FetchJob::is_enough() const {
    if (plan_.items.empty()) return true;
    size_t bytes = 0;
    for (const Part& part : parts_) {
        if (part.reported_news) return true;
        bytes += part.reported_bytes;
    }
    return bytes >= plan_.bytes_min;
}

void FetchJob::part_progressed(Part& part, size_t bytes, bool has_news) {
    part.reported_bytes = bytes;
    part.reported_news = has_news;
    if (phase_ == Phase::watching && is_enough()) collect_all();
}

void FetchJob::collect_all() {
    phase_ = Phase::collecting;
    parts_missing_ = parts_.size();
    for (Part& part : parts_) tell(part, &FetchJob::collect);
}

void FetchJob::finish() {
    phase_ = Phase::finished;
    home_.loop().cancel(deadline_);
    const Finish call = std::exchange(finish_, nullptr);
    call(std::move(outcomes_));
}

}  // namespace milena::server
