// What the operator tells Prometheus, gathered when it is asked. Values only; one thread.
#pragma once

#include <string>

#include "kube/reflector.h"
#include "reconcile/controller.h"

namespace milena {

class OperatorMetrics {
  public:
    OperatorMetrics();
    ~OperatorMetrics();

    void add_leader(bool is_leader);
    void add_watch(const std::string& kind, const kube::ReflectorStats& stats, size_t objects, size_t bytes,
                   Instant now);
    void add_brake(const std::string& kind, bool is_on);
    void add_controller(const reconcile::Controller& controller);

    std::string text() const;

  private:
    struct Families;
    std::unique_ptr<Families> families_;
};

}  // namespace milena
