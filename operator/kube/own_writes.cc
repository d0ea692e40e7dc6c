#include "kube/own_writes.h"

#include <vector>

namespace milena::kube {

void OwnWrites::note(const ObjectKey& key, const std::string& kind, const std::string& resource_version, Instant now) {
    if (resource_version.empty()) return;
    const std::lock_guard lock(mutex_);
    const auto [at, is_new] = written_[key].try_emplace(kind, Written{resource_version, now});
    if (!is_new && is_older(at->second.resource_version, resource_version)) at->second = {resource_version, now};
}

void OwnWrites::note_removed(const ObjectKey& key, const std::string& kind, const ObjectKey& object,
                             const std::string& uid, Instant now) {
    const std::lock_guard lock(mutex_);
    removed_[key].push_back({kind, object, uid, now});
}

bool OwnWrites::are_seen(const ObjectKey& key, const Seen& seen, Instant now) {
    const std::lock_guard lock(mutex_);
    const auto is_overdue = [&](Instant at) {
        given_up_ += now - at >= patience_;
        return now - at >= patience_;
    };
    auto& written = written_[key];
    std::erase_if(written, [&](const auto& entry) {
        return !is_older(seen.version_of(entry.first), entry.second.resource_version) || is_overdue(entry.second.at);
    });
    auto& removed = removed_[key];
    std::erase_if(removed, [&](const Removed& each) {
        return !seen.has_live(each.kind, each.object, each.uid) || is_overdue(each.at);
    });
    if (!written.empty() || !removed.empty()) return false;
    written_.erase(key);
    removed_.erase(key);
    return true;
}

uint64_t OwnWrites::given_up() const {
    const std::lock_guard lock(mutex_);
    return given_up_;
}

}  // namespace milena::kube
