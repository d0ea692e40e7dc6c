// Moves of replicas that nobody but the controller itself has asked for, each with its reason in words. A plan is a
// list of them, made by pure functions (drain_plan.h, balance_plan.h); carrying it out is one decision.
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "controller/decide.h"
#include "metadata/image.h"

namespace milena::controller {

struct ReplicaMove {
    Uuid topic_id;
    std::string topic;
    PartitionIndex partition;
    std::vector<NodeId> from;  // the replicas that the plan has seen, the preferred leader first
    std::vector<NodeId> to;
    std::string reason;
    bool is_under_way = false;  // to somewhere else: that is given up

    // The same replicas in another order.
    bool is_of_leadership() const;
};

struct MoveReplicas {
    std::vector<ReplicaMove> moves;
};

// What has changed since it was planned is left as it is; `count` is of what was not. Where only the order changes, the
// new preferred leader leads at once if it can.
Decision<Result<Upkeep>> decide(const Context& context, const MoveReplicas& request);

// Partitions that are being moved now, by whoever.
size_t moving_count(const metadata::Image& image);

}  // namespace milena::controller
