#include "kube/own_writes.h"

namespace milena::kube {

void OwnWrites::note(const ObjectKey& key, const std::string& kind, const std::string& resource_version, Instant now) {
    if (resource_version.empty()) return;
    const std::lock_guard lock(mutex_);
    const auto [at, is_new] = written_[key].try_emplace(kind, Written{resource_version, now});
    if (!is_new && is_older(at->second.resource_version, resource_version)) at->second = {resource_version, now};
}

bool OwnWrites::are_seen(const ObjectKey& key, const std::function<std::string(const std::string&)>& version_of,
                         Instant now) {
    const std::lock_guard lock(mutex_);
    const auto own = written_.find(key);
    if (own == written_.end()) return true;
    std::erase_if(own->second, [&](const auto& entry) {
        const auto& [kind, written] = entry;
        if (!is_older(version_of(kind), written.resource_version)) return true;
        const bool is_overdue = now - written.at >= patience_;
        given_up_ += is_overdue;
        return is_overdue;
    });
    if (!own->second.empty()) return false;
    written_.erase(own);
    return true;
}

uint64_t OwnWrites::given_up() const {
    const std::lock_guard lock(mutex_);
    return given_up_;
}

}  // namespace milena::kube
