#include <algorithm>
#include <utility>

#include "base/log.h"
#include "replica/closest_replica.h"
#include "replica/replica.h"

namespace milena::replica {
namespace {

// By then the image must have come; else the answer was lost, or was about something else.
constexpr Duration image_awaited_max = std::chrono::seconds(10);

std::string text_of(const std::vector<NodeId>& nodes) {
    std::string text;
    for (const NodeId node : nodes) text += (text.empty() ? "" : ",") + std::to_string(node.value);
    return text;
}

}  // namespace

void Replica::become_leader(const Leadership& leadership) {
    check(leadership.epoch >= leader_epoch_);
    const bool is_new = !is_leader() || leadership.epoch != leader_epoch_;
    if (is_new) {
        end_subscriptions();
        role_ = Role::leader;
        leader_ = context_.node;
        leader_epoch_ = leadership.epoch;
        leader_epoch_start_ = log_->log_end_offset();
        log_->assign_epoch(leader_epoch_);
    }
    replicas_size_ = static_cast<uint32_t>(std::max<size_t>(leadership.replicas.size(), 1));
    replication_factor_ = replicas_size_ - static_cast<uint32_t>(leadership.adding_count);
    const bool is_alone = leadership.replicas.size() <= 1;
    if (is_alone)
        end_subscriptions();
    else if (!isr_)
        isr_ = std::make_unique<Isr>(context_.node);
    if (isr_ && (is_new || leadership.partition_epoch > isr_->partition_epoch())) {
        const size_t size_before = isr_->committed().size();
        dismiss_others(leadership.replicas);
        isr_->commit(leadership, context_.clock.now());
        const bool was_known = !is_new && size_before > 0;
        if (was_known && isr_->committed().size() < size_before) ++context_.isr_shrinks;
        if (was_known && isr_->committed().size() > size_before) ++context_.isr_expands;
    }
    if (must_settle()) settle();
    raise_local_point(local_point_);
    seek_growth();
}

void Replica::end_subscriptions() {
    const std::unique_ptr<Isr> isr = std::move(isr_);
    if (!isr) return;
    for (const Isr::Follower& follower : isr->followers())
        if (follower.watcher != nullptr) follower.watcher->ended(follower.tag, ErrorCode::not_leader_or_follower);
}

// Those that are replicas no longer.
void Replica::dismiss_others(const std::vector<NodeId>& replicas) {
    for (Isr::Follower& follower : isr_->followers()) {
        if (follower.watcher == nullptr || std::ranges::find(replicas, follower.node) != replicas.end()) continue;
        std::exchange(follower.watcher, nullptr)->ended(follower.tag, ErrorCode::not_leader_or_follower);
    }
}

void Replica::tell_watchers() {
    if (!isr_) return;
    for (const Isr::Follower& follower : isr_->followers())
        if (follower.watcher != nullptr) follower.watcher->moved(follower.tag);
}

void Replica::advance_high_watermark() {
    const Offset before = high_watermark_;
    raise_high_watermark(isr_ ? isr_->committed_end(safe_end(), min_isr()) : safe_end());
    if (isr_ && high_watermark_ > before) tell_watchers();
}

std::optional<storage::EpochEnd> Replica::divergence(const Subscription& subscription) const {
    const storage::EpochEnd whole{.epoch = log_->latest_epoch(), .end_offset = log_->log_end_offset()};
    if (subscription.last_fetched_epoch != no_leader_epoch) {
        storage::EpochEnd end = end_offset_for(subscription.last_fetched_epoch);
        // An epoch that is beyond all of ours: what it has of them is for its own log to say.
        if (end.end_offset == no_offset) end = whole;
        if (is_diverging(end, subscription.fetch_offset, subscription.last_fetched_epoch)) return end;
    }
    if (subscription.fetch_offset > whole.end_offset) return whole;
    return std::nullopt;
}

// It ends where our log starts, with an epoch that is older than all that ours still has: whether it is the same can't
// be seen any more.
bool Replica::is_incomparable(const Subscription& subscription) const {
    const Offset start = log_->log_start_offset();
    return subscription.fetch_offset == start && subscription.last_fetched_epoch != no_leader_epoch &&
           subscription.last_fetched_epoch < log_->epochs().epoch_of(start);
}

Admission Replica::admit(const Applicant& applicant, const Subscription& subscription) {
    if (!is_leader()) return {.error = ErrorCode::not_leader_or_follower, .diverging = {}};
    if (const ErrorCode error = check_leader_epoch(subscription.leader_epoch); error != ErrorCode::none)
        return {.error = error, .diverging = {}};
    Isr::Follower* follower = isr_ ? isr_->find(applicant.node) : nullptr;
    // It may know of a reassignment that hasn't come here yet.
    if (follower == nullptr) return {.error = ErrorCode::unknown_leader_epoch, .diverging = {}};
    if (follower->watcher != nullptr && follower->watcher != applicant.watcher)
        std::exchange(follower->watcher, nullptr)->ended(follower->tag, ErrorCode::not_leader_or_follower);
    if (const auto diverging = divergence(subscription)) return {.error = ErrorCode::none, .diverging = diverging};
    if (is_incomparable(subscription) || subscription.fetch_offset < log_->log_start_offset())
        return {.error = ErrorCode::offset_out_of_range, .diverging = {}};
    Isr::begin(*follower, subscription.fetch_offset, subscription.log_start_offset);
    follower->broker_epoch = applicant.broker_epoch;
    follower->watcher = applicant.watcher;
    follower->tag = applicant.tag;
    return {};
}

void Replica::dismiss(NodeId node, const ReplicaWatcher& watcher) {
    Isr::Follower* follower = isr_ ? isr_->find(node) : nullptr;
    if (follower == nullptr || follower->watcher != &watcher) return;
    follower->watcher = nullptr;
    follower->is_awaited = false;
    advance_high_watermark();
}

ReplicationThrottle* Replica::throttle_of(NodeId node) {
    if (!policy_->throttled_leaders.contains(key_.partition, context_.node)) return nullptr;
    const Isr::Follower* follower = isr_ ? isr_->find(node) : nullptr;
    return follower == nullptr || follower->is_in_sync ? nullptr : &context_.leader_throttle;
}

NodeId Replica::closer_replica(const FetchRequest& request) const {
    if (!request.close_brokers || !is_leader()) return no_node;
    if (std::ranges::find(*request.close_brokers, context_.node) != request.close_brokers->end()) return no_node;
    return closest_replica(followers(), *request.close_brokers, request.from);
}

void Replica::acknowledge(NodeId node, const ReplicaWatcher& watcher, const Ack& ack) {
    Isr::Follower* follower = isr_ && ack.leader_epoch == leader_epoch_ ? isr_->find(node) : nullptr;
    if (follower == nullptr || follower->watcher != &watcher) return;
    const Instant now = context_.clock.now();
    const Offset log_end = log_->log_end_offset();
    Isr::acknowledge(*follower, std::min(ack.safe_end, log_end), log_end, now);
    follower->log_start_offset = ack.log_start_offset;
    tell_deletions();
    if (!follower->is_in_sync)
        follower->is_awaited = may_ask() && follower->has_caught_up(log_end, now, context_.lag_time_max) &&
                               context_.may_join(node, follower->broker_epoch);
    advance_high_watermark();
    if (!follower->is_in_sync) seek_growth();
}

// --- the set of in-sync replicas
// -------------------------------------------------------------------------------------

bool Replica::may_ask() const { return isr_ && context_.propose && !isr_->is_quiet(context_.clock.now()); }

bool Replica::is_forsaken() const {
    return is_leader() && isr_ && context_.may_be_fenced() && (isr_->is_left() || isr_->is_stuck(context_.clock.now()));
}

void Replica::look_after() {
    if (is_leader() && must_settle()) settle();
    tell_deletions();
    const Instant now = context_.clock.now();
    if (isr_) isr_->note_progress(high_watermark_, log_->log_end_offset(), now);
    // Who waits here would wait until its own time is up.
    if (is_forsaken()) waiters_.fail_all(ErrorCode::not_leader_or_follower);
    if (!may_ask()) return;
    bool has_let_go = false;
    for (Isr::Follower& follower : isr_->followers()) {
        const bool is_late = !follower.has_caught_up(log_->log_end_offset(), now, context_.lag_time_max);
        if (!follower.is_awaited || !(is_late || !context_.may_join(follower.node, follower.broker_epoch))) continue;
        follower.is_awaited = false;
        has_let_go = true;
    }
    if (has_let_go) advance_high_watermark();
    const bool is_overdue = isr_->change() == Isr::Change::awaits_image && now - isr_->changed_at() > image_awaited_max;
    // The same again: it isn't known whether it has come to pass, and two of them could both.
    if (isr_->change() == Isr::Change::unanswered || is_overdue) return propose();
    seek_shrink();
    seek_growth();
}

void Replica::seek_growth() {
    if (!may_ask() || isr_->change() != Isr::Change::none) return;
    std::vector<NodeId> isr = isr_->committed();
    for (const Isr::Follower& follower : isr_->followers()) {
        const bool has_all = follower.safe_end >= high_watermark_ && follower.safe_end >= leader_epoch_start_;
        if (follower.is_in_sync || follower.watcher == nullptr || !has_all) continue;
        if (context_.may_join(follower.node, follower.broker_epoch)) isr.push_back(follower.node);
    }
    if (isr.size() > isr_->committed().size()) ask_for(std::move(isr));
}

void Replica::seek_shrink() {
    if (!may_ask() || isr_->change() != Isr::Change::none) return;
    const Instant now = context_.clock.now();
    std::vector<NodeId> isr = isr_->committed();
    for (const Isr::Follower& follower : isr_->followers())
        if (!follower.has_caught_up(log_->log_end_offset(), now, context_.lag_time_max)) std::erase(isr, follower.node);
    if (isr.size() < isr_->committed().size()) ask_for(std::move(isr));
}

void Replica::ask_for(std::vector<NodeId> isr) {
    log_info("in-sync replicas asked for", {{"topic", log_->topic()},
                                            {"partition", key_.partition},
                                            {"isr", text_of(isr_->committed())},
                                            {"wanted", text_of(isr)},
                                            {"high_watermark", high_watermark_},
                                            {"log_end", log_->log_end_offset()}});
    isr_->ask(std::move(isr));
    propose();
}

void Replica::propose() {
    isr_->sent(context_.clock.now());
    IsrChange change{key_, leader_epoch_, isr_->partition_epoch(), isr_->asked_for()};
    for (const NodeId node : change.isr) {
        const Isr::Follower* follower = isr_->find(node);
        change.broker_epochs.push_back(follower == nullptr ? -1 : follower->broker_epoch);
    }
    context_.propose(change, [self = handle(), change](ErrorCode error) {
        if (const auto replica = self.lock())
            (*replica)->isr_answered(change.leader_epoch, change.partition_epoch, error);
    });
}

void Replica::isr_answered(LeaderEpoch epoch, int32_t partition_epoch, ErrorCode error) {
    // What came of it came with an image meanwhile.
    const bool is_expected = isr_ && epoch == leader_epoch_ && partition_epoch == isr_->partition_epoch() &&
                             isr_->change() == Isr::Change::asked;
    if (!is_expected) return;
    const Instant now = context_.clock.now();
    if (error != ErrorCode::none) ++context_.isr_changes_failed;
    switch (error) {
        case ErrorCode::none: isr_->answered(Isr::Change::awaits_image, now); return;
        // The controller is ahead of us, or has a new leader. One of the tries may have been the one that it agreed to.
        case ErrorCode::invalid_update_version:
        case ErrorCode::fenced_leader_epoch:
        case ErrorCode::not_leader_or_follower:
        case ErrorCode::unknown_topic_or_partition:
        case ErrorCode::unknown_topic_id: isr_->answered(Isr::Change::awaits_image, now); break;
        case ErrorCode::ineligible_replica:
        case ErrorCode::invalid_request:
        case ErrorCode::operation_not_attempted:
            isr_->answered(Isr::Change::none, now);
            advance_high_watermark();
            break;
        default: isr_->answered(Isr::Change::unanswered, now); return;
    }
    log_info("in-sync replicas not changed",
             {{"topic", log_->topic()}, {"partition", key_.partition}, {"error", error}});
}

}  // namespace milena::replica
