// What ails the partitions of a cluster, in numbers, in one pass over all of them. Pure.
#pragma once

#include <cstddef>
#include <map>

#include "base/ids.h"
#include "controller/leadership_rules.h"
#include "metadata/image.h"

namespace milena::controller {

struct ClusterHealth {
    size_t offline_partitions = 0;  // nobody leads them
    // Of every broker that is registered: how many partitions keep it from being restarted, as can_restart() says.
    std::map<NodeId, size_t> restart_blockers;
};

ClusterHealth cluster_health(const metadata::Image& image, const RulesOfTopics& rules);

}  // namespace milena::controller
