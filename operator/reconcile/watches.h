// Everything the operator watches, a store and a reflector for each kind, and which resources are to be looked at when
// something changes: a cluster when itself or one of its objects does, all clusters when a node is another one; a topic
// when somebody edits or deletes it, or the resource that had the same topic, and all topics of a cluster when they may
// be cared for again. Any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kube/reflector.h"
#include "kube/work_queue.h"
#include "plan/observed.h"
#include "reconcile/topic_place.h"
#include "reconcile/vanishing.h"

namespace milena::reconcile {

struct WatchesConfig {
    std::string space{};  // empty: all namespaces
    // What all reflectors have in common; kind, namespace and selector are each one's own.
    kube::ReflectorConfig reflector{};
    VanishingTimes vanishing{};
};

// A key of the topics' queue that is no topic's: time to look at all of them.
inline const kube::ObjectKey all_topics{};

class Watches {
  public:
    Watches(kube::Client& client, const WatchesConfig& config, kube::WorkQueue& clusters, kube::WorkQueue& topics,
            env::Clock& clock, env::Random& random);

    void start();
    void stop();

    const kube::Store& store(const std::string& kind) const;
    // All that a plan can't be made without.
    bool are_synced() const;
    // Of a kind that a plan can be made without: its objects are known.
    bool knows(const std::string& kind) const;

    plan::Observed observe(const kube::ObjectKey& cluster) const;
    // Which KafkaTopics are for the same topic.
    std::vector<nlohmann::json> topics_at(const TopicPlace& place) const;
    struct TopicCount {
        kube::ObjectKey cluster;
        std::string ready;  // the status of that condition
        size_t count = 0;
    };
    // How many KafkaTopics of each cluster are how ready.
    std::vector<TopicCount> topic_counts() const;
    Vanishing& vanishing_topics() { return vanishing_topics_; }

    // The highest version of our own kinds, whose numbers can be compared, that is sure to have been seen; empty: none.
    std::string version_seen() const;
    // What another process had seen of them is to be seen by this one, too.
    void require(const std::string& version);
    bool are_behind() const;

    struct Watched {
        bool is_required = true;
        std::unique_ptr<kube::Store> store;
        std::unique_ptr<kube::Reflector> reflector;
    };
    const std::map<std::string, Watched>& kinds() const { return kinds_; }

  private:
    void node_changed(const kube::Change& change);
    void cluster_changed(const kube::Change& change);
    void topic_changed(const kube::Change& change);
    void add_kind(const std::string& kind, const WatchesConfig& config, kube::Store::Listener listener);

    kube::Client& client_;
    kube::WorkQueue& clusters_;
    kube::WorkQueue& topics_;
    env::Clock& clock_;
    env::Random& random_;
    Vanishing vanishing_topics_;
    // What changes of which are looked at; each of the thread of one reflector.
    std::map<kube::ObjectKey, plan::Node> nodes_;
    std::map<kube::ObjectKey, std::string> clusters_seen_;
    std::map<kube::ObjectKey, std::string> topics_seen_;
    std::map<std::string, Watched> kinds_;  // the last: its threads use the others
};

}  // namespace milena::reconcile
