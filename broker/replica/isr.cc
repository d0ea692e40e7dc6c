#include "replica/isr.h"

#include <algorithm>
#include <utility>

namespace milena::replica {
namespace {

constexpr Duration quiet_time = std::chrono::milliseconds(500);

bool contains(const std::vector<NodeId>& nodes, NodeId node) { return std::ranges::find(nodes, node) != nodes.end(); }

}  // namespace

void Isr::commit(const Leadership& leadership, Instant now) {
    partition_epoch_ = leadership.partition_epoch;
    committed_ = leadership.isr;
    change_ = Change::none;
    asked_for_.clear();
    std::erase_if(followers_, [&](const Follower& known) { return !contains(leadership.replicas, known.node); });
    for (const NodeId node : leadership.replicas) {
        if (node == self_) continue;
        Follower* follower = find(node);
        if (follower == nullptr) {
            follower = &followers_.emplace_back();
            follower->node = node;
        }
        follower->is_in_sync = contains(committed_, node);
        follower->is_joining = false;
        if (!follower->is_in_sync) continue;
        follower->is_awaited = false;
        if (!follower->caught_up_at) follower->caught_up_at = now;
    }
}

Isr::Follower* Isr::find(NodeId node) {
    const auto at = std::ranges::find(followers_, node, &Follower::node);
    return at == followers_.end() ? nullptr : &*at;
}

// Nothing is known to be safe there but what it says now: it may have lost what it had acknowledged.
void Isr::begin(Follower& follower, Offset fetch_offset, Offset log_start_offset) {
    follower.safe_end = std::min(follower.safe_end, fetch_offset);
    follower.log_start_offset = log_start_offset;
    follower.mark = no_offset;
}

// Kafka's notion of being caught up: to have now what the leader had at an earlier time is to have been caught up then.
void Isr::acknowledge(Follower& follower, Offset safe_end, Offset log_end, Instant now) {
    follower.safe_end = safe_end;
    const bool has_reached_mark = follower.mark == no_offset || safe_end >= follower.mark;
    if (safe_end >= log_end)
        follower.caught_up_at = now;
    else if (follower.mark != no_offset && has_reached_mark)
        follower.caught_up_at = std::max(follower.caught_up_at.value_or(Instant{}), follower.marked_at);
    if (!has_reached_mark) return;
    follower.mark = log_end;
    follower.marked_at = now;
}

Offset Isr::committed_end(Offset own_end, uint32_t isr_min) const {
    if (committed_.size() < isr_min) return no_offset;
    Offset end = own_end;
    for (const Follower& follower : followers_)
        if (follower.is_in_sync || follower.is_joining || follower.is_awaited) end = std::min(end, follower.safe_end);
    return end;
}

bool Isr::is_left() const {
    return std::ranges::any_of(followers_, [](const Follower& each) { return each.is_in_sync && !each.watcher; });
}

void Isr::note_progress(Offset high_watermark, Offset log_end, Instant now) {
    const bool has_moved = std::exchange(seen_high_watermark_, high_watermark) != high_watermark;
    if (high_watermark >= log_end)
        stuck_since_.reset();
    else if (has_moved || !stuck_since_)
        stuck_since_ = now;
}

void Isr::ask(std::vector<NodeId> isr) {
    asked_for_ = std::move(isr);
    for (Follower& follower : followers_)
        follower.is_joining = !follower.is_in_sync && contains(asked_for_, follower.node);
}

void Isr::sent(Instant now) {
    change_ = Change::asked;
    changed_at_ = now;
}

void Isr::answered(Change next, Instant now) {
    change_ = next;
    changed_at_ = now;
    if (next != Change::none) return;
    asked_for_.clear();
    quiet_until_ = now + quiet_time;
    for (Follower& follower : followers_) follower.is_joining = follower.is_awaited = false;
}

}  // namespace milena::replica
