// One pass over one KafkaCluster: what is there, from the stores; what is to be done, from the plan, which is asked
// again when it has asked the brokers; then its steps, and the status. Holds nothing between two passes. Any thread,
// one at a time for the same cluster.
#pragma once

#include <functional>
#include <memory>

#include "execute/executor.h"
#include "plan/cluster_plan.h"
#include "reconcile/controller.h"
#include "reconcile/watches.h"

namespace milena::reconcile {

// Who talks to the brokers of this cluster. Made anew for each pass; holds what it needs itself.
using BrokersOf = std::function<std::shared_ptr<admin::Brokers>(const api::KafkaCluster&, const plan::Observed&)>;

class ClusterReconciler {
  public:
    ClusterReconciler(const Watches& watches, kube::Client& client, kube::EventRecorder& events, env::Clock& clock,
                      BrokersOf brokers_of, plan::Settings settings)
        : watches_(watches),
          client_(client),
          clock_(clock),
          brokers_of_(std::move(brokers_of)),
          settings_(std::move(settings)),
          executor_(client, events, writes_, clock) {}

    Verdict reconcile(const kube::ObjectKey& key);

    execute::StepCounts steps() const { return executor_.counts(); }

  private:
    plan::ClusterPlan ask_and_plan(const api::KafkaCluster& cluster, const plan::Observed& observed,
                                   admin::Brokers& brokers);
    kube::Outcome<void> write(const execute::Subject& subject, const api::KafkaClusterStatus& status);

    const Watches& watches_;
    kube::Client& client_;
    env::Clock& clock_;
    const BrokersOf brokers_of_;
    const plan::Settings settings_;
    kube::OwnWrites writes_;
    execute::Executor executor_;
};

}  // namespace milena::reconcile
