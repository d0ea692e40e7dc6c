// ClusterAdmin (proto/admin.proto) as a plan needs it: its questions, asked of any node that answers, but for those
// that only one can answer. Blocks its caller, a few seconds at most for each question. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "admin/refusal.h"
#include "plan/answers.h"
#include "plan/step.h"

namespace milena::admin {

class ClusterAdmin {
  public:
    // Where each node answers by gRPC: node id → "host:port".
    explicit ClusterAdmin(std::map<int64_t, std::string> nodes);
    ~ClusterAdmin();

    // All that ClusterAdmin knows; the widest topic and refused settings aren't among it.
    plan::Answers ask(const plan::Questions& questions);
    Result<void, Refusal> order(const plan::Place& place);

  private:
    struct Nodes;
    std::unique_ptr<Nodes> nodes_;
};

}  // namespace milena::admin
