#include "plan/cluster_plan.h"

#include "plan/pass.h"

namespace milena::plan {

namespace {

using api::Truth;

// What can't be read changes nothing, and says where it is wrong.
api::KafkaClusterStatus invalid_status(const api::KafkaClusterStatus& before, int64_t generation,
                                       const api::FieldErrors& errors, Timestamp now) {
    api::ConditionSetter conditions(generation);
    conditions.set(api::condition::stalled, Truth::yes, "InvalidSpec", text_of(errors));
    conditions.set(api::condition::reconciling, Truth::no, "InvalidSpec");
    api::KafkaClusterStatus status = before;
    if (api::find_condition(before.conditions, api::condition::ready) == nullptr)
        conditions.set(api::condition::ready, Truth::no, "InvalidSpec", text_of(errors));
    status.observed_generation = generation;
    status.conditions = conditions.merged(before.conditions, now);
    return status;
}

}  // namespace

ClusterPlan plan_cluster(const ClusterInput& input) {
    const api::KafkaCluster& cluster = input.cluster;
    ClusterPlan nothing;
    nothing.status = cluster.status;
    // What is ours goes with it: Kubernetes collects children; volumes stay or go as the sets say.
    if (cluster.metadata.is_deleting()) return nothing;
    if (const api::FieldErrors errors = validate(cluster); !errors.empty()) {
        nothing.status = invalid_status(cluster.status, cluster.metadata.generation, errors, input.now);
        return nothing;
    }
    Pass pass(input);
    plan_version(pass);
    plan_scale(pass);
    plan_children(pass);
    plan_volumes(pass);
    plan_rolling(pass);
    if (cluster.spec.paused) {
        pass.plan.steps.clear();
        pass.plan.questions = {};
        pass.plan.look_again.reset();
        pass.under_way.clear();
        pass.plan.status.roll = cluster.status.roll;
    }
    plan_status(pass);
    if (cluster.spec.paused) pass.plan.questions = {};
    return std::move(pass.plan);
}

ClusterPlan plan_invalid(const nlohmann::json& object, const api::FieldErrors& errors, Timestamp now) {
    const api::ObjectMeta meta = api::metadata_of(object);
    api::KafkaClusterStatus before;
    if (object.is_object() && object.contains("status"))
        before = api::read_as<api::KafkaClusterStatus>(object["status"], "status").value_or({});
    ClusterPlan plan;
    plan.status = invalid_status(before, meta.generation, errors, now);
    return plan;
}

}  // namespace milena::plan
