// Metrics that clients push to the broker (KIP-714).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error_code.h"
#include "base/uuid.h"
#include "wire/schema.h"

namespace milena::wire {

// GetTelemetrySubscriptions (71): which metrics the broker wants, and how often.
struct GetTelemetrySubscriptionsRequest {
    static constexpr Api api{.key = 71, .max = 0, .flexible = 0};

    Uuid client_instance_id;
};

struct GetTelemetrySubscriptionsResponse {
    static constexpr Api api = GetTelemetrySubscriptionsRequest::api;

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
    Uuid client_instance_id;
    int32_t subscription_id = 0;
    std::vector<int8_t> accepted_compression_types;
    int32_t push_interval_ms = 0;
    int32_t telemetry_max_bytes = 0;
    bool delta_temporality = false;
    std::vector<std::string> requested_metrics;
};

// PushTelemetry (72): metrics of a client in OTLP.
struct PushTelemetryRequest {
    static constexpr Api api{.key = 72, .max = 0, .flexible = 0};

    Uuid client_instance_id;
    int32_t subscription_id = 0;
    bool terminating = false;
    int8_t compression_type = 0;
    Bytes metrics;
};

struct PushTelemetryResponse {
    static constexpr Api api = PushTelemetryRequest::api;

    int32_t throttle_time_ms = 0;
    ErrorCode error_code = ErrorCode::none;
};

}  // namespace milena::wire
