// Everything the operator watches, a store and a reflector for each kind, and which resources are to be looked at when
// something changes: a cluster when itself or one of its objects does, all clusters when a node is another one. Any
// thread.
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

namespace milena::reconcile {

struct WatchesConfig {
    std::string space{};  // empty: all namespaces
    // What all reflectors have in common; kind, namespace and selector are each one's own.
    kube::ReflectorConfig reflector{};
};

class Watches {
  public:
    Watches(kube::Client& client, const WatchesConfig& config, kube::WorkQueue& clusters, env::Clock& clock,
            env::Random& random);

    void start();
    void stop();

    const kube::Store& store(const std::string& kind) const;
    // All that a plan can't be made without.
    bool are_synced() const;
    // Of a kind that a plan can be made without: its objects are known.
    bool knows(const std::string& kind) const;

    plan::Observed observe(const kube::ObjectKey& cluster) const;

    struct Watched {
        bool is_required = true;
        std::unique_ptr<kube::Store> store;
        std::unique_ptr<kube::Reflector> reflector;
    };
    const std::map<std::string, Watched>& kinds() const { return kinds_; }

  private:
    void node_changed(const kube::Change& change);
    void add_kind(const std::string& kind, const WatchesConfig& config, kube::Store::Listener listener);

    kube::Client& client_;
    kube::WorkQueue& clusters_;
    env::Clock& clock_;
    env::Random& random_;
    std::map<std::string, Watched> kinds_;
    std::map<kube::ObjectKey, plan::Node> nodes_;  // of the reflector's thread
};

}  // namespace milena::reconcile
