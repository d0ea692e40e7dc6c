// What the leader of a partition asks the controller for: these are in sync from now on. A plain value; the controller
// takes it only if nothing else has changed the partition since the leader looked.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "replica/partition_key.h"

namespace milena::replica {

struct IsrChange {
    PartitionKey key;
    LeaderEpoch leader_epoch = no_leader_epoch;
    int32_t partition_epoch = -1;  // the newest that the leader has seen
    std::vector<NodeId> isr;
    // Of the registrations that the leader has heard from, as `isr`; -1: it has no opinion (KIP-903).
    std::vector<int64_t> broker_epochs = {};

    bool operator==(const IsrChange&) const = default;
};

}  // namespace milena::replica
