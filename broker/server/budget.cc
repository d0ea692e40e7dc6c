#include "server/budget.h"

#include "base/check.h"

namespace milena::server {

bool Budget::try_take(size_t bytes, size_t held_bytes) {
    if (!waiting_.empty() || !has_room_for(bytes, held_bytes)) return false;
    used_ += bytes;
    return true;
}

void Budget::give_back(size_t bytes) {
    check(bytes <= used_);
    used_ -= bytes;
    if (is_granting_) return;  // the loop below goes on with what has just come back
    is_granting_ = true;
    while (!waiting_.empty() && has_room_for(waiting_.front().bytes, waiting_.front().held_bytes)) {
        const Waiting next = std::move(waiting_.front());
        waiting_.pop_front();
        used_ += next.bytes;
        if (!next.granted()) used_ -= next.bytes;
    }
    is_granting_ = false;
}

}  // namespace milena::server
