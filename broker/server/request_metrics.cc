#include "server/request_metrics.h"

#include <algorithm>

namespace milena::server {

void TimeHistogram::add(Duration time) {
    const auto bound = std::lower_bound(bounds.begin(), bounds.end(), time);
    ++counts[static_cast<size_t>(bound - bounds.begin())];
    sum += time;
}

void TimeHistogram::add(const TimeHistogram& other) {
    for (size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
    sum += other.sum;
}

void RequestMetrics::sent(const RequestTimes& times, Instant now, size_t request_bytes, size_t response_bytes) {
    if (times.api_key < 0 || static_cast<size_t>(times.api_key) >= keys_max) return;
    std::unique_ptr<ApiMetrics>& api = apis_[static_cast<size_t>(times.api_key)];
    if (!api) api = std::make_unique<ApiMetrics>();
    // An answer given inside the handler is all local.
    const Instant handled = std::min(times.handled, times.answered);
    api->times[ApiMetrics::local].add(handled - times.received);
    api->times[ApiMetrics::remote].add(times.answered - handled);
    api->times[ApiMetrics::queue].add(times.sending - times.answered);
    api->times[ApiMetrics::send].add(now - times.sending);
    api->times[ApiMetrics::total].add(now - times.received);
    api->request_bytes += request_bytes;
    api->response_bytes += response_bytes;
    sent_bytes += response_bytes;
}

RequestMetrics RequestMetrics::copy() const {
    RequestMetrics result;
    result.add(*this);
    return result;
}

void RequestMetrics::add(const RequestMetrics& other) {
    for (size_t key = 0; key < keys_max; ++key) {
        if (!other.apis_[key]) continue;
        if (!apis_[key]) apis_[key] = std::make_unique<ApiMetrics>();
        for (size_t stage = 0; stage < ApiMetrics::stage_count; ++stage)
            apis_[key]->times[stage].add(other.apis_[key]->times[stage]);
        apis_[key]->request_bytes += other.apis_[key]->request_bytes;
        apis_[key]->response_bytes += other.apis_[key]->response_bytes;
    }
    connections_accepted += other.connections_accepted;
    connections_closed += other.connections_closed;
    connections_refused += other.connections_refused;
    connections_throttled += other.connections_throttled;
    requests_refused += other.requests_refused;
    received_bytes += other.received_bytes;
    sent_bytes += other.sent_bytes;
}

}  // namespace milena::server
