#include "storage/partition_log.h"

#include <algorithm>

#include "base/check.h"
#include "storage/cleaner.h"
#include "storage/recovery.h"

namespace milena::storage {

PartitionLog::PartitionLog(const LogEnvironment& environment, const OpenOptions& options, std::string path)
    : environment_(environment),
      config_(options.config),
      topic_(options.topic),
      path_(std::move(path)),
      partition_(options.partition),
      tail_(environment.cache) {}

Result<std::unique_ptr<PartitionLog>> PartitionLog::open(const LogEnvironment& environment,
                                                         const OpenOptions& options) {
    if (environment.directory.has_failed()) return unexpected(ErrorCode::kafka_storage_error);
    std::string path = environment.directory.path() + "/" +
                       (options.directory_name.empty() ? partition_directory_name(options.topic, options.partition)
                                                       : options.directory_name);
    ASSIGN_OR_RETURN(LogContent content, recover_log(environment, path, options));
    std::unique_ptr<PartitionLog> log(new PartitionLog(environment, options, std::move(path)));
    log->topic_id_ = content.topic_id;
    log->segments_ = std::move(content.segments);
    log->log_start_ = content.log_start_offset;
    log->log_end_ = content.log_end_offset;
    log->durable_ = content.durable_offset;
    log->recovery_point_ = content.recovery_point;
    log->epochs_ = std::move(content.epochs);
    log->epochs_changed_ = content.epochs_changed;
    // What the process before left un-synced, files as well as names, is still un-synced.
    log->was_interrupted_ = content.was_interrupted;
    log->was_cut_by_recovery_ = content.was_cut;
    log->was_cut_ = log->transactions_changed_ = content.was_interrupted;
    log->names_changed_ = content.was_interrupted || content.names_changed;
    if (content.was_interrupted) environment.directory.names_changed();
    log->producers_ = std::move(content.producers);
    log->snapshot_ = content.snapshot_offset;
    log->cleaned_to_ = options.cleaned_to;
    if (log->durable_ < log->log_end_) log->undurable_since_ = environment.clock.now();
    return log;
}

PartitionLog::~PartitionLog() {
    if (self_ != nullptr) *self_ = nullptr;
    if (next_round_ == nullptr) return;
    for (const SyncDone& done : next_round_->waiters) done(unexpected(ErrorCode::not_leader_or_follower));
}

Unexpected<ErrorCode> PartitionLog::failed(env::DiskError error, std::string_view what) const {
    return unexpected(environment_.directory.failed(error, what, path_));
}

std::shared_ptr<PartitionLog*> PartitionLog::self() {
    if (self_ == nullptr) self_ = std::make_shared<PartitionLog*>(this);
    return self_;
}

TimestampOffset PartitionLog::earliest() const {
    const auto entries = epochs_.entries();
    const bool is_known = !entries.empty() && entries.front().start_offset <= log_start_;
    return {no_timestamp, log_start_, is_known ? entries.front().epoch : no_leader_epoch};
}

TimestampOffset PartitionLog::latest() const { return {no_timestamp, log_end_, epochs_.latest()}; }

uint64_t PartitionLog::bytes() const {
    uint64_t bytes = 0;
    for (const Segment& segment : segments_) bytes += segment.bytes;
    return bytes;
}

uint64_t PartitionLog::bytes_from(Offset offset) const {
    double bytes = 0;
    Offset end = log_end_;
    for (auto segment = segments_.rbegin(); segment != segments_.rend() && end > offset; ++segment) {
        const Offset from = std::max(offset, segment->base_offset);
        const auto all = static_cast<double>(end - segment->base_offset);
        if (all > 0) bytes += static_cast<double>(segment->bytes) * static_cast<double>(end - from) / all;
        end = segment->base_offset;
    }
    return static_cast<uint64_t>(bytes);
}

Offset PartitionLog::last_stable_offset(Offset high_watermark) const {
    const auto unstable = producers_.first_unstable_offset(high_watermark);
    return unstable.has_value() ? std::min(*unstable, high_watermark) : high_watermark;
}

void PartitionLog::expire_producers() {
    producers_.expire(environment_.clock.wall() - config_->producer_id_expiration_ms.count());
}

void PartitionLog::assign_epoch(LeaderEpoch epoch) { epochs_changed_ |= epochs_.assign(epoch, log_end_); }

// The last segment that begins at or before `offset`; the first one if there is none.
size_t PartitionLog::segment_index(Offset offset) const {
    check(!segments_.empty());
    const auto after = std::upper_bound(segments_.begin(), segments_.end(), offset,
                                        [](Offset at, const Segment& segment) { return at < segment.base_offset; });
    return after == segments_.begin() ? 0 : static_cast<size_t>(after - segments_.begin()) - 1;
}

const PartitionLog::Cursor* PartitionLog::find_cursor(Offset offset) const {
    for (const Cursor& cursor : cursors_)
        if (cursor.offset == offset) return &cursor;
    return nullptr;
}

void PartitionLog::remember(const Cursor& cursor) {
    for (Cursor& known : cursors_)
        if (known.offset == cursor.offset) {
            known = cursor;
            return;
        }
    cursors_[cursor_next_] = cursor;
    cursor_next_ = static_cast<uint8_t>((cursor_next_ + 1U) % cursors_.size());
}

}  // namespace milena::storage
