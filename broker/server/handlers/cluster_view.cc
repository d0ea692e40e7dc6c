#include "server/handlers/cluster_view.h"

#include <algorithm>

#include "controller/topic_names.h"

namespace milena::server {

bool is_internal_topic(std::string_view name) {
    return name == "__consumer_offsets" || name == "__transaction_state" || name == "__share_group_state";
}

ErrorCode missing_topic_error(std::string_view name) {
    return controller::reason_topic_name_refused(name) ? ErrorCode::invalid_topic_exception
                                                       : ErrorCode::unknown_topic_or_partition;
}

std::vector<int32_t> plain_ids(const std::vector<NodeId>& ids) {
    std::vector<int32_t> plain;
    plain.reserve(ids.size());
    for (const NodeId id : ids) plain.push_back(id.value);
    return plain;
}

const metadata::Endpoint* ClusterView::reachable(NodeId broker) const {
    const metadata::BrokerImage* found = image_.broker(broker);
    return found == nullptr || found->is_fenced ? nullptr : found->endpoint(listener_);
}

ClusterView::Leader ClusterView::leader(const metadata::PartitionImage& partition) const {
    if (reachable(partition.leader) != nullptr) return {partition.leader, ErrorCode::none};
    const metadata::BrokerImage* broker = image_.broker(partition.leader);
    const bool is_alive = broker != nullptr && !broker->is_fenced;
    return {no_node, is_alive ? ErrorCode::listener_not_found : ErrorCode::leader_not_available};
}

std::vector<int32_t> ClusterView::offline_replicas(const metadata::PartitionImage& partition) const {
    std::vector<int32_t> offline;
    for (size_t i = 0; i < partition.replicas.size(); ++i) {
        const NodeId replica = partition.replicas[i];
        const Uuid directory = i < partition.directories.size() ? partition.directories[i] : Uuid{};
        const metadata::BrokerImage* broker = image_.broker(replica);
        const bool has_directory = directory.is_reserved()
                                       ? directory != metadata::lost_directory
                                       : broker != nullptr && std::ranges::count(broker->directories, directory) > 0;
        if (reachable(replica) == nullptr || !has_directory) offline.push_back(replica.value);
    }
    return offline;
}

}  // namespace milena::server
