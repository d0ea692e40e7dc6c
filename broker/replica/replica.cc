#include "replica/replica.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace milena::replica {

using storage::PartitionLog;

namespace {

// How far a log that was just opened is as safe as the policy asks.
Offset safe_point(const PartitionLog& log, const TopicPolicy& policy) {
    if (!policy.is_fsynced_before_acknowledgement()) return log.log_end_offset();
    return std::max(log.durable_offset(), log.log_start_offset());
}

// Of a refused append Kafka tells where the log starts if its log has looked at the batch, and not just at its frame.
bool is_told_where_log_starts(ErrorCode error) {
    return error != ErrorCode::not_leader_or_follower && error != ErrorCode::corrupt_message &&
           error != ErrorCode::message_too_large && error != ErrorCode::unsupported_compression_type &&
           error != ErrorCode::kafka_storage_error;
}

}  // namespace

Replica::Replica(PartitionKey key, std::unique_ptr<PartitionLog> log, std::shared_ptr<const TopicPolicy> policy,
                 ReplicaContext& context)
    : key_(key),
      log_(std::move(log)),
      policy_(std::move(policy)),
      context_(context),
      is_settled_(!log_->was_interrupted()),
      has_cut_(log_->was_cut_by_recovery()),
      must_save_(has_cut_),
      local_point_(safe_point(*log_, *policy_)),
      high_watermark_(log_->log_start_offset()),
      sync_wanted_(log_->log_end_offset()),
      self_(std::make_shared<Replica*>(this)) {}

Replica::~Replica() { resign(leader_epoch_); }

void Replica::resign(LeaderEpoch epoch) {
    role_ = Role::none;
    leader_ = no_node;
    leader_epoch_ = std::max(leader_epoch_, epoch);
    end_subscriptions();
    waiters_.fail_all(ErrorCode::not_leader_or_follower);
}

void Replica::configure(std::shared_ptr<const TopicPolicy> policy) {
    if (policy == policy_) return;
    policy_ = std::move(policy);
    log_->configure(policy_->log);
    if (isr_) advance_high_watermark();  // it may have waited for more replicas than are asked for now
}

std::unique_ptr<PartitionLog> Replica::replace_log(std::unique_ptr<PartitionLog> log) {
    check(log->log_end_offset() == log_->log_end_offset());
    check(!log->is_syncing() && !log_->is_syncing());
    log->configure(policy_->log);
    if (is_leader() && log->latest_epoch() < leader_epoch_) log->assign_epoch(leader_epoch_);
    std::swap(log_, log);
    return log;
}

ProduceOutcome Replica::refused(ErrorCode error) const {
    ProduceOutcome outcome;
    outcome.error = error;
    if (is_told_where_log_starts(error)) outcome.log_start_offset = log_->log_start_offset();
    return outcome;
}

ErrorCode Replica::reason_to_wait(bool demands_all_replicas) const {
    if (!is_leader() || must_settle()) return ErrorCode::not_leader_or_follower;
    if (log_->has_no_room()) return ErrorCode::kafka_storage_error;
    if (!demands_all_replicas) return ErrorCode::none;
    if (is_forsaken()) return ErrorCode::not_leader_or_follower;
    return isr_size() < min_isr() ? ErrorCode::not_enough_replicas : ErrorCode::none;
}

