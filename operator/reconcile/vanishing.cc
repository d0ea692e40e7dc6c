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

Duration Vanishing::settles_in(const kube::ObjectKey& key, Instant now) const {
    const std::lock_guard lock(mutex_);
    const auto own = going_.find(key);
    if (own == going_.end()) return {};
    return std::max(Duration{}, times_.settle - (now - own->second.since));
}

bool Vanishing::are_many(size_t there, Instant now) {
    const std::lock_guard lock(mutex_);
    // One that is still there, held by somebody's finalizer, is remembered, and doesn't count any more.
    std::erase_if(going_,
                  [&](const auto& each) { return each.second.is_gone && now - each.second.since >= times_.window; });
    const auto count = [&](auto is_counted) {
        return static_cast<size_t>(std::ranges::count_if(going_, [&](const auto& each) {
            return now - each.second.since < times_.window && is_counted(each.second);
        }));
    };
    const size_t lately = count([](const Going&) { return true; });
    const size_t gone = count([](const Going& each) { return each.is_gone; });
    const bool are = plan::are_many_vanished(there + gone, lately);
    if (are && !was_many_)
        log_error("many resources go at once, nothing is deleted for now",
                  {{"kind", kind_}, {"gone", lately}, {"known", there + gone}});
    was_many_ = are;
    return are;
}

}  // namespace milena::reconcile
