// How to empty brokers that are to go: which replicas move next, and what can't. Pure; asked again whenever moves have
// arrived, it goes on where it is, so nothing has to be remembered between two askings.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "controller/broker_loads.h"
#include "controller/replica_moves.h"
#include "metadata/image.h"

namespace milena::controller {

struct StuckReplica {
    std::string topic;
    PartitionIndex partition;
    NodeId broker = no_node;
    std::string reason;
};

struct DrainPlan {
    std::vector<ReplicaMove> leaderships;  // given away at once, before anything is copied
    std::vector<ReplicaMove> moves;        // to be begun now
    std::vector<StuckReplica> stuck;       // in order of topic and partition; more brokers would help
    size_t replicas_left = 0;              // on the brokers, with those that are under way
    size_t under_way = 0;

    bool is_drained() const { return replicas_left == 0; }
};

// `moving_max`: partitions that are moved at once in the whole cluster, whoever has asked for it. Nothing new should be
// placed on `leaving` meanwhile: they are to be cordoned.
DrainPlan plan_drain(const metadata::Image& image, const std::set<NodeId>& leaving, size_t moving_max,
                     const Weighing& weighing = {});

// For moves that are under way, whoever has asked for them: to other brokers than those that are gone, or back.
std::vector<ReplicaMove> plan_other_targets(const metadata::Image& image, const std::set<NodeId>& gone,
                                            const Weighing& weighing = {});

}  // namespace milena::controller
