#include "reconcile/vanishing.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "plan/topic_plan.h"

namespace milena::reconcile {

void Vanishing::note(const kube::Change& change, Instant now) {
    const bool is_gone = change.kind == kube::Change::Kind::removed;
    const bool is_going = is_gone || !kube::metadata_text(change.object, "deletionTimestamp").empty();
    const std::lock_guard lock(mutex_);
    if (!is_going) {
        going_.erase(change.key);
        return;
    }
    Going& own = going_.try_emplace(change.key, Going{now}).first->second;
    own.is_gone = is_gone;
}

bool Vanishing::goes(const kube::ObjectKey& key) const {
    const std::lock_guard lock(mutex_);
    return going_.contains(key);
}

void Vanishing::order(const std::string& space) {
    const std::lock_guard lock(mutex_);
    for (auto own = going_.lower_bound({space, ""}); own != going_.end() && own->first.space == space; ++own)
        own->second.was_ordered = true;
}

bool Vanishing::was_ordered(const kube::ObjectKey& key) const {
    const std::lock_guard lock(mutex_);
    const auto own = going_.find(key);
    return own != going_.end() && own->second.was_ordered;
}

// The store shows one a moment before it is told of.
Duration Vanishing::settles_in(const kube::ObjectKey& key, Instant now) const {
    const std::lock_guard lock(mutex_);
    const auto own = going_.find(key);
    if (own == going_.end()) return times_.settle;
    return std::max(Duration{}, times_.settle - (now - own->second.since));
}

bool Vanishing::are_many(size_t there, Instant now) {
    const std::lock_guard lock(mutex_);
    // One that is still there, held by somebody's finalizer, is remembered, and doesn't count any more.
    std::erase_if(going_,
                  [&](const auto& each) { return each.second.is_gone && now - each.second.since >= times_.window; });
    size_t gone = 0, lately = 0, ordered_there = 0;
    for (const auto& [key, own] : going_) {
        if (own.was_ordered) {
            ordered_there += own.is_gone ? 0 : 1;
            continue;
        }
        gone += own.is_gone ? 1 : 0;
        lately += now - own.since < times_.window ? 1 : 0;
    }
    const size_t known = std::max(there, ordered_there) - ordered_there + gone;
    const bool are = plan::are_many_vanished(known, lately);
    if (are && !was_many_)
        log_error("many resources go at once, nothing is deleted for now",
                  {{"kind", kind_}, {"gone", lately}, {"known", known}});
    was_many_ = are;
    return are;
}

}  // namespace milena::reconcile