ProduceOutcome Replica::produce(const ProduceRequest& request, wire::Codecs& codecs) {
    if (const ErrorCode error = reason_to_wait(request.demands_all_replicas); error != ErrorCode::none) {
        log_->refused(request.batch, error);
        return refused(error);
    }
    wire::ValidationRules rules = policy_->rules;
    rules.now = request.now;
    rules.accepts_zstd = request.accepts_zstd;
    // The received frame belongs to this request alone, and this is the one place where it is written to.
    const std::span received(const_cast<std::byte*>(request.batch.data()), request.batch.size());
    auto batch = wire::validate_produced(received, rules, codecs);
    if (!batch.has_value()) {
        ProduceOutcome outcome = refused(batch.error().code);
        outcome.message = batch.error().message;
        outcome.record_errors = batch.error().record_errors;
        return outcome;
    }
    storage::LeaderAppend append;
    append.batch = batch->rebuilt ? Bytes::from(std::move(*batch->rebuilt)) : request.batch;
    append.owner_bytes = batch->rebuilt ? 0 : request.owner_bytes;
    append.epoch = leader_epoch_;
    const Result<storage::Appended> written = log_->append_as_leader(std::move(append));
    if (!written.has_value()) return refused(written.error());

    ProduceOutcome outcome;
    outcome.base_offset = written->first_offset;
    outcome.last_offset = written->last_offset;
    outcome.log_start_offset = log_->log_start_offset();
    if (written->is_duplicate) {  // its own time, of whatever type that is
        outcome.log_append_time = written->duplicate_timestamp;
        return outcome;
    }
    if (policy_->rules.timestamp_type == wire::TimestampType::log_append_time) outcome.log_append_time = request.now;
    appended(written->last_offset - written->first_offset + 1);
    return outcome;
}

Result<Offset> Replica::append(Bytes batch) {
    if (const ErrorCode error = reason_to_wait(true); error != ErrorCode::none) return unexpected(error);
    if (batch.size() > policy_->rules.bytes_max) return unexpected(ErrorCode::message_too_large);
    storage::LeaderAppend append;
    append.batch = std::move(batch);
    append.epoch = leader_epoch_;
    append.origin = storage::AppendOrigin::coordinator;
    ASSIGN_OR_RETURN(const storage::Appended written, log_->append_as_leader(std::move(append)));
    appended(written.last_offset - written.first_offset + 1);
    return written.last_offset;
}

// What a policy demands of an append: nothing, so that the local point is the log end; or a sync, which the local point
// waits for. While one sync is under way further appends gather behind it, and the next one covers them all.
void Replica::appended(int64_t records) {
    if (isr_) tell_watchers();
    records_since_sync_ += records;
    if (records_since_sync_ >= policy_->flush_messages) {
        records_since_sync_ = 0;
        sync_wanted_ = log_->log_end_offset();
        if (!is_syncing_) begin_sync();
    }
    if (sync_wanted_ <= local_point_) raise_local_point(log_->log_end_offset());
}

void Replica::begin_sync() {
    is_syncing_ = true;
    const Offset end = log_->log_end_offset();
    log_->sync([self = handle(), end](Result<void> result) {
        if (const auto replica = self.lock()) (*replica)->synced(end, result);
    });
}

void Replica::synced(Offset end, Result<void> result) {
    is_syncing_ = false;
    if (!result.has_value()) {
        // Not durable and never will be: the log says so from now on, and nobody may be told that it was.
        sync_error_ = result.error();
        waiters_.fail_all(sync_error_);
        return;
    }
    flushed(end);
    if (sync_wanted_ > end) begin_sync();
}

void Replica::raise_local_point(Offset to) {
    local_point_ = std::max(local_point_, to);
    waiters_.passed(Point::local, safe_end());
    if (is_leader()) advance_high_watermark();
}

void Replica::raise_high_watermark(Offset to) {
    if (to <= high_watermark_) return;
    high_watermark_ = to;
    waiters_.passed(Point::high_watermark, high_watermark_);
}

void Replica::remember_high_watermark(Offset offset) {
    high_watermark_ = std::clamp(offset, high_watermark_, std::max(high_watermark_, safe_end()));
}

bool Replica::is_acknowledged(Offset last_offset, Acknowledgement wanted) const {
    return last_offset < (wanted == Acknowledgement::local ? safe_end() : high_watermark_);
}

WaiterId Replica::when_acknowledged(Offset last_offset, Acknowledgement wanted, Waiters::Wake wake) {
    if (sync_error_ != ErrorCode::none) {
        wake(sync_error_);
        return 0;
    }
    const Point point = wanted == Acknowledgement::local ? Point::local : Point::high_watermark;
    return waiters_.add(point, last_offset, std::move(wake));
}

