// Events as users see them in `kubectl describe`: one object for the same thing that this process says of the same
// object, which counts how often, and is written once a minute at most. Best effort: nothing waits for them but their
// own request. Any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "env/clock.h"
#include "kube/client.h"

namespace milena::kube {

struct EventText {
    bool is_warning = false;
    std::string reason;  // "RollBlocked"
    std::string action;  // what was tried: "Restart"
    std::string note;
};

class EventRecorder {
  public:
    // `instance` is this process's pod.
    EventRecorder(Client& client, env::Clock& clock, std::string instance)
        : client_(client), clock_(clock), instance_(std::move(instance)) {}

    // About `object`, which is a user's own.
    void record(const nlohmann::json& object, const EventText& text);

  private:
    struct Series {
        int count = 0;
        Timestamp first{};
        std::optional<Instant> written_at;
        Instant last;
    };

    Client& client_;
    env::Clock& clock_;
    const std::string instance_;
    std::mutex mutex_;
    std::map<std::string, Series> series_;  // by what is said, and of what
};

}  // namespace milena::kube
