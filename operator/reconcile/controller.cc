#include "reconcile/controller.h"

#include <nlohmann/json.hpp>

#include "base/log.h"

namespace milena::reconcile {
namespace {

// Their event ends the wait; this is for one that was lost.
constexpr std::chrono::seconds look_for_own_writes{1};

}  // namespace

Controller::Controller(std::string kind, kube::WorkQueue& queue, Reconcile reconcile, env::Clock& clock)
    : Controller(
          std::move(kind), queue,
          [reconcile = std::move(reconcile)](const std::vector<kube::ObjectKey>& keys) {
              return std::vector{reconcile(keys.front())};
          },
          1, clock) {}

Controller::Controller(std::string kind, kube::WorkQueue& queue, ReconcileSome reconcile, size_t keys_max,
                       env::Clock& clock)
    : kind_(std::move(kind)), queue_(queue), reconcile_(std::move(reconcile)), keys_max_(keys_max), clock_(clock) {}

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
    while (const auto first = queue_.take()) handle(*first);
}

bool Controller::work_once() {
    const auto first = queue_.try_take();
    if (first) handle(*first);
    return first.has_value();
}

void Controller::handle(const kube::ObjectKey& first) {
    std::vector keys{first};
    while (keys.size() < keys_max_) {
        const auto next = queue_.try_take();
        if (!next) break;
        keys.push_back(*next);
    }
    const Instant begin = clock_.now();
    const std::vector<Verdict> verdicts = reconcile(keys);
    count(verdicts, in_seconds(clock_.now() - begin));
    for (size_t i = 0; i < keys.size(); ++i) {
        come_back(keys[i], verdicts[i]);
        queue_.done(keys[i]);
    }
}

// Each of them took as long as all.
void Controller::count(const std::vector<Verdict>& verdicts, double seconds) {
    const std::lock_guard lock(mutex_);
    size_t bucket = 0;
    while (bucket < stats_.bounds.size() && seconds > stats_.bounds[bucket]) ++bucket;
    for (const Verdict& verdict : verdicts) {
        ++stats_.within[bucket];
        stats_.seconds += seconds;
        ++stats_.reconciles;
        stats_.errors += verdict.error.has_value();
        stats_.waits += verdict.waits;
    }
}

void Controller::come_back(const kube::ObjectKey& key, const Verdict& verdict) {
    if (verdict.error) {
        queue_.retry(key, verdict.error->retry_after);
    } else if (verdict.waits) {
        queue_.add_after(key, look_for_own_writes);
    } else {
        queue_.forget(key);
        if (verdict.look_again) queue_.add_after(key, *verdict.look_again);
    }
}

// The JSON library throws where an object isn't as its kind promises. Which of several it was is found by looking at
// each alone.
std::vector<Verdict> Controller::reconcile(const std::vector<kube::ObjectKey>& keys) {
    try {
        return reconcile_(keys);
    } catch (const nlohmann::json::exception& error) {
        if (keys.size() == 1) {
            log_error("object unreadable", {{"kind", kind_}, {"key", keys[0].to_string()}, {"error", error.what()}});
            return {Verdict{.error = kube::Error{kube::Reason::unknown, 0, error.what()}}};
        }
    }
    std::vector<Verdict> verdicts;
    for (const kube::ObjectKey& key : keys) verdicts.push_back(reconcile({key}).front());
    return verdicts;
}

}  // namespace milena::reconcile
