#include "controller/cluster_health.h"

#include <optional>

#include "controller/can_restart.h"
#include "controller/partition_change.h"

namespace milena::controller {

ClusterHealth cluster_health(const metadata::Image& image, const RulesOfTopics& rules) {
    ClusterHealth health;
    for (const auto& [id, broker] : *image.brokers) health.restart_blockers[id] = 0;
    for (const auto& topic : image.topics->by_name) {
        const LeadershipRules of_topic = rules.of(topic->name);
        const auto look_at = [&](const metadata::PartitionImage& partition, NodeId broker) {
            const auto found = health.restart_blockers.find(broker);
            if (found == health.restart_blockers.end()) return;
            const auto harm = harm_of_restart(image, partition, of_topic.min_isr, broker);
            if (harm && harm->helps_to_wait) ++found->second;
        };
        for (const auto& partition : topic->partitions) {
            health.offline_partitions += partition->leader == no_node ? 1 : 0;
            for (const NodeId broker : partition->isr) look_at(*partition, broker);
            if (!contains(partition->isr, partition->leader)) look_at(*partition, partition->leader);
        }
    }
    return health;
}

}  // namespace milena::controller
