// Which of several operators acts: the one whose name the Lease has. It renews well before anybody else may take it,
// and the moment that it could not, it must not act any more: may_write() says so to every request, and run() ends the
// process. A transport of its own, since renewing must not wait behind anything. tick() belongs to one thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "env/clock.h"
#include "kube/client.h"

namespace milena::kube {

struct ElectionConfig {
    std::string space;
    std::string name = "milena-operator";
    std::string identity;  // of this process, not only of its pod
    Milliseconds lease{15'000};
    Milliseconds renew_deadline{10'000};  // shorter than the lease: in between nobody acts
    Milliseconds retry{2'000};
};

class Election {
  public:
    // What the holder has seen of the API server: kept in the lease, so that whoever follows acts on nothing older.
    // Empty: nothing that is sure.
    using VersionSeen = std::function<std::string()>;

    Election(Client& client, ElectionConfig config, env::Clock& clock, VersionSeen version_seen = [] { return ""; });

    // One attempt to have the lease, or to keep it.
    void tick();
    // Until stop(): returns false when the lease was had and is lost.
    bool run();
    void stop();
    // Before a good end: the next one need not wait.
    void release();

    // It is ours now and, whatever others do, until the deadline after it was renewed.
    bool is_leader() const;
    // The highest resource version that the holder before us had seen; empty until we lead, or if nobody has said.
    std::string version_before() const;

  private:
    // Another process's hold, as the last look at it was.
    struct Observed {
        std::string holder;
        std::string renewed;
        Instant since;  // unchanged, by our own clock
        Milliseconds lease;
    };

    bool may_take(const nlohmann::json& lease, Instant now);
    nlohmann::json held(nlohmann::json lease);
    void won(const Outcome<nlohmann::json>& answer, Instant asked_at);

    Client& client_;
    const ElectionConfig config_;
    env::Clock& clock_;
    const VersionSeen version_seen_;
    std::optional<Observed> observed_;
    std::atomic<bool> has_led_ = false;
    std::atomic<int64_t> valid_until_ns_ = INT64_MIN;  // Instant::since_start
    mutable std::mutex mutex_;
    std::condition_variable stopped_;
    bool is_stopped_ = false;
    std::string version_before_;
};

}  // namespace milena::kube
