#include "group/deadlines.h"

#include <algorithm>
#include <utility>

namespace milena::group {
namespace {

// So many dead entries are no burden.
constexpr size_t destroyed_min = 1'000;

}  // namespace

Deadline::Deadline(Deadlines& deadlines, std::function<void()> expire)
    : state_(std::make_shared<State>(State{.deadlines = deadlines, .expire = std::move(expire)})) {}

Deadline& Deadline::operator=(Deadline&& other) noexcept {
    if (this == &other) return *this;
    let_go();
    state_ = std::move(other.state_);
    return *this;
}

Deadline::~Deadline() { let_go(); }

void Deadline::let_go() {
    if (!state_) return;
    state_->due = never;
    const bool is_queued = state_->queued != never;
    Deadlines& deadlines = state_->deadlines;
    state_.reset();
    if (is_queued) deadlines.one_destroyed();
}

void Deadline::set(Instant due) {
    state_->due = due;
    if (due < state_->queued) state_->deadlines.put(state_);
}

bool Deadline::is_set() const { return state_ && state_->due != never; }

void Deadlines::put(const std::shared_ptr<Deadline::State>& state) {
    state->queued = state->due;
    heap_.push_back({state->due, next_sequence_++, state});
    std::push_heap(heap_.begin(), heap_.end());
}

Deadlines::Entry Deadlines::take_first() {
    std::pop_heap(heap_.begin(), heap_.end());
    Entry first = std::move(heap_.back());
    heap_.pop_back();
    return first;
}

// A storm of deadlines that are called off must not be remembered until their time would have come.
void Deadlines::one_destroyed() {
    if (++destroyed_count_ < std::max(destroyed_min, heap_.size() / 2)) return;
    destroyed_count_ = 0;
    std::erase_if(heap_, [](const Entry& entry) { return entry.state.use_count() == 1; });
    std::make_heap(heap_.begin(), heap_.end());
}

void Deadlines::run_due(Instant now) {
    while (!heap_.empty() && heap_.front().at <= now) {
        const Entry entry = take_first();
        const std::shared_ptr<Deadline::State>& state = entry.state;
        if (state->queued != entry.at) continue;
        state->queued = never;
        if (state->due == never) continue;
        if (state->due > now) {
            put(state);
            continue;
        }
        state->due = never;
        // A copy: whoever expires may be destroyed by it.
        const std::function<void()> expire = state->expire;
        expire();
    }
}

}  // namespace milena::group
