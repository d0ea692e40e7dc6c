// What this process has written and hasn't seen come back: a plan that is made before would be made of the past, and do
// twice what was done once (KEP-5647). Any thread.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/time.h"
#include "kube/object.h"

namespace milena::kube {

// What the stores show now.
struct Seen {
    std::function<std::string(const std::string& kind)> version_of;
    // An object of this uid, which nobody has begun to delete.
    std::function<bool(const std::string& kind, const ObjectKey& object, const std::string& uid)> has_live;
};

class OwnWrites {
  public:
    // After a patience somebody else may have lost the event: what is due then is taken as seen.
    explicit OwnWrites(Duration patience = std::chrono::seconds(30)) : patience_(patience) {}

    // On behalf of `key`, an object of `kind` was written and has this version now.
    void note(const ObjectKey& key, const std::string& kind, const std::string& resource_version, Instant now);
    // On behalf of `key`, an object was removed: an answer to that has no version.
    void note_removed(const ObjectKey& key, const std::string& kind, const ObjectKey& object, const std::string& uid,
                      Instant now);
    // Whether the stores show all of it.
    bool are_seen(const ObjectKey& key, const Seen& seen, Instant now);
    uint64_t given_up() const;

  private:
    struct Written {
        std::string resource_version;
        Instant at;
    };

    struct Removed {
        std::string kind;
        ObjectKey object;
        std::string uid;
        Instant at;
    };

    const Duration patience_;
    mutable std::mutex mutex_;
    std::map<ObjectKey, std::map<std::string, Written>> written_;  // by kind; the newest one
    std::map<ObjectKey, std::vector<Removed>> removed_;
    uint64_t given_up_ = 0;
};

}  // namespace milena::kube
