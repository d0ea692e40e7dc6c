// Which replicas and leaderships to move so that brokers have equally much to do, each move with its reason. First
// partitions come to be in as many racks as they can, then replicas are counted, then preferred leaders; a leadership
// costs nothing to move, a replica is copied. Pure.
#pragma once

#include <vector>

#include "controller/replica_moves.h"
#include "metadata/image.h"

namespace milena::controller {

struct BalanceLimits {
    size_t moving_max = 50;        // partitions that are moved at once in the whole cluster, whoever has asked for it
    size_t leaderships_max = 500;  // in one plan
    double tolerance = 0.05;       // of the mean: no replica moves between brokers that differ by less
};

// Empty: there is nothing to do, or too much is being done already. Once a plan's moves have arrived, the next one goes
// on; it ends, since every move makes the brokers more equal or the racks more.
std::vector<ReplicaMove> plan_balance(const metadata::Image& image, const BalanceLimits& limits);

}  // namespace milena::controller
