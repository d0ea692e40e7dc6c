#include "reconcile/cluster_reconciler.h"

#include <nlohmann/json.hpp>

#include "api/json.h"
#include "base/log.h"
#include "reconcile/status.h"

namespace milena::reconcile {
namespace {

// An answer may lead to one more question; never to one that was answered.
constexpr int questions_max = 5;
// What was refused for good may be allowed one day.
constexpr Duration retry_accessories = std::chrono::minutes(1);

void merge(plan::Answers& into, plan::Answers more) {
    if (more.config_schema) into.config_schema = std::move(more.config_schema);
    if (more.brokers) into.brokers = std::move(more.brokers);
    if (more.features) into.features = std::move(more.features);
    if (more.widest_topic) into.widest_topic = std::move(more.widest_topic);
    if (more.moves_left) into.moves_left = std::move(more.moves_left);
    if (more.refused_settings) into.refused_settings = std::move(more.refused_settings);
    into.may_restart.merge(more.may_restart);
    into.caught_up.merge(more.caught_up);
    into.drain.merge(more.drain);
    into.health.merge(more.health);
}

// What time alone doesn't mend is said where people look; and what may be mended by time, but comes also where the
// server stumbles over an object that it will never take.
void say_what_failed(const std::vector<execute::Failure>& failures, const api::KafkaCluster& cluster, Timestamp now,
                     api::KafkaClusterStatus& status) {
    for (const execute::Failure& failure : failures) {
        // A conflict that no server has told is somebody else's object under our name.
        const bool is_foreign = failure.error.reason == kube::Reason::conflict && failure.error.http_status == 0;
        const bool is_passing = failure.error.is_transient() || failure.error.reason == kube::Reason::not_leader;
        const bool may_pass = failure.error.reason == kube::Reason::internal_error;
        if (is_passing && !is_foreign && !may_pass) continue;
        api::ConditionSetter conditions(cluster.metadata.generation);
        const std::string what = failure.step + ": " + failure.error.message;
        const bool is_refused = failure.is_of_config && failure.error.reason == kube::Reason::invalid;
        conditions.set(may_pass ? api::condition::reconciling : api::condition::stalled, api::Truth::yes,
                       is_refused ? "ConfigRefused" : std::string(kube::reason_name(failure.error.reason)), what);
        if (is_refused) conditions.set(api::condition::config_applied, api::Truth::no, "Refused", what);
        status.conditions = conditions.merged(status.conditions, now);
        return;
    }
}

}  // namespace

Verdict ClusterReconciler::reconcile(const kube::ObjectKey& key) {
    // First of all: what is read after that isn't older than what was written.
    const bool has_seen = has_seen_own_writes(watches_, writes_, key, clock_.now());
    const auto object = watches_.store("KafkaCluster").find(key);
    // What it owned goes with it, by its owner references; its volumes stay.
    if (!object) return {};
    if (!has_seen) return {.waits = true};
    const execute::Subject subject{key, *object};
    const Timestamp now = clock_.wall();
    const auto cluster = api::read_cluster(*object);
    api::FieldErrors errors = cluster ? api::validate(*cluster) : cluster.error();
    if (!errors.empty()) {
        const auto written = write(subject, plan::plan_invalid(*object, errors, now).status);
        if (!written) return {.error = written.error()};
        return {};
    }
    const plan::Observed observed = watches_.observe(key);
    const auto brokers = brokers_of_(*cluster, observed);
    plan::ClusterPlan next = ask_and_plan(*cluster, observed, *brokers);
    const execute::Done done = executor_.run(next.steps, subject, *brokers);
    // The cluster goes with its namespace: there is nothing to come back for.
    if (!done.failures.empty() && done.failures.back().error.reason == kube::Reason::namespace_terminating) return {};
    say_what_failed(done.failures.empty() ? done.shortfalls : done.failures, *cluster, now, next.status);
    const auto written = write(subject, next.status);
    if (!done.failures.empty()) return {.error = done.failures.front().error};
    if (!written) return {.error = written.error()};
    if (done.shortfalls.empty()) return {.look_again = next.look_again};
    return {.look_again = std::min(next.look_again.value_or(retry_accessories), retry_accessories)};
}

plan::ClusterPlan ClusterReconciler::ask_and_plan(const api::KafkaCluster& cluster, const plan::Observed& observed,
                                                  admin::Brokers& brokers) {
    plan::Answers answers;
    for (int i = 0;; ++i) {
        plan::ClusterPlan next = plan::plan_cluster({cluster, observed, answers, settings_, clock_.wall()});
        if (next.questions.is_empty() || i == questions_max) return next;
        merge(answers, brokers.ask(next.questions));
    }
}

kube::Outcome<void> ClusterReconciler::write(const execute::Subject& subject, const api::KafkaClusterStatus& status) {
    return write_status(client_, writes_, subject, api::written(status), clock_.now());
}

}  // namespace milena::reconcile
