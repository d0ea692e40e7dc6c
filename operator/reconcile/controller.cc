#include "reconcile/controller.h"

#include <nlohmann/json.hpp>

#include "base/log.h"

namespace milena::reconcile {
namespace {

// Their event ends the wait; this is for one that was lost.
constexpr std::chrono::seconds look_for_own_writes{1};

}  // namespace

Controller::Controller(std::string kind, kube::WorkQueue& queue, Reconcile reconcile, env::Clock& clock)
    : kind_(std::move(kind)), queue_(queue), reconcile_(std::move(reconcile)), clock_(clock) {}

Controller::~Controller() { stop(); }

void Controller::start(int workers) {
    for (int i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
}

void Controller::stop() {
    queue_.close();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
}

ControllerStats Controller::stats() const {
    const std::lock_guard lock(mutex_);
    return stats_;
}

void Controller::work() {
    while (const auto key = queue_.take()) handle(*key);
}

void Controller::handle(const kube::ObjectKey& key) {
    const Instant begin = clock_.now();
    const Verdict verdict = reconcile(key);
    const double seconds = in_seconds(clock_.now() - begin);
    {
        const std::lock_guard lock(mutex_);
        size_t bucket = 0;
        while (bucket < stats_.bounds.size() && seconds > stats_.bounds[bucket]) ++bucket;
        ++stats_.within[bucket];
        stats_.seconds += seconds;
        ++stats_.reconciles;
        stats_.errors += verdict.error.has_value();
        stats_.waits += verdict.waits;
    }
    queue_.done(key);
    if (verdict.error) {
        queue_.retry(key, verdict.error->retry_after);
    } else if (verdict.waits) {
        queue_.add_after(key, look_for_own_writes);
    } else {
        queue_.forget(key);
        if (verdict.look_again) queue_.add_after(key, *verdict.look_again);
    }
}

// The JSON library throws where an object isn't as its kind promises.
Verdict Controller::reconcile(const kube::ObjectKey& key) {
    try {
        return reconcile_(key);
    } catch (const nlohmann::json::exception& error) {
        log_error("object unreadable", {{"kind", kind_}, {"key", key.to_string()}, {"error", error.what()}});
        return {.error = kube::Error{kube::Reason::unknown, 0, error.what()}};
    }
}

}  // namespace milena::reconcile
