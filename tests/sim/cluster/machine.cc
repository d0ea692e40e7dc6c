#include "sim/cluster/machine.h"

#include <algorithm>

namespace milena::sim::cluster {
namespace {

constexpr Duration mail_delay_max = std::chrono::microseconds(200);

}  // namespace

Machine::Machine(World& world, NodeId id)
    : world_(world),
      id_(id),
      clock_(world),
      disk_(world.random, clock_,
            [this](Duration delay, std::function<void()> event) { after(delay * disk_slowness_, std::move(event)); }) {}

void Machine::after(Duration delay, std::function<void()> work) {
    world_.after(std::max(clock_.of_world(delay), Duration{}),
                 [this, life = life_, work = std::move(work)]() mutable { run(life, std::move(work)); });
}

void Machine::run(uint64_t life, std::function<void()> work) {
    if (life != life_) return;
    if (is_paused_)
        backlog_.emplace_back(life, std::move(work));
    else
        work();
}

// Everything that has come due meanwhile, at once and in its order, as a process finds it after SIGCONT.
void Machine::resume() {
    is_paused_ = false;
    for (auto& planned : std::exchange(backlog_, {}))
        world_.after(Duration{},
                     [this, planned = std::move(planned)]() mutable { run(planned.first, std::move(planned.second)); });
}

void Machine::end_life(bool tells) {
    ++life_;
    is_paused_ = false;
    backlog_.clear();
    const auto to_tell = std::exchange(told_, {});
    if (!tells) return;
    for (const auto& told : to_tell) told();
}

void Machine::when_ended(std::function<void()> told) { told_.push_back(std::move(told)); }

void Mailbox::post(std::function<void()> work) {
    const Instant now = machine_.world().clock.now();
    last_ = std::max(last_, now + machine_.world().random.up_to(mail_delay_max));
    machine_.after(last_ - now, std::move(work));
}

}  // namespace milena::sim::cluster
