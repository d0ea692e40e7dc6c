// Placement: which brokers hold the replicas of new partitions. Leaders and replicas are spread evenly over the active
// brokers, replicas of a partition over racks. Pure but for the random start, which keeps small topics from all
// beginning on the same broker.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "env/random.h"
#include "metadata/image.h"

namespace milena::controller {

struct PlacementSpec {
    int32_t partitions_count = 0;
    int32_t replication_factor = 0;
};

// The replicas of each partition, the preferred leader first. The error says why there can't be so many replicas.
Result<std::vector<std::vector<NodeId>>, std::string> place(const metadata::Image& image, env::Random& random,
                                                            const PlacementSpec& spec);

// The directory of a new replica. With one there is no choice; else the broker chooses when it makes the log.
Uuid directory_on(const metadata::Image& image, NodeId node);

// A new partition with these replicas: the active ones are in sync, the first of them leads. Nothing if none is active.
std::optional<metadata::PartitionImage> new_partition(const metadata::Image& image, std::vector<NodeId> replicas);

// Whether somebody may ask for these replicas by hand; the error says why not. `replication_factor` is that of the
// topic's other partitions, 0: there are none. `present` are replicas that are there already: they may stay on a broker
// that gets no new ones.
Result<std::vector<NodeId>, std::string> check_assignment(const metadata::Image& image,
                                                          const std::vector<int32_t>& broker_ids,
                                                          size_t replication_factor,
                                                          const std::vector<NodeId>& present = {});

}  // namespace milena::controller
