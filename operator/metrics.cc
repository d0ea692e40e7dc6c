#include "metrics.h"

#include <algorithm>
#include <map>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "api/kafka_cluster.h"
#include "api/metadata.h"
#include "api/time_text.h"
#include "resource/pools.h"

namespace milena {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

struct OperatorMetrics::Families {
    std::map<std::string, MetricFamily> by_name;

    ClientMetric& add(const std::string& name, const std::string& help, MetricType type, Labels labels) {
        MetricFamily& family = by_name[name];
        family.name = name;
        family.help = help;
        family.type = type;
        ClientMetric& metric = family.metric.emplace_back();
        metric.label = std::move(labels);
        return metric;
    }
    void gauge(const std::string& name, const std::string& help, Labels labels, double value) {
        add(name, help, MetricType::Gauge, std::move(labels)).gauge.value = value;
    }
    void gauge(const std::string& name, const std::string& help, const std::string& kind, double value) {
        gauge(name, help, Labels{{"kind", kind}}, value);
    }
    void counter(const std::string& name, const std::string& help, Labels labels, double value) {
        add(name, help, MetricType::Counter, std::move(labels)).counter.value = value;
    }
    void counter(const std::string& name, const std::string& help, const std::string& kind, double value) {
        counter(name, help, Labels{{"kind", kind}}, value);
    }
};

OperatorMetrics::OperatorMetrics() : families_(std::make_unique<Families>()) {}
OperatorMetrics::~OperatorMetrics() = default;

void OperatorMetrics::add_leader(bool is_leader) {
    families_->gauge("milena_operator_leader", "1: this process has the lease and acts", Labels{}, is_leader);
}

void OperatorMetrics::add_watch(const std::string& kind, const kube::ReflectorStats& stats, size_t objects,
                                size_t bytes, Instant now) {
    Families& f = *families_;
    const auto number = [](uint64_t count) { return static_cast<double>(count); };
    if (stats.heard_at)
        f.gauge("milena_operator_watch_age_seconds", "since the API server has said anything of this kind", kind,
                in_seconds(now - *stats.heard_at));
    f.gauge("milena_operator_watch_failing", "1: the last attempt to list or watch failed", kind,
            stats.error.has_value());
    f.gauge("milena_operator_store_objects", "objects that are known", kind, number(objects));
    f.gauge("milena_operator_store_bytes", "what they take as CBOR", kind, number(bytes));
    f.counter("milena_operator_lists_total", "complete lists; after the first each is a watch that had expired", kind,
              number(stats.lists));
    f.counter("milena_operator_watches_total", "watches that were opened", kind, number(stats.watches));
    f.counter("milena_operator_events_total", "events that were received, bookmarks included", kind,
              number(stats.events));
    f.counter("milena_operator_watch_failures_total", "lists and watches that failed", kind, number(stats.failures));
    f.counter("milena_operator_stale_lists_total", "lists that were older than what was seen", kind,
              number(stats.stale_lists));
    f.counter("milena_operator_vanished_total", "lists in which all objects were gone at once", kind,
              number(stats.vanished));
}

void OperatorMetrics::add_requests(const kube::RequestCounts& requests) {
    for (const auto& [sort, count] : requests.all())
        families_->counter("milena_operator_requests_total",
                           "requests to the API server, by the status of the answer; 0: there was none",
                           Labels{{"verb", sort.verb}, {"kind", sort.kind}, {"status", std::to_string(sort.status)}},
                           static_cast<double>(count));
}

void OperatorMetrics::add_brake(const std::string& kind, bool is_on) {
    families_->gauge("milena_operator_brake", "1: so many resources went at once that nothing is deleted for now", kind,
                     is_on);
}

void OperatorMetrics::add_controller(const reconcile::Controller& controller) {
    Families& f = *families_;
    const std::string& kind = controller.kind();
    const reconcile::ControllerStats stats = controller.stats();
    const kube::QueueStats queue = controller.queue().stats();
    const auto number = [](uint64_t count) { return static_cast<double>(count); };
    auto& time = f.add("milena_operator_reconcile_seconds", "how long a look at a resource took", MetricType::Histogram,
                       {{"kind", kind}});
    time.histogram.sample_count = stats.reconciles;
    time.histogram.sample_sum = stats.seconds;
    uint64_t so_far = 0;
    for (size_t i = 0; i < stats.bounds.size(); ++i)
        time.histogram.bucket.push_back({so_far += stats.within[i], stats.bounds[i]});
    f.counter("milena_operator_reconcile_errors_total", "of them those that failed", kind, number(stats.errors));
    f.counter("milena_operator_reconcile_waits_total", "of them those that waited for own writes to come back", kind,
              number(stats.waits));
    f.counter("milena_operator_retries_total", "keys that come back after an error", kind, number(queue.retries));
    f.gauge("milena_operator_queue_length", "keys that wait for a worker", kind, number(queue.ready));
    f.gauge("milena_operator_queue_age_seconds", "how long the first of them has waited", kind,
            in_seconds(queue.oldest));
}

void OperatorMetrics::add_steps(const std::string& kind, const execute::StepCounts& counts) {
    families_->counter("milena_operator_steps_total", "steps of plans that were done", kind,
                       static_cast<double>(counts.done));
    for (const auto& [reason, count] : counts.refused)
        families_->counter("milena_operator_steps_refused_total",
                           "steps of plans that the API server or the brokers refused",
                           Labels{{"kind", kind}, {"reason", reason}}, static_cast<double>(count));
}

namespace {

// By what the status says, so that it goes on from one operator to the next.
Milliseconds roll_waiting(const api::KafkaClusterStatus& status, Timestamp now) {
    const api::Condition* reconciling = api::find_condition(status.conditions, api::condition::reconciling);
    if (reconciling == nullptr || reconciling->reason != api::roll_waits) return {};
    Timestamp since = api::parse_time(reconciling->last_transition_time).value_or(now);
    if (status.roll) since = std::max(since, api::parse_time(status.roll->since).value_or(now));
    return std::max(Milliseconds(0), Milliseconds(now - since));
}

}  // namespace

// Prometheus calls the namespace of the operator's pod "namespace".
void OperatorMetrics::add_cluster(const nlohmann::json& object, Timestamp now) {
    const kube::ObjectKey key = kube::key_of(object);
    const Labels labels{{"resource_namespace", key.space}, {"resource", key.name}};
    const auto cluster = api::read_cluster(object);
    if (cluster) {
        int64_t wanted = 0;
        for (const resource::Pool& pool : resource::pools_of(cluster->spec))
            wanted += pool.is_broker ? pool.replicas : 0;
        families_->gauge("milena_operator_brokers_desired", "brokers that a KafkaCluster wants", labels,
                         static_cast<double>(wanted));
        families_->gauge("milena_operator_brokers_ready", "of them those that are ready", labels,
                         static_cast<double>(cluster->status.ready_replicas));
        families_->gauge("milena_operator_roll_waiting_seconds",
                         "since a broker was restarted last, while others are to be and something has to come first",
                         labels, in_seconds(roll_waiting(cluster->status, now)));
    }
    for (const nlohmann::json& each : api::member(api::member(object, "status"), "conditions")) {
        Labels own = labels;
        own.push_back({"kind", "KafkaCluster"});
        own.push_back({"type", api::text_at(each, "type")});
        own.push_back({"status", api::text_at(each, "status")});
        families_->gauge("milena_operator_condition", "constant 1: the status of a resource's condition",
                         std::move(own), 1);
    }
}

void OperatorMetrics::add_topics(const kube::ObjectKey& cluster, const std::string& ready, size_t count) {
    families_->gauge("milena_operator_topics", "KafkaTopics of a KafkaCluster, by the status of their condition Ready",
                     Labels{{"resource_namespace", cluster.space}, {"resource", cluster.name}, {"ready", ready}},
                     static_cast<double>(count));
}

std::string OperatorMetrics::text() const {
    std::vector<MetricFamily> all;
    for (const auto& [name, family] : families_->by_name) all.push_back(family);
    return prometheus::TextSerializer().Serialize(all);
}

}  // namespace milena
