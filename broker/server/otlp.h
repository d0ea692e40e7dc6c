// OTLP: the form in which clients push their metrics (OpenTelemetry's MetricsData, a protobuf message). Only what a
// broker shows is read: names and numbers of gauges and sums. Points of one metric that differ in their attributes are
// put together, the sum of totals and the largest gauge, so that a client with a thousand partitions is one value.
// Pure; the bytes are hostile.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "base/result.h"

namespace milena::server {

struct OtlpValue {
    double value = 0;
    bool is_total = false;  // else a gauge
    bool is_delta = false;  // of a total: since the last push, not since ever
};

using OtlpValues = std::map<std::string, OtlpValue, std::less<>>;  // by name of the metric

inline constexpr size_t otlp_values_max = 1'000;
inline constexpr size_t otlp_name_bytes_max = 200;

// INVALID_RECORD if that is no MetricsData. More values than the limit are left out, and so are longer names.
Result<OtlpValues> read_otlp(std::span<const std::byte> data);

}  // namespace milena::server
