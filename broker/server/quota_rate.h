// QuotaRate: how much was used in the last seconds, in Kafka's manner: in samples, of which the oldest is dropped when
// a new one begins. TokenBucket: how much may be used, for what comes in bursts. Pure; time is handed in.
//
//     quota.window.num samples of quota.window.size.seconds      rate = sum of the samples
//     │ 120 │ 80 │ 0 │ … │ 40 │ 10 ▸                                    ───────────────────────────────────────────────
//       └ oldest          newest ┘                                      time since the oldest began, at least all but
//       one
#pragma once

#include <cstdint>
#include <deque>

#include "base/time.h"

namespace milena::server {

struct QuotaWindow {
    int32_t samples = 11;
    Duration sample_length = std::chrono::seconds(1);

    Duration length() const { return sample_length * samples; }
    // Over which a rate is taken at least.
    Duration length_min() const { return sample_length * (samples - 1); }
};

class QuotaRate {
  public:
    // A negative amount takes back what was recorded just now.
    void record(double amount, const QuotaWindow& window, Instant now);
    double per_second(const QuotaWindow& window, Instant now);
    // Until the rate is within the limit, if nothing more is used.
    Duration throttle_time(double limit, const QuotaWindow& window, Instant now);
    // Nothing was used within the window: as good as new.
    bool is_unused(const QuotaWindow& window, Instant now) const;

  private:
    struct Sample {
        Instant begin;
        Instant last;
        double amount = 0;
    };

    void forget_old(const QuotaWindow& window, Instant now);
    Duration measured_time(const QuotaWindow& window, Instant now) const;

    std::deque<Sample> samples_;
};

class TokenBucket {
  public:
    // Full to begin with. What was there of it is kept when the limit changes.
    void record(double amount, double limit, const QuotaWindow& window, Instant now);
    // Until there are tokens again.
    Duration throttle_time(double limit, const QuotaWindow& window, Instant now);
    bool is_full(double limit, const QuotaWindow& window, Instant now) const;

  private:
    void refill(double limit, const QuotaWindow& window, Instant now);
    double tokens(double limit, const QuotaWindow& window, Instant now) const;

    bool is_new_ = true;
    double tokens_ = 0;
    Instant refilled_;
};

}  // namespace milena::server
