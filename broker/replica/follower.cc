#include <algorithm>
#include <utility>

#include "base/log.h"
#include "replica/replica.h"

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
    if (!is_settled_) settle();
    if (!is_settled_) return unexpected(ErrorCode::operation_not_attempted);
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

// The logs part somewhere, or the leader has deleted what comes next here, or what tells whether they are the same.
Result<Replica::Step> Replica::align(const PartitionFrame& frame) {
    if (!frame.diverging) {
        if (frame.log_start_offset < log_->log_end_offset()) return unexpected(frame.error);
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
    // With what the leader has deleted nothing can be compared. Should it come back after a crash, it must be the same.
    const bool is_all_deleted = to <= frame.log_start_offset;
    RETURN_IF_ERROR(is_all_deleted ? restart_at(frame.log_start_offset) : truncate(to));
    return Step::begin_anew;
}

Result<void> Replica::append_followed(const PartitionFrame& frame) {
    if (log_->has_no_room()) return unexpected(ErrorCode::kafka_storage_error);
    const Offset log_end = log_->log_end_offset();
    const auto taken = log_->append_as_follower(frame.records);
    // A disk that is full may have taken the first of them.
    if (log_->log_end_offset() > log_end) appended(log_->log_end_offset() - log_end);
    if (!taken.has_value()) return unexpected(taken.error());
    return {};
}

Result<void> Replica::truncate(Offset to) {
    return cut([&] { return log_->truncate_to(to); });
}

Result<void> Replica::restart_at(Offset offset) {
    return cut([&]() -> Result<void> {
        RETURN_IF_ERROR(log_->truncate_fully_and_start_at(offset));
        local_point_ = std::max(local_point_, offset);
        high_watermark_ = std::max(high_watermark_, offset);
        return {};
    });
}

template <class Change>
Result<void> Replica::cut(Change&& change) {
    const Offset end_before = log_->log_end_offset();
    const Offset recovery_point_before = log_->recovery_point();
    const Offset log_start_before = log_->log_start_offset();
    RETURN_IF_ERROR(change());
    const Offset end = log_->log_end_offset();
    if (end < high_watermark_)
        log_error("committed records given up", {{"topic", log_->topic()},
                                                 {"partition", key_.partition},
                                                 {"leader", leader_},
                                                 {"leader_epoch", leader_epoch_},
                                                 {"high_watermark", high_watermark_},
                                                 {"log_end_before", end_before},
                                                 {"log_end", end}});
    must_save_ |= log_->recovery_point() < recovery_point_before || log_->log_start_offset() < log_start_before ||
                  end < high_watermark_;
    high_watermark_ = std::min(high_watermark_, end);
    local_point_ = std::min(local_point_, end);
    sync_wanted_ = std::min(sync_wanted_, end);
    has_cut_ = true;
    is_settled_ = false;
    settle();
    return {};
}

// A power cut may bring back what was cut off, in parts: between records that were written over it, it would be taken
// for one of them. And after a crash the checkpoint files say from where on the log has to be looked at: what takes the
// place of what was cut off would be trusted unseen. So first the one goes, then the others are told, and then the log
// goes on.
void Replica::settle() {
    if (std::exchange(is_settling_, true)) return;
    log_->sync([self = handle()](Result<void> synced) {
        if (const auto replica = self.lock()) (*replica)->cut_is_durable(synced);
    });
}

void Replica::cut_is_durable(Result<void> synced) {
    if (!synced.has_value() || !must_save_ || !context_.save_offsets) return settled(synced.has_value());
    context_.save_offsets(key_, [self = handle()](ErrorCode error) {
        if (const auto replica = self.lock()) (*replica)->settled(error == ErrorCode::none);
    });
}

// What failed is done again when it is asked for.
void Replica::settled(bool is_done) {
    is_settling_ = false;
    if (!is_done) return;
    is_settled_ = true;
    has_cut_ = must_save_ = false;
}

}  // namespace milena::replica
