// What one shard knows about the requests it has served: counts, bytes and times by API. Plain numbers, written by the
// shard's thread only; whoever wants to see them asks the shard for a copy.
//
//     received ──local──▶ handled ──remote──▶ answered ──queue──▶ sending ──send──▶ sent        total: received to sent
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/time.h"

namespace milena::server {

struct RequestTimes {
    int16_t api_key = -1;
    Instant received;
    Instant handled;  // the handler has returned
    Instant answered;
    Instant sending;  // earlier answers have been sent
};

struct TimeHistogram {
    static constexpr std::array<Duration, 14> bounds{
        std::chrono::microseconds(100), std::chrono::microseconds(250),  std::chrono::microseconds(500),
        std::chrono::milliseconds(1),   std::chrono::microseconds(2500), std::chrono::milliseconds(5),
        std::chrono::milliseconds(10),  std::chrono::milliseconds(25),   std::chrono::milliseconds(50),
        std::chrono::milliseconds(100), std::chrono::milliseconds(250),  std::chrono::milliseconds(500),
        std::chrono::seconds(1),        std::chrono::seconds(5)};

    std::array<uint64_t, bounds.size() + 1> counts{};
    Duration sum{};

    void add(Duration time);
    void add(const TimeHistogram& other);
};

struct ApiMetrics {
    enum Stage : uint8_t { local, remote, queue, send, total, stage_count };

    std::array<TimeHistogram, stage_count> times;
    uint64_t request_bytes = 0;
    uint64_t response_bytes = 0;
};

class RequestMetrics {
  public:
    static constexpr size_t keys_max = 128;

    void sent(const RequestTimes& times, Instant now, size_t request_bytes, size_t response_bytes);

    // Null for an API that nobody has used.
    const ApiMetrics* of(int16_t key) const { return apis_[static_cast<size_t>(key)].get(); }
    RequestMetrics copy() const;
    void add(const RequestMetrics& other);

    uint64_t connections_accepted = 0;
    uint64_t connections_closed = 0;
    uint64_t connections_refused = 0;    // by a limit
    uint64_t connections_throttled = 0;  // of these, because they came too fast
    uint64_t requests_refused = 0;       // closed the connection
    uint64_t received_bytes = 0;
    uint64_t sent_bytes = 0;

  private:
    std::array<std::unique_ptr<ApiMetrics>, keys_max> apis_;
};

}  // namespace milena::server
