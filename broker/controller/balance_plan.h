// Which replicas and leaderships to move so that brokers have equally much to do, each move with its reason. First
// partitions come to be in as many racks as they can; then replicas are counted, then what they store is weighed; then
// preferred leaders are counted, then the traffic that they take is weighed. What comes later never makes worse what
// came before it. A leadership costs nothing to move, a replica is copied. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "controller/replica_moves.h"
#include "controller/weights.h"
#include "metadata/image.h"

namespace milena::controller {

struct BalanceLimits {
    size_t moving_max = 50;        // partitions that are moved at once in the whole cluster, whoever has asked for it
    size_t leaderships_max = 500;  // in one plan
    double tolerance = 0.05;       // of the mean: no replica moves between brokers that differ by less
    // A share of a broker's disk, in percent: no replica moves to where more of it would be used.
    double disk_max_percent = 85;
    // Of the mean: brokers whose bytes, or bytes per second, differ by less are even; and also those that differ by no
    // more than these, so that nothing is copied for nothing.
    double weight_tolerance = 0.1;
    uint64_t bytes_tolerated = 1U << 30;
    uint64_t traffic_tolerated = 1U << 20;  // bytes per second
};

// Empty: there is nothing to do, or too much is being done already. Once a plan's moves have arrived, the next one goes
// on; as long as the weights stay the same it ends, since every move brings the brokers closer or the racks to more. As
// long as a broker hasn't told what it stores (Weights::unheard) replicas and leaders are only counted.
std::vector<ReplicaMove> plan_balance(const metadata::Image& image, const Weights& weights,
                                      const BalanceLimits& limits);

}  // namespace milena::controller
