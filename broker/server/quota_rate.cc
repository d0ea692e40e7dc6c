#include "server/quota_rate.h"

#include <algorithm>
#include <cmath>

namespace milena::server {
namespace {

// Rounded to milliseconds, as clients are told; what no clock can hold is cut.
Duration milliseconds(double of_seconds) {
    constexpr double longest = INT32_MAX;
    return Milliseconds(static_cast<int64_t>(std::round(std::clamp(of_seconds * 1e3, 0.0, longest))));
}

}  // namespace

void QuotaRate::forget_old(const QuotaWindow& window, Instant now) {
    while (!samples_.empty() && now - samples_.front().last >= window.length()) samples_.pop_front();
}

void QuotaRate::record(double amount, const QuotaWindow& window, Instant now) {
    forget_old(window, now);
    if (samples_.empty() || now - samples_.back().begin >= window.sample_length) samples_.push_back({now, now, 0});
    if (samples_.size() > static_cast<size_t>(window.samples)) samples_.pop_front();
    samples_.back().amount += amount;
    samples_.back().last = now;
}

// Whoever has just begun is measured as if he had been silent before.
Duration QuotaRate::measured_time(const QuotaWindow& window, Instant now) const {
    const Duration elapsed = samples_.empty() ? Duration{} : now - samples_.front().begin;
    const int64_t missing = window.samples - 1 - elapsed / window.sample_length;
    return std::max<Duration>(elapsed + window.sample_length * std::max<int64_t>(missing, 0), Milliseconds(1));
}

double QuotaRate::per_second(const QuotaWindow& window, Instant now) {
    forget_old(window, now);
    double sum = 0;
    for (const Sample& sample : samples_) sum += sample.amount;
    return sum / in_seconds(measured_time(window, now));
}

Duration QuotaRate::throttle_time(double limit, const QuotaWindow& window, Instant now) {
    const double over = per_second(window, now) - limit;
    return over > 0 ? milliseconds(over / limit * in_seconds(measured_time(window, now))) : Duration{};
}

bool QuotaRate::is_unused(const QuotaWindow& window, Instant now) const {
    return std::ranges::all_of(
        samples_, [&](const Sample& sample) { return sample.amount == 0 || now - sample.last >= window.length(); });
}

double TokenBucket::tokens(double limit, const QuotaWindow& window, Instant now) const {
    const double burst = limit * in_seconds(window.length());
    return is_new_ ? burst : std::min(burst, tokens_ + limit * in_seconds(now - refilled_));
}

void TokenBucket::refill(double limit, const QuotaWindow& window, Instant now) {
    tokens_ = tokens(limit, window, now);
    refilled_ = now;
    is_new_ = false;
}

void TokenBucket::record(double amount, double limit, const QuotaWindow& window, Instant now) {
    refill(limit, window, now);
    tokens_ = std::min(tokens_ - amount, limit * in_seconds(window.length()));
}

Duration TokenBucket::throttle_time(double limit, const QuotaWindow& window, Instant now) {
    refill(limit, window, now);
    return tokens_ < 0 ? milliseconds(-tokens_ / limit) : Duration{};
}

bool TokenBucket::is_full(double limit, const QuotaWindow& window, Instant now) const {
    return tokens(limit, window, now) >= limit * in_seconds(window.length());
}

}  // namespace milena::server
