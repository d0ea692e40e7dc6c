// How many connections the broker has, in all and of each address: max.connections, max.connections.per.ip. Shared by
// all shards; thread-safe: one short lock when a connection comes and when it goes.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/time.h"

namespace milena::server {

class ConnectionLimiter {
  public:
    struct Limits {
        size_t total_max = 0;
        size_t per_ip_max = 0;
        std::map<std::string, size_t> per_ip_overrides;
    };

    explicit ConnectionLimiter(Limits limits) : limits_(std::move(limits)) {}

    // False: the connection has to be closed. Logged, but not each time.
    bool admit(const std::string& ip, Instant now);
    void leave(const std::string& ip);
    void configure(Limits limits);

  private:
    void refused(const std::string& ip, std::string_view limit, Instant now);

    std::mutex mutex_;
    Limits limits_;
    size_t total_ = 0;
    std::unordered_map<std::string, size_t> by_ip_;
    uint64_t refused_count_ = 0;  // since the last line
    Instant logged_at_;
};

}  // namespace milena::server
