#include "replica/waiters.h"

#include <algorithm>
#include <utility>

namespace milena::replica {

WaiterId Waiters::add(Point point, Offset offset, Wake wake) {
    offset_min(point) = std::min(offset_min(point), offset);
    waiting_.push_back({.id = next_id_, .point = point, .offset = offset, .wake = std::move(wake)});
    return next_id_++;
}

void Waiters::remove(WaiterId id) {
    std::erase_if(waiting_, [id](const Waiting& waiting) { return waiting.id == id; });
}

void Waiters::passed(Point point, Offset now_at) {
    if (now_at <= offset_min(point)) return;
    // A woken waiter may add or remove others: they are taken out of the list before the first one is called.
    const auto first_woken = std::stable_partition(waiting_.begin(), waiting_.end(), [&](const Waiting& waiting) {
        return waiting.point != point || waiting.offset >= now_at;
    });
    std::vector<Waiting> woken(std::make_move_iterator(first_woken), std::make_move_iterator(waiting_.end()));
    waiting_.erase(first_woken, waiting_.end());
    offset_min(point) = nobody;
    for (const Waiting& waiting : waiting_)
        if (waiting.point == point) offset_min(point) = std::min(offset_min(point), waiting.offset);
    for (const Waiting& waiting : woken) waiting.wake(ErrorCode::none);
}

void Waiters::fail_all(ErrorCode reason) {
    offset_min_.fill(nobody);
    for (const Waiting& waiting : std::exchange(waiting_, {})) waiting.wake(reason);
}

}  // namespace milena::replica
