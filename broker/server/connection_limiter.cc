#include "server/connection_limiter.h"

#include <algorithm>

#include "base/check.h"
#include "base/ip_text.h"
#include "base/log.h"
#include "controller/quota_names.h"

namespace milena::server {

void ConnectionLimiter::adopt(const std::shared_ptr<const metadata::ClientQuotas>& quotas) {
    const std::lock_guard lock(mutex_);
    if (quotas == quotas_) return;
    quotas_ = quotas;
    rates_max_.clear();
    rate_max_.reset();
    for (const auto& [entity, limits] : *quotas) {
        const auto ip = entity.find(std::string(controller::quota_ip));
        const auto limit = limits.find(std::string(controller::connection_creation_rate));
        if (ip == entity.end() || limit == limits.end()) continue;
        if (ip->second)
            rates_max_[shortest_ip(*ip->second).value_or(*ip->second)] = limit->second;
        else
            rate_max_ = limit->second;
    }
}

// A connection that comes too fast isn't counted: it is none.
Duration ConnectionLimiter::throttle(const std::string& ip, Instant now) {
    const auto own = rates_max_.find(ip);
    const std::optional<double> limit = own == rates_max_.end() ? rate_max_ : std::optional(own->second);
    if (!limit) return {};
    if (now - rates_swept_ >= window_.length()) {
        rates_swept_ = now;
        std::erase_if(rates_, [&](const auto& each) { return each.second.is_unused(window_, now); });
    }
    QuotaRate& rate = rates_[ip];
    rate.record(1, window_, now);
    const Duration time = std::min(rate.throttle_time(*limit, window_, now), window_.sample_length);
    if (time > Duration{}) rate.record(-1, window_, now);
    return time;
}

ConnectionLimiter::Admission ConnectionLimiter::admit(const std::string& ip, Instant now) {
    const std::lock_guard lock(mutex_);
    if (const Duration close_after = throttle(ip, now); close_after > Duration{}) {
        refused(ip, "connection_creation_rate", now);
        return {false, close_after};
    }
    const auto override = limits_.per_ip_overrides.find(ip);
    const size_t per_ip_max = override == limits_.per_ip_overrides.end() ? limits_.per_ip_max : override->second;
    const auto at = by_ip_.find(ip);
    const size_t count = at == by_ip_.end() ? 0 : at->second;
    if (total_ >= limits_.total_max || count >= per_ip_max) {
        refused(ip, total_ >= limits_.total_max ? "max.connections" : "max.connections.per.ip", now);
        return {};
    }
    ++total_;
    ++by_ip_[ip];
    return {true, {}};
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
