// What the operator tells Prometheus, gathered when it is asked. Values only; one thread.
#pragma once

#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "execute/executor.h"
#include "kube/reflector.h"
#include "kube/request_counts.h"
#include "reconcile/controller.h"

namespace milena {

class OperatorMetrics {
  public:
    OperatorMetrics();
    ~OperatorMetrics();

    void add_leader(bool is_leader);
    void add_watch(const std::string& kind, const kube::ReflectorStats& stats, size_t objects, size_t bytes,
                   Instant now);
    void add_requests(const kube::RequestCounts& requests);
    void add_brake(const std::string& kind, bool is_on);
    void add_controller(const reconcile::Controller& controller);
    void add_steps(const std::string& kind, const execute::StepCounts& counts);
    void add_cluster(const nlohmann::json& object, Timestamp now);
    void add_topics(const kube::ObjectKey& cluster, const std::string& ready, size_t count);

    std::string text() const;

  private:
    struct Families;
    std::unique_ptr<Families> families_;
};

}  // namespace milena
