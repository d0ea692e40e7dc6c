#include "admin/widest_topic.h"

#include <map>
#include <string>
#include <utility>

namespace milena::admin {

plan::WidestTopic widest_topic_of(const wire::MetadataResponse& cluster,
                                  const wire::ListPartitionReassignmentsResponse& moves) {
    std::map<std::pair<std::string, int32_t>, size_t> given_up;
    for (const auto& topic : moves.topics)
        for (const auto& partition : topic.partitions)
            given_up[{topic.name, partition.partition_index}] = partition.removing_replicas.size();
    plan::WidestTopic widest;
    for (const auto& topic : cluster.topics) {
        const std::string name = topic.name.value_or("");
        for (const auto& partition : topic.partitions) {
            const auto move = given_up.find({name, partition.partition_index});
            const size_t less = move == given_up.end() ? 0 : move->second;
            const auto count = static_cast<int64_t>(partition.replica_nodes.size()) - static_cast<int64_t>(less);
            if (count > widest.replication_factor) widest = {name, count};
        }
    }
    return widest;
}

}  // namespace milena::admin
