// How many connections the broker has, in all and of each address: max.connections, max.connections.per.ip; and how
// fast an address may make new ones: the quota connection_creation_rate. Shared by all shards; thread-safe: one short
// lock when a connection comes and when it goes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/time.h"
#include "metadata/image.h"
#include "server/quota_rate.h"

namespace milena::server {

class ConnectionLimiter {
  public:
    struct Limits {
        size_t total_max = 0;
        size_t per_ip_max = 0;
        std::map<std::string, size_t> per_ip_overrides;
    };

    explicit ConnectionLimiter(Limits limits, const QuotaWindow& window = {})
        : limits_(std::move(limits)), window_(window) {}

    // Not admitted: the connection has to be closed, if it came too fast only after a while. Logged, but not each time.
    struct Admission {
        bool is_admitted = false;
        Duration close_after{};
    };
    Admission admit(const std::string& ip, Instant now);
    void leave(const std::string& ip);
    void configure(Limits limits);
    // The quotas of addresses that count from now on.
    void adopt(const std::shared_ptr<const metadata::ClientQuotas>& quotas);

  private:
    Duration throttle(const std::string& ip, Instant now);
    void refused(const std::string& ip, std::string_view limit, Instant now);

    std::mutex mutex_;
    Limits limits_;
    const QuotaWindow window_;
    std::shared_ptr<const metadata::ClientQuotas> quotas_;
    std::unordered_map<std::string, double> rates_max_;  // by address
    std::optional<double> rate_max_;                     // of every other one
    std::unordered_map<std::string, QuotaRate> rates_;   // of those that have a limit
    Instant rates_swept_;
    size_t total_ = 0;
    std::unordered_map<std::string, size_t> by_ip_;
    uint64_t refused_count_ = 0;  // since the last line
    Instant logged_at_;
};

}  // namespace milena::server
