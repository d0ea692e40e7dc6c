// Kafka's metrics. Ours are served over HTTP: see milena.metrics.listener.
#include "settings/table_rows.h"

namespace milena::settings {

namespace {

constexpr Setting metrics_table[] = {
    {"metric.reporters", list, "org.apache.kafka.common.metrics.JmxReporter", anything, cluster_wide, low, accepted,
     "Java classes that report metrics."},
    {"metrics.num.samples", int32, "2", at_least(1), read_only, low, accepted, "Samples kept for a metric."},
    {"metrics.sample.window.ms", int64, "30000", at_least(1), read_only, low, accepted, "Length of a sample."},
    {"metrics.recording.level", string, "INFO", anything, read_only, low, accepted, "Which metrics are recorded."},
    {"kafka.metrics.reporters", list, "", anything, read_only, low, accepted,
     "Java classes that report metrics of the older kind."},
    {"kafka.metrics.polling.interval.secs", int32, "10", at_least(1), read_only, low, accepted,
     "How often those are asked."},
    {"telemetry.max.bytes", int32, "1048576", at_least(1), read_only, low, effective,
     "Largest push of a client's metrics (KIP-714)."},
    {"config.providers", list, "", anything, cluster_wide, low, accepted,
     "Java classes that fetch values from elsewhere; use the environment instead."},
};

}  // namespace

std::span<const Setting> metrics_rows() { return metrics_table; }

}  // namespace milena::settings
