#include "server/call.h"

namespace milena::server {

// In per cent of one thread: two shards that do nothing else are 200.
Throttle Caller::charge() const {
    ClientQuotas& quotas = context.quotas;
    if (!quotas.limits(QuotaType::request) || !connection->is_open()) return {};
    const RequestTimes& times = connection->times(slot);
    const Instant until = times.handled == Instant{} ? context.shard.clock().now() : times.handled;
    const double seconds = in_seconds(until - times.received);
    return quotas.charge(QuotaType::request, quota_client(), seconds * 100);
}

Throttle Caller::charge(QuotaType type, double amount) const {
    if (!context.quotas.limits_any()) return {};
    return charge().or_longer(context.quotas.charge(type, quota_client(), amount));
}

void Caller::throttle(const Throttle& throttle) const {
    context.quotas.throttled(throttle);
    connection->throttle(throttle.time);
}

}  // namespace milena::server
