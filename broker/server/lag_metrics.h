// The lag of consumers as Prometheus reads it. Written by hand, because there may be tens of thousands of samples, each
// with three labels. Any thread.
#pragma once

#include <string>

#include "server/consumer_lag.h"

namespace milena::server {

// To be put behind the other metrics.
std::string render_lag(const ConsumerLag& lag);

}  // namespace milena::server
