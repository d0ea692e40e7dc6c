#include "server/connection_limiter.h"

#include "base/check.h"
#include "base/log.h"

namespace milena::server {

bool ConnectionLimiter::admit(const std::string& ip, Instant now) {
    const std::lock_guard lock(mutex_);
    const auto override = limits_.per_ip_overrides.find(ip);
    const size_t per_ip_max = override == limits_.per_ip_overrides.end() ? limits_.per_ip_max : override->second;
    const auto at = by_ip_.find(ip);
    const size_t count = at == by_ip_.end() ? 0 : at->second;
    if (total_ >= limits_.total_max || count >= per_ip_max) {
        refused(ip, total_ >= limits_.total_max ? "max.connections" : "max.connections.per.ip", now);
        return false;
    }
    ++total_;
    ++by_ip_[ip];
    return true;
}

void ConnectionLimiter::refused(const std::string& ip, std::string_view limit, Instant now) {
    constexpr Duration pause = std::chrono::seconds(10);
    ++refused_count_;
    if (logged_at_ != Instant{} && now - logged_at_ < pause) return;
    log_warn("connections refused", {{"last_client", ip}, {"limit", limit}, {"count", refused_count_}});
    refused_count_ = 0;
    logged_at_ = now;
}

void ConnectionLimiter::leave(const std::string& ip) {
    const std::lock_guard lock(mutex_);
    const auto at = by_ip_.find(ip);
    check(at != by_ip_.end() && total_ > 0);
    --total_;
    if (--at->second == 0) by_ip_.erase(at);
}

void ConnectionLimiter::configure(Limits limits) {
    const std::lock_guard lock(mutex_);
    limits_ = std::move(limits);
}

}  // namespace milena::server
