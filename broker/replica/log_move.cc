#include "replica/log_move.h"

#include <utility>

#include "base/log.h"

namespace milena::replica {

using storage::PartitionLog;

LogMove::LogMove(size_t target, std::unique_ptr<PartitionLog> copy)
    : target_(target), copy_(std::move(copy)), self_(std::make_shared<LogMove*>(this)) {}

LogMove::~LogMove() = default;

bool LogMove::has_all_of(const PartitionLog& log) const {
    return copy_->log_end_offset() == log.log_end_offset() && copy_->log_start_offset() <= log.log_start_offset();
}

void LogMove::copy_some(PartitionLog& log, size_t bytes_max, std::function<void(size_t bytes)> copied) {
    Result<void> aligned;
    if (copy_->log_end_offset() < log.log_start_offset())  // retention was faster
        aligned = copy_->truncate_fully_and_start_at(log.log_start_offset());
    else if (copy_->log_end_offset() > log.log_end_offset())  // the log was truncated
        has_failed_ = !copy_->truncate_to(log.log_end_offset()).has_value();
    has_failed_ = has_failed_ || !aligned.has_value();
    if (has_failed_ || has_all_of(log)) return copied(0);
    is_waiting_ = true;
    const storage::ReadRequest request{
        .from = copy_->log_end_offset(), .limit = log.log_end_offset(), .bytes_max = bytes_max, .at_least_one = true};
    log.read(request, [self = std::weak_ptr(self_), copied = std::move(copied)](Result<storage::ReadBatches> read) {
        if (const auto move = self.lock()) (*move)->append(std::move(read), copied);
    });
}

void LogMove::append(Result<storage::ReadBatches> read, const std::function<void(size_t bytes)>& copied) {
    is_waiting_ = false;
    if (!read.has_value() || read->parts.empty()) {
        // What can't be read now may be gone by retention: the next slice looks again.
        if (!read.has_value())
            log_warn("log not copied",
                     {{"topic", copy_->topic()}, {"partition", copy_->partition()}, {"error", read.error()}});
        return copied(0);
    }
    const auto appended = copy_->append_as_follower(read->parts);
    if (!appended.has_value()) {
        has_failed_ = true;
        log_error("copy of a log not written",
                  {{"topic", copy_->topic()}, {"partition", copy_->partition()}, {"error", appended.error()}});
    }
    copied(read->bytes);
}

void LogMove::sync() {
    is_waiting_ = true;
    copy_->checkpoint(
        [self = std::weak_ptr(self_)](Result<void> synced) {
            const auto move = self.lock();
            if (move == nullptr) return;
            (*move)->is_waiting_ = false;
            (*move)->was_synced_ = synced.has_value();
            (*move)->has_failed_ = !synced.has_value();
        },
        env::Urgency::background);
}

// Where an acknowledgement says that a record is durable, the copy must have it as durably.
bool LogMove::is_ready_for(const Replica& replica) const {
    const PartitionLog& log = replica.log();
    if (is_waiting_ || !has_all_of(log) || log.is_syncing() || copy_->is_syncing()) return false;
    return !replica.policy().demands_sync() || copy_->durable_offset() == copy_->log_end_offset();
}

bool LogMove::put_in_place(Replica& replica) {
    Result<void> placed = copy_->advance_log_start(replica.log().log_start_offset());
    if (placed.has_value()) placed = copy_->take_place();
    has_failed_ = !placed.has_value();
    if (has_failed_) return false;
    replica.log().stop_cleaning();
    old_ = replica.replace_log(std::move(copy_));
    return true;
}

void LogMove::finish(Replica& replica, std::function<void()> done) {
    is_waiting_ = true;
    replica.log().checkpoint(
        [self = std::weak_ptr(self_), done = std::move(done)](Result<void> synced) {
            const auto move = self.lock();
            if (move == nullptr) return;
            (*move)->is_waiting_ = false;
            if (synced.has_value()) return done();
            (*move)->has_failed_ = true;
        },
        env::Urgency::background);
}

void LogMove::remove_old() {
    if (old_ != nullptr) (void)old_->remove();
    old_ = nullptr;
}

void LogMove::cancel() {
    if (copy_ != nullptr) (void)copy_->remove();
    copy_ = nullptr;
}

}  // namespace milena::replica
