#include "server/fetch_sessions.h"

#include <algorithm>
#include <limits>

namespace milena::server {
namespace {

constexpr int32_t epoch_max = std::numeric_limits<int32_t>::max();

// From the largest epoch it goes on at 1: 0 and -1 have other meanings.
int32_t epoch_after(int32_t epoch) { return epoch == epoch_max ? 1 : epoch + 1; }

}  // namespace

void FetchSession::want(const FetchWanted& wanted) {
    const auto at = places_.find(wanted.target);
    if (at != places_.end()) {
        at->second->wanted = wanted;
        return;
    }
    entries_.push_back({.wanted = wanted});
    places_.emplace(wanted.target, std::prev(entries_.end()));
}

void FetchSession::forget(const FetchTarget& target) {
    const auto at = places_.find(target);
    if (at == places_.end()) return;
    entries_.erase(at->second);
    places_.erase(at);
}

std::vector<FetchWanted> FetchSession::wanted() const {
    std::vector<FetchWanted> all;
    all.reserve(entries_.size());
    for (const Entry& entry : entries_) all.push_back(entry.wanted);
    return all;
}

bool FetchSession::must_tell(const FetchTarget& target, const wire::FetchResponse::Partition& answer,
                             bool has_records) {
    const auto at = places_.find(target);
    if (at == places_.end()) return false;
    Entry& entry = *at->second;
    const bool is_failure = answer.error_code != ErrorCode::none;
    const bool has_moved =
        answer.high_watermark != entry.told_high_watermark || answer.log_start_offset != entry.told_log_start_offset;
    // After an error all is told anew.
    entry.told_high_watermark = is_failure ? -1 : answer.high_watermark;
    entry.told_log_start_offset = is_failure ? -1 : answer.log_start_offset.value;
    if (has_records) entries_.splice(entries_.end(), entries_, at->second);
    return has_records || is_failure || has_moved || answer.diverging_epoch.epoch >= 0;
}

Result<std::shared_ptr<FetchSession>> FetchSessions::find(int32_t id, int32_t epoch, bool uses_topic_ids, Instant now) {
    const auto at = sessions_.find(id);
    if (at == sessions_.end()) return unexpected(ErrorCode::fetch_session_id_not_found);
    const std::shared_ptr<FetchSession>& session = at->second;
    if (session->next_epoch_ != epoch) return unexpected(ErrorCode::invalid_fetch_session_epoch);
    if (session->uses_topic_ids() != uses_topic_ids) return unexpected(ErrorCode::fetch_session_topic_id_error);
    session->next_epoch_ = epoch_after(epoch);
    session->last_used_ = now;
    return session;
}

bool FetchSessions::make_room(const Limits& limits) {
    if (sessions_.size() < limits.sessions_max) return true;
    const auto oldest = std::min_element(sessions_.begin(), sessions_.end(), [](const auto& a, const auto& b) {
        return a.second->last_used_ < b.second->last_used_;
    });
    if (oldest == sessions_.end() || limits.now - oldest->second->last_used_ < idle_before_eviction) return false;
    close(oldest->first);
    return true;
}

std::shared_ptr<FetchSession> FetchSessions::open(const Limits& limits, env::Random& random, bool uses_topic_ids,
                                                  const std::vector<FetchWanted>& wanted) {
    if (partitions_ + wanted.size() > partitions_max || !make_room(limits)) return nullptr;
    int32_t id = 0;
    while (id == 0 || sessions_.contains(id)) id = static_cast<int32_t>(random.next() & 0x7fffffff);
    auto session = std::make_shared<FetchSession>(id, uses_topic_ids);
    session->last_used_ = limits.now;
    for (const FetchWanted& each : wanted) session->want(each);
    partitions_ += session->size();
    sessions_.emplace(id, session);
    return session;
}

void FetchSessions::close(int32_t id) {
    const auto at = sessions_.find(id);
    if (at == sessions_.end()) return;
    partitions_ -= at->second->size();
    sessions_.erase(at);
}

void FetchSessions::resized(const FetchSession& session, size_t size_before) {
    if (sessions_.contains(session.id())) partitions_ += session.size() - size_before;
}

}  // namespace milena::server
