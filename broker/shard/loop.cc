#include "shard/loop.h"

#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"

namespace milena::shard {

void Pauses::add(Duration pause) {
    const auto bound = std::lower_bound(bounds.begin(), bounds.end(), pause);
    ++counts[static_cast<size_t>(bound - bounds.begin())];
    total += pause;
    longest = std::max(longest, pause);
}

struct Loop::State {
    asio::io_context io{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard{io.get_executor()};
    std::atomic<std::thread::id> thread;

    std::mutex mailbox_mutex;
    std::vector<Task> mailbox;  // when it isn't empty, a drain is on its way

    // How other threads wake this one. Asio's own way holds the lock of its queue during the system call, and the
    // thread that wakes up at once runs into it.
    asio::posix::stream_descriptor bell{io, ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    uint64_t rings = 0;

    std::map<TimerId, Task> timers;
    uint64_t timer_sequence = 0;
    asio::steady_timer alarm{io};
    std::optional<Instant> alarm_at;
};

Loop::Loop(env::Clock& clock) : clock_(clock), state_(std::make_unique<State>()) {
    check(state_->bell.is_open());
    await_bell();
}

Loop::~Loop() = default;

void Loop::run() {
    state_->thread = std::this_thread::get_id();
    state_->io.run();
    state_->io.restart();
}

void Loop::stop() { state_->io.stop(); }

void Loop::discard() {
    for (;;) {
        std::vector<Task> tasks;
        std::map<TimerId, Task> timers;
        {
            const std::lock_guard lock(state_->mailbox_mutex);
            tasks.swap(state_->mailbox);
        }
        timers.swap(state_->timers);
        // Whoever goes with them may post once more.
        if (tasks.empty() && timers.empty()) return;
    }
}

bool Loop::is_current() const { return state_->thread.load() == std::this_thread::get_id(); }

asio::io_context& Loop::io() { return state_->io; }

void Loop::post(Task task) {
    bool was_empty = false;
    {
        const std::lock_guard lock(state_->mailbox_mutex);
        was_empty = state_->mailbox.empty();
        state_->mailbox.push_back(std::move(task));
    }
    if (!was_empty) return;
    if (is_current()) return asio::post(state_->io, [this] { drain_mailbox(); });
    const uint64_t one = 1;
    // Fails only if the counter is full, and then the bell rings already.
    [[maybe_unused]] const ssize_t written = ::write(state_->bell.native_handle(), &one, sizeof(one));
}

void Loop::await_bell() {
    state_->bell.async_read_some(asio::buffer(&state_->rings, sizeof(state_->rings)),
                                 [this](const asio::error_code& error, size_t) {
                                     if (error) return;
                                     drain_mailbox();
                                     await_bell();
                                 });
}

// Runs what is there now; what comes meanwhile waits until the sockets had their turn.
void Loop::drain_mailbox() {
    std::vector<Task> tasks;
    {
        const std::lock_guard lock(state_->mailbox_mutex);
        tasks.swap(state_->mailbox);
    }
    for (Task& task : tasks) {
        const Work work(*this);
        task();
        task = nullptr;
    }
}

TimerId Loop::at(Instant when, Task task) {
    const TimerId id{when, ++state_->timer_sequence};
    state_->timers.emplace(id, std::move(task));
    arm_timer();
    return id;
}

void Loop::cancel(TimerId id) { state_->timers.erase(id); }

// The alarm stays set when the timer it was set for is cancelled: it then rings in vain once, which is cheaper than
// setting it anew for each of the many timers that never ring.
void Loop::arm_timer() {
    if (state_->timers.empty()) return;
    const Instant first = state_->timers.begin()->first.when;
    if (state_->alarm_at && *state_->alarm_at <= first) return;
    state_->alarm_at = first;
    state_->alarm.expires_after(first - clock_.now());
    state_->alarm.async_wait([this](const asio::error_code& error) {
        if (!error) run_due_timers();
    });
}

void Loop::run_due_timers() {
    state_->alarm_at.reset();
    const Instant now = clock_.now();
    while (!state_->timers.empty() && state_->timers.begin()->first.when <= now) {
        const Work work(*this);
        const auto due = state_->timers.extract(state_->timers.begin());
        due.mapped()();
    }
    arm_timer();
}

}  // namespace milena::shard
