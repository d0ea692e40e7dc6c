// The workers of one kind: take a key, or as many as are ready for those kinds that are cheaper by the dozen, reconcile
// them, come back when it says. An error comes back with back-off; nothing that a reconciler meets ends a worker.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "env/clock.h"
#include "kube/error.h"
#include "kube/work_queue.h"

namespace milena::reconcile {

struct Verdict {
    std::optional<Duration> look_again = std::nullopt;
    std::optional<kube::Error> error = std::nullopt;  // come back with back-off
    bool waits = false;                               // for its own last writes; nothing was looked at
};

struct ControllerStats {
    static constexpr std::array<double, 8> bounds{0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60};  // seconds
    std::array<uint64_t, 9> within{};                                                        // the last: longer
    double seconds = 0;
    uint64_t reconciles = 0;
    uint64_t errors = 0;
    uint64_t waits = 0;
};

class Controller {
  public:
    using Reconcile = std::function<Verdict(const kube::ObjectKey&)>;
    // A verdict for each key, in their order.
    using ReconcileSome = std::function<std::vector<Verdict>(const std::vector<kube::ObjectKey>&)>;

    // `queue` outlives it.
    Controller(std::string kind, kube::WorkQueue& queue, Reconcile reconcile, env::Clock& clock);
    Controller(std::string kind, kube::WorkQueue& queue, ReconcileSome reconcile, size_t keys_max, env::Clock& clock);
    ~Controller();  // stops

    void start(int workers);
    // One pass on the caller's thread, in place of workers; false: nothing is ready.
    bool work_once();
    // What was begun is finished.
    void stop();

    const std::string& kind() const { return kind_; }
    const kube::WorkQueue& queue() const { return queue_; }
    ControllerStats stats() const;

  private:
    void work();
    void handle(const kube::ObjectKey& first);
    void count(const std::vector<Verdict>& verdicts, double seconds);
    void come_back(const kube::ObjectKey& key, const Verdict& verdict);
    std::vector<Verdict> reconcile(const std::vector<kube::ObjectKey>& keys);

    const std::string kind_;
    kube::WorkQueue& queue_;
    const ReconcileSome reconcile_;
    const size_t keys_max_;
    env::Clock& clock_;
    mutable std::mutex mutex_;
    ControllerStats stats_;
    std::vector<std::thread> workers_;
};

}  // namespace milena::reconcile
