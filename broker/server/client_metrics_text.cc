#include <utility>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "server/client_metrics.h"

namespace milena::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily counter(const char* name, const char* help, uint64_t value) {
    MetricFamily family{name, help, MetricType::Counter, {}};
    family.metric.emplace_back().counter.value = static_cast<double>(value);
    return family;
}

}  // namespace

std::string render_client_metrics(const ClientMetricsReport& report) {
    MetricFamily gauges{"milena_client_metric", "Gauges that clients have pushed.", MetricType::Gauge, {}};
    MetricFamily totals{"milena_client_metric_total", "Totals that clients have pushed.", MetricType::Counter, {}};
    for (const ClientMetricValue& value : report.values) {
        ClientMetric& metric = (value.is_total ? totals : gauges).metric.emplace_back();
        (value.is_total ? metric.counter.value : metric.gauge.value) = value.value;
        metric.label = {{"client_id", value.client_id}, {"metric", value.metric}};
    }
    MetricFamily clients{"milena_client_metrics_clients", "Clients that tell of themselves.", MetricType::Gauge, {}};
    clients.metric.emplace_back().gauge.value = static_cast<double>(report.clients);
    std::vector<MetricFamily> families{
        std::move(clients),
        counter("milena_client_metrics_pushes_total", "Pushes of clients that were taken in.", report.pushes),
        counter("milena_client_metrics_refused_pushes_total", "Pushes of clients that were refused.",
                report.pushes_refused),
        counter("milena_client_metrics_dropped_total", "Values of clients for which there was no room.",
                report.values_dropped)};
    if (!gauges.metric.empty()) families.push_back(std::move(gauges));
    if (!totals.metric.empty()) families.push_back(std::move(totals));
    return prometheus::TextSerializer().Serialize(families);
}

}  // namespace milena::server