WaiterId Replica::when_readable(Offset from, Waiters::Wake wake) {
    return waiters_.add(Point::high_watermark, from, std::move(wake));
}

void Replica::stop_waiting(WaiterId id) { waiters_.remove(id); }

ErrorCode Replica::check_leader_epoch(LeaderEpoch current_leader_epoch, bool leader_only) const {
    if (!is_leader() && !is_follower()) return ErrorCode::not_leader_or_follower;
    const ErrorCode role_error = is_leader() || !leader_only ? ErrorCode::none : ErrorCode::not_leader_or_follower;
    if (current_leader_epoch == no_leader_epoch) return role_error;
    if (current_leader_epoch < leader_epoch_) return ErrorCode::fenced_leader_epoch;
    if (current_leader_epoch > leader_epoch_) return ErrorCode::unknown_leader_epoch;
    return role_error;
}

storage::EpochEnd Replica::end_offset_for(LeaderEpoch epoch) const {
    if (is_leader() && epoch == leader_epoch_) return {.epoch = epoch, .end_offset = log_->log_end_offset()};
    return log_->end_offset_for(epoch);
}

FetchOutcome Replica::fetch_head(const FetchRequest& request) const {
    FetchOutcome outcome;
    outcome.next_offset = request.from;
    outcome.error = check_leader_epoch(request.current_leader_epoch, request.leader_only);
    // Replicas among ourselves ask in another way: whoever says here that it is one, is none that we know. Kafka tells
    // a replica that it doesn't know to try again.
    if (outcome.error == ErrorCode::none && request.is_replica)
        outcome.error = request.current_leader_epoch == no_leader_epoch ? ErrorCode::not_leader_or_follower
                                                                        : ErrorCode::unknown_leader_epoch;
    if (outcome.error != ErrorCode::none) return outcome;
    outcome.high_watermark = high_watermark_;
    outcome.last_stable_offset = last_stable_offset();
    outcome.log_start_offset = log_->log_start_offset();
    if (request.last_fetched_epoch != no_leader_epoch) {
        const storage::EpochEnd end = end_offset_for(request.last_fetched_epoch);
        if (end.end_offset == no_offset) {
            outcome.error = ErrorCode::offset_out_of_range;
            return outcome;
        }
        if (is_diverging(end, request.from, request.last_fetched_epoch)) {
            outcome.diverging = end;
            return outcome;
        }
    }
    if (request.from < log_->log_start_offset() || request.from > log_->log_end_offset()) {
        outcome.error = ErrorCode::offset_out_of_range;
        outcome.high_watermark = no_offset;
        outcome.last_stable_offset = no_offset;
        outcome.log_start_offset = no_offset;
    }
    return outcome;
}

void Replica::fetch(const FetchRequest& request, std::function<void(FetchOutcome)> done) {
    FetchOutcome outcome = fetch_head(request);
    if (outcome.error == ErrorCode::none && !outcome.diverging) outcome.closer_replica = closer_replica(request);
    Offset limit = request.committed_only ? outcome.last_stable_offset : outcome.high_watermark;
    if (request.is_uncommitted) limit = log_->log_end_offset();
    if (outcome.error == ErrorCode::none && request.from >= limit && is_forsaken())
        outcome.error = ErrorCode::not_leader_or_follower;
    if (outcome.error != ErrorCode::none || outcome.diverging || outcome.closer_replica != no_node ||
        request.from >= limit || (request.bytes_max == 0 && !request.at_least_one)) {
        done(std::move(outcome));
        return;
    }
    storage::ReadRequest read;
    read.from = request.from;
    read.limit = limit;
    read.bytes_max = request.bytes_max;
    read.at_least_one = request.at_least_one;
    read.may_refer = request.may_refer;
    if (auto ready = log_->read_now(read)) {
        finish_fetch(request, std::move(*ready), outcome);
        done(std::move(outcome));
        return;
    }
    log_->read_cold(read, [self = handle(), request, outcome = std::move(outcome),
                           done = std::move(done)](Result<storage::ReadBatches> batches) mutable {
        if (const auto replica = self.lock())
            (*replica)->finish_fetch(request, std::move(batches), outcome);
        else
            outcome.error = ErrorCode::not_leader_or_follower;
        done(std::move(outcome));
    });
}

