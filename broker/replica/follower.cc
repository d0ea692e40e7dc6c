#include <algorithm>

#include "base/log.h"
#include "replica/replica.h"
#include "wire/record_batch.h"

namespace milena::replica {

void Replica::become_follower(LeaderEpoch epoch, NodeId leader) {
    check(epoch >= leader_epoch_);
    if (is_follower() && epoch == leader_epoch_ && leader == leader_) return;
    if (is_leader()) resign(epoch);
    role_ = Role::follower;
    leader_ = leader;
    leader_epoch_ = epoch;
    must_begin_ = true;
}

Result<Subscription> Replica::begin_following(LeaderEpoch epoch) {
    if (!is_follower()) return unexpected(ErrorCode::not_leader_or_follower);
    if (epoch != leader_epoch_)
        return unexpected(epoch < leader_epoch_ ? ErrorCode::fenced_leader_epoch : ErrorCode::unknown_leader_epoch);
    must_begin_ = false;
    const Offset end = log_->log_end_offset();
    const bool is_empty = end == log_->log_start_offset();
    return Subscription{.key = key_,
                        .leader_epoch = leader_epoch_,
                        .fetch_offset = end,
                        .last_fetched_epoch = is_empty ? no_leader_epoch : log_->epochs().epoch_of(end - 1),
                        .log_start_offset = log_->log_start_offset()};
}

Result<Replica::Step> Replica::follow(const PartitionFrame& frame) {
    if (!is_follower() || frame.leader_epoch != leader_epoch_) return unexpected(ErrorCode::fenced_leader_epoch);
    // What comes behind something that was lost would leave a hole.
    if (must_begin_) return unexpected(ErrorCode::operation_not_attempted);
    must_begin_ = true;
    if (frame.diverging || frame.error == ErrorCode::offset_out_of_range) return align(frame);
    if (frame.error != ErrorCode::none) return unexpected(frame.error);
    if (!frame.records.empty()) RETURN_IF_ERROR(append_followed(frame));
    const Offset committed = std::min(frame.high_watermark, log_->log_end_offset());
    raise_high_watermark(committed);
    const Offset start = std::min(frame.log_start_offset, high_watermark_);
    if (start > log_->log_start_offset()) RETURN_IF_ERROR(log_->advance_log_start(start));
    must_begin_ = false;
    return Step::applied;
}

// The logs part somewhere, or the leader has deleted what comes next here.
Result<Replica::Step> Replica::align(const PartitionFrame& frame) {
    if (!frame.diverging) {
        if (frame.log_start_offset <= log_->log_end_offset()) return unexpected(frame.error);
        RETURN_IF_ERROR(restart_at(frame.log_start_offset));
        return Step::begin_anew;
    }
    const Offset log_end = log_->log_end_offset();
    const storage::EpochEnd& end = *frame.diverging;
    if (end.end_offset < Offset{0}) return unexpected(ErrorCode::offset_out_of_range);
    // Both have the epoch up to where it ends first; what comes after that is for the next subscription to find.
    const storage::EpochEnd own = log_->end_offset_for(end.epoch);
    Offset to = std::min(end.end_offset, log_end);
    if (own.end_offset != no_offset) to = std::min(to, own.end_offset);
    RETURN_IF_ERROR(truncate(to));
    return Step::begin_anew;
}

Result<void> Replica::append_followed(const PartitionFrame& frame) {
    const Offset log_end = log_->log_end_offset();
    const auto first = wire::parse_batch_header(frame.records.front().span());
    if (!first.has_value()) return unexpected(ErrorCode::corrupt_message);
    // Records were deleted up to the middle of a batch: a log that begins there begins with all of the batch.
    const bool begins_within = first->base_offset < log_end && first->last_offset() >= log_end;
    if (begins_within && log_end == log_->log_start_offset()) {
        const Offset before = high_watermark_;
        RETURN_IF_ERROR(restart_at(first->base_offset));
        RETURN_IF_ERROR(log_->append_as_follower(frame.records));
        RETURN_IF_ERROR(log_->advance_log_start(log_end));
        high_watermark_ = std::max(high_watermark_, before);
    } else {
        RETURN_IF_ERROR(log_->append_as_follower(frame.records));
    }
    appended(log_->log_end_offset() - log_end);
    return {};
}

Result<void> Replica::truncate(Offset to) {
    const Offset end_before = log_->log_end_offset();
    const Offset recovery_point = log_->recovery_point();
    const Offset log_start = log_->log_start_offset();
    const Result<bool> truncated = log_->truncate_to(to);
    if (!truncated.has_value()) return unexpected(truncated.error());
    const Offset end = log_->log_end_offset();
    if (end < high_watermark_)
        log_error("committed records given up", {{"topic", log_->topic()},
                                                 {"partition", key_.partition},
                                                 {"leader", leader_},
                                                 {"leader_epoch", leader_epoch_},
                                                 {"high_watermark", high_watermark_},
                                                 {"log_end_before", end_before},
                                                 {"log_end", end}});
    was_truncated(recovery_point, log_start);
    return {};
}

Result<void> Replica::restart_at(Offset offset) {
    const Offset recovery_point = log_->recovery_point();
    const Offset log_start = log_->log_start_offset();
    RETURN_IF_ERROR(log_->truncate_fully_and_start_at(offset));
    local_point_ = std::max(local_point_, offset);
    high_watermark_ = std::max(high_watermark_, offset);
    was_truncated(recovery_point, log_start);
    return {};
}

void Replica::was_truncated(Offset recovery_point_before, Offset log_start_before) {
    ++truncations_;
    const Offset end = log_->log_end_offset();
    const bool is_behind_files = log_->recovery_point() < recovery_point_before ||
                                 log_->log_start_offset() < log_start_before || end < high_watermark_;
    high_watermark_ = std::min(high_watermark_, end);
    local_point_ = std::min(local_point_, end);
    sync_wanted_ = std::min(sync_wanted_, end);
    if (!is_behind_files || !context_.save_offsets) return;
    held_at_ = std::min(held_at_, end);
    save_offsets();
}

// After a crash the files say from where on the log has to be looked at: what takes the place of what was truncated
// would be trusted unseen.
void Replica::save_offsets() {
    must_save_ = is_saving_ = true;
    context_.save_offsets(key_, [self = handle(), truncations = truncations_](ErrorCode error) {
        const auto replica = self.lock();
        if (!replica) return;
        (*replica)->is_saving_ = false;
        // What failed, or came too early, is done again by look_after().
        if (error != ErrorCode::none || truncations != (*replica)->truncations_) return;
        (*replica)->must_save_ = false;
        (*replica)->held_at_ = unheld;
        (*replica)->raise_local_point((*replica)->local_point_);
    });
}

}  // namespace milena::replica
