// The operator in one thread, with a clock that the test turns: its stores are filled between two passes, and each call
// to the world outside goes over a lifeline. So the same scenario makes the same calls each time, and a kill is at a
// call and not at some moment. Reflectors, connections and workers, which this leaves out, have tests of their own.
#pragma once

#include <string>

#include "operator/kept_brokers.h"
#include "operator/lifeline.h"
#include "operator/nodes.h"
#include "operator/world.h"
#include "reconcile/topic_reconciler.h"
#include "unit/operator/kube/manual_world.h"

namespace milena {

// What an operator finds, and leaves behind when it is killed.
struct SteppedWorld {
    // Kubernetes' controllers, kubelets and brokers have had a second.
    void go_on() {
        if (fake.version() != version) run_nodes(fake);
        version = fake.version();
        brokers.go_on(fake);
        clock.advance(std::chrono::seconds(1));
    }

    fake::FakeKube fake;
    KeptBrokers brokers;
    KeptTopics topics;
    kube::ManualClock clock;
    Lifeline line;
    uint64_t version = 0;  // that the nodes have seen
};

// Reads may fail as they like: whoever is killed at one has changed nothing since the call before. So only writes are
// counted.
class LineTransport final : public kube::HttpTransport {
  public:
    explicit LineTransport(SteppedWorld& world) : world_(world) {}
    kube::Outcome<kube::HttpAnswer> call(const kube::HttpRequest& request) override;
    kube::Outcome<std::shared_ptr<kube::HttpStream>> stream(const kube::HttpRequest& request) override;

  private:
    SteppedWorld& world_;
};

class SteppedOperator {
  public:
    SteppedOperator(SteppedWorld& world, const std::string& instance);

    // Until nothing is due.
    void work();

  private:
    void see();

    SteppedWorld& world_;
    NoJitter random_;
    LineTransport transport_;
    kube::Client client_;
    kube::EventRecorder events_;
    kube::WorkQueue clusters_;
    kube::WorkQueue topics_;
    reconcile::Watches watches_;
    reconcile::ClusterReconciler cluster_reconciler_;
    reconcile::Controller cluster_controller_;
    reconcile::TopicReconciler topic_reconciler_;
    reconcile::Controller topic_controller_;
    size_t seen_ = 0;  // of the history
};

}  // namespace milena