void Replica::finish_fetch(const FetchRequest& request, Result<storage::ReadBatches> read,
                           FetchOutcome& outcome) const {
    if (!read.has_value()) {
        outcome.error = read.error();
        return;
    }
    outcome.records.assign(read->parts.begin(), read->parts.end());
    if (read->range) outcome.records.push_back(*std::move(read->range));
    outcome.bytes = read->bytes;
    outcome.next_offset = read->next_offset;
    if (!request.committed_only || outcome.records.empty()) return;
    auto aborted = log_->aborted_transactions(request.from, outcome.next_offset);
    if (aborted.has_value()) {
        outcome.aborted = std::move(*aborted);
        return;
    }
    outcome.error = aborted.error();
    outcome.records.clear();
    outcome.bytes = 0;
    outcome.next_offset = request.from;
}

Result<Offset> Replica::delete_records(Offset before) {
    if (!is_leader()) return unexpected(ErrorCode::not_leader_or_follower);
    const Offset target = before == Offset{-1} ? high_watermark_ : before;
    if (target < Offset{0} || target > high_watermark_) return unexpected(ErrorCode::offset_out_of_range);
    RETURN_IF_ERROR(log_->advance_log_start(target));
    if (isr_) tell_watchers();
    return log_->log_start_offset();
}

Offset Replica::low_watermark() const {
    Offset low = log_->log_start_offset();
    for (const Isr::Follower& follower : followers())
        if (context_.active_brokers.contains(follower.node)) low = std::min(low, follower.log_start_offset);
    return low;
}

WaiterId Replica::when_deleted(Offset before, Waiters::Wake wake) {
    return waiters_.add(Point::low_watermark, before - 1, std::move(wake));
}

// A copy has deleted records, or its broker lives no longer.
void Replica::tell_deletions() {
    if (waiters_.may_wait_for(Point::low_watermark)) waiters_.passed(Point::low_watermark, low_watermark());
}

Result<void> Replica::delete_old_segments() {
    ASSIGN_OR_RETURN(const size_t removed, log_->delete_old_segments(high_watermark_));
    if (removed > 0) {
        log_info("segments deleted", {{"topic", log_->topic()},
                                      {"partition", key_.partition},
                                      {"count", removed},
                                      {"log_start_offset", log_->log_start_offset()}});
        high_watermark_ = std::max(high_watermark_, log_->log_start_offset());
        if (isr_) tell_watchers();
    }
    return {};
}

bool Replica::is_flush_due(Instant now) const {
    const auto since = log_->undurable_since();
    if (!since || is_syncing_ || policy_->flush_ms == settings::TopicConfig::never) return false;
    return now - *since >= Milliseconds(policy_->flush_ms);
}

void Replica::flush(Flush what, env::Urgency urgency, std::function<void()> done) {
    const Offset end = log_->log_end_offset();
    auto flushed = [self = handle(), end, done = std::move(done)](Result<void> result) {
        // What failed is tried again, unless the directory has failed, which is told to everyone who asks.
        const auto replica = self.lock();
        if (replica && result.has_value()) (*replica)->flushed(end);
        done();
    };
    if (what == Flush::checkpoint)
        log_->checkpoint(std::move(flushed), urgency);
    else
        log_->sync(std::move(flushed), urgency);
}

void Replica::flushed(Offset end) { raise_local_point(sync_wanted_ > end ? end : log_->log_end_offset()); }

}  // namespace milena::replica
