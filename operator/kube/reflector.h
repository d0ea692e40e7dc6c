// Keeps a Store as the API server has it: lists once, page by page, then watches from there; lists again only when the
// server no longer knows from where. Until then the store stays as it was. A thread of its own, which waits for the
// stream; whatever goes wrong is waited out with back-off.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "env/clock.h"
#include "env/random.h"
#include "kube/backoff.h"
#include "kube/client.h"
#include "kube/store.h"

namespace milena::kube {

struct ReflectorConfig {
    ResourceType type;
    std::string space{};  // empty: all namespaces
    std::string label_selector{};
    size_t page_limit = 500;
    // The server ends a watch after this; a fifth less at random, so that connections spread over API servers.
    Milliseconds watch_timeout{290'000};
    // A stream on which nothing came for so long after that is dead, though no packet has said so.
    Milliseconds idle_margin{5'000};
    Backoff backoff{};
    // How long a list is refused that is older than what was seen: an API server that is behind will catch up; a
    // cluster that was restored from a backup won't.
    Milliseconds stale_patience{600'000};
    bool may_be_absent = false;  // a kind that isn't installed everywhere: as if there were no objects
};

struct ReflectorStats {
    uint64_t lists = 0;    // complete ones
    uint64_t watches = 0;  // that were opened
    uint64_t events = 0;   // bookmarks included
    uint64_t bookmarks = 0;
    uint64_t failures = 0;
    uint64_t stale_lists = 0;
    uint64_t vanished = 0;            // lists that had nothing of three objects and more
    std::optional<Instant> heard_at;  // the last time that the server has said anything
    std::optional<Error> error;       // of the last attempt; none: it went well
};

class Reflector {
  public:
    // Nothing of what it is given may end before it.
    Reflector(Client& client, Store& store, ReflectorConfig config, env::Clock& clock, env::Random& random);
    ~Reflector();  // stops

    void start();
    void stop();

    // So much has been seen by the process before this one: a store that is older is listed anew, and a list that is
    // older is refused, as long as one that is older than what this one has seen. May be repeated, and is: a list that
    // was under way may have come since.
    void require(const std::string& resource_version);
    // It is older still than what was required.
    bool is_behind() const;

    ReflectorStats stats() const;
    const ReflectorConfig& config() const { return config_; }

  private:
    enum class Next : uint8_t { watch, list };

    void run();
    Outcome<void> list();
    Outcome<void> accept(const std::string& resource_version);
    // An error: why it ended otherwise than it should. `next_` is what to do then.
    Outcome<void> watch();
    Outcome<void> handle(const std::string& line);
    void pause(Duration delay);
    bool is_stopped() const;
    bool has_to_list();
    bool is_too_old(const std::string& own) const;  // under the mutex
    template <class F>
    void count(F f);

    Client& client_;
    Store& store_;
    const ReflectorConfig config_;
    env::Clock& clock_;
    env::Random& random_;

    Next next_ = Next::list;
    int failures_ = 0;  // one after another, without an event in between
    std::optional<Instant> stale_since_;

    mutable std::mutex mutex_;
    std::condition_variable stopped_;
    bool is_stopped_ = false;
    bool has_to_list_ = false;
    std::string least_resource_version_;
    std::shared_ptr<HttpStream> stream_;
    ReflectorStats stats_;
    std::thread thread_;
};

}  // namespace milena::kube
