// A pass over some KafkaTopics at once, since brokers are asked about a hundred as cheaply as about one: what is there,
// plans, their orders together, and so again until nothing is left to do, then each status once. Now and then it looks
// at all topics, whose brokers tell nobody when somebody else has changed them. Holds what was measured, and nothing
// else between two passes. Any thread, one at a time for the same topic.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "admin/topics.h"
#include "reconcile/cluster_reconciler.h"

namespace milena::reconcile {

// Who knows the topics of this cluster. Made anew for each pass; holds what it needs itself.
using TopicsOf = std::function<std::shared_ptr<admin::Topics>(const api::KafkaCluster&, const plan::Observed&)>;

struct TopicTimes {
    Duration look = std::chrono::minutes(1);             // at all topics
    Duration look_each = std::chrono::milliseconds(20);  // not more often than this for each of them
};

class TopicReconciler {
  public:
    TopicReconciler(Watches& watches, kube::Client& client, kube::EventRecorder& events, kube::WorkQueue& queue,
                    env::Clock& clock, BrokersOf brokers_of, TopicsOf topics_of, TopicTimes times = {})
        : watches_(watches),
          client_(client),
          queue_(queue),
          clock_(clock),
          brokers_of_(std::move(brokers_of)),
          topics_of_(std::move(topics_of)),
          times_(times),
          executor_(client, events, writes_, clock) {}

    std::vector<Verdict> reconcile(const std::vector<kube::ObjectKey>& keys);
    // As many at once as are a request of good size.
    static constexpr size_t keys_max = 200;
    execute::StepCounts steps() const { return executor_.counts(); }

  private:
    struct Looked;
    struct ClusterView;
    using Figures = std::shared_ptr<const admin::Topics::Figures>;

    void ask_namespaces(const std::vector<kube::ObjectKey>& keys);
    Verdict look_at_all();
    // Nothing: the verdict says why.
    std::unique_ptr<Looked> look(const kube::ObjectKey& key, Verdict& verdict);
    Verdict refuse(const kube::ObjectKey& key, const nlohmann::json& object, const api::FieldErrors& errors);
    void care(const kube::ObjectKey& cluster, std::vector<Looked*> looks);
    ClusterView see(const kube::ObjectKey& cluster);
    void ask_brokers(const api::KafkaCluster& cluster, ClusterView& view);
    Figures figures_of(const kube::ObjectKey& cluster, admin::Topics& topics);
    void plan_all(const ClusterView& view, const std::vector<Looked*>& looks);
    // Those of which something was ordered, which are to be looked at again.
    std::vector<Looked*> run_all(const ClusterView& view, const std::vector<Looked*>& looks);
    void finish(Looked& looked);
    std::string twin_of(const Looked& looked) const;

    // What was measured of one cluster, and when.
    struct Measured {
        std::optional<Instant> at;
        bool is_under_way = false;
        Figures figures = std::make_shared<const admin::Topics::Figures>();
    };

    Watches& watches_;
    kube::Client& client_;
    kube::WorkQueue& queue_;
    env::Clock& clock_;
    const BrokersOf brokers_of_;
    const TopicsOf topics_of_;
    const TopicTimes times_;
    kube::OwnWrites writes_;
    execute::Executor executor_;
    std::mutex mutex_;
    std::map<kube::ObjectKey, Measured> measured_;
};

}  // namespace milena::reconcile
