// The operator as a whole: watches, election, queues and workers, wired. Watches run from the start; workers only while
// this process has the lease and has seen everything. Owns its threads.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "kube/access.h"
#include "kube/election.h"
#include "reconcile/cluster_reconciler.h"
#include "reconcile/topic_reconciler.h"

namespace milena {

struct OperatorConfig {
    reconcile::WatchesConfig watches{};
    kube::ElectionConfig election{};
    bool elects = true;  // false: the only one there is
    int workers = 4;
    Milliseconds deadline{30'000};  // of a request to the API server
    std::string instance;           // this process's pod, for events
    plan::Settings settings{};
    reconcile::TopicTimes topics{};
};

class Operator {
  public:
    Operator(OperatorConfig config, std::shared_ptr<kube::Access> access, const reconcile::BrokersOf& brokers_of,
             reconcile::TopicsOf topics_of, env::Clock& clock, env::Random& random);
    ~Operator();

    void start();
    // Works until stop() (true), or until the lease is lost (false): then nothing was waited for, and the process has
    // to end at once, in whatever state its threads are.
    bool run();
    void stop();

    bool is_leader() const { return !config_.elects || election_.is_leader(); }
    // Has seen everything; a follower too, so that it can take over at once.
    bool is_ready() const { return watches_.are_synced(); }
    // Its watches hear something: a deadlock, or a dead connection that nobody noticed, shows here.
    bool is_live() const;
    std::string metrics();  // Prometheus' text format

  private:
    bool may_begin();

    const OperatorConfig config_;
    env::Clock& clock_;
    // The election has connections of its own: renewing waits behind nothing.
    std::unique_ptr<kube::HttpTransport> election_transport_;
    std::unique_ptr<kube::HttpTransport> transport_;
    kube::Client election_client_;
    kube::Client client_;
    kube::EventRecorder events_;
    kube::WorkQueue clusters_;
    kube::WorkQueue topics_;
    reconcile::Watches watches_;
    kube::Election election_;
    reconcile::ClusterReconciler cluster_reconciler_;
    reconcile::Controller cluster_controller_;
    reconcile::TopicReconciler topic_reconciler_;
    reconcile::Controller topic_controller_;

    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_stopped_ = false;
    bool has_lost_ = false;
    std::thread election_thread_;
};

}  // namespace milena
