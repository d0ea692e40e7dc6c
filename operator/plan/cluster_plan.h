// The next safe steps towards the cluster that is wanted: a pure function of the resource, of what is there, of what
// the brokers have answered, and of the time. At most one step is disruptive, and none while another broker is away. A
// plan whose steps have all been done leads to one without steps.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/kafka_cluster.h"
#include "base/time.h"
#include "plan/answers.h"
#include "plan/observed.h"
#include "plan/step.h"

namespace milena::plan {

struct ClusterPlan {
    Questions questions;  // not empty: answer them and plan again; the steps are right all the same
    std::vector<Step> steps;
    api::KafkaClusterStatus status;
    std::optional<Duration> look_again;  // without any event
};

// Where the operator finds images, and what it is allowed.
struct Settings {
    std::string image_repository = "milena";
};

struct ClusterInput {
    const api::KafkaCluster& cluster;
    const Observed& observed;
    const Answers& answers;
    const Settings& settings;
    Timestamp now;
};

ClusterPlan plan_cluster(const ClusterInput& input);

// For a resource whose spec can't be read: says so, and changes nothing.
ClusterPlan plan_invalid(const nlohmann::json& object, const api::FieldErrors& errors, Timestamp now);

}  // namespace milena::plan
