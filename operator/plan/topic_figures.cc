#include "plan/topic_figures.h"

#include <algorithm>

namespace milena::plan {
namespace {

bool is_near(const std::optional<int64_t>& a, const std::optional<int64_t>& b) {
    if (!a || !b) return a == b;
    const int64_t least = std::min(*a, *b), most = std::max(*a, *b);
    return most - least <= least / 10;
}

}  // namespace

TopicFigures steady(const TopicFigures& before, const TopicFigures& now) {
    if (!now.size_bytes) return before;
    TopicFigures next = now;
    if (is_near(before.size_bytes, now.size_bytes)) next.size_bytes = before.size_bytes;
    if (before.lag_group == now.lag_group && is_near(before.lag, now.lag)) next.lag = before.lag;
    return next;
}

}  // namespace milena::plan
