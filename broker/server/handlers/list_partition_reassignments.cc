#include "server/handlers/cluster_view.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

using wire::ListPartitionReassignmentsRequest;
using wire::ListPartitionReassignmentsResponse;

void add_if_moving(const metadata::TopicImage& topic, int32_t index,
                   ListPartitionReassignmentsResponse::Topic& result) {
    const metadata::PartitionImage* partition = topic.partition(PartitionIndex(index));
    if (partition == nullptr) return;
    if (partition->adding_replicas.empty() && partition->removing_replicas.empty()) return;
    result.partitions.push_back({.partition_index = index,
                                 .replicas = plain_ids(partition->replicas),
                                 .adding_replicas = plain_ids(partition->adding_replicas),
                                 .removing_replicas = plain_ids(partition->removing_replicas)});
}

void add(ListPartitionReassignmentsResponse& response, ListPartitionReassignmentsResponse::Topic topic) {
    if (!topic.partitions.empty()) response.topics.push_back(std::move(topic));
}

}  // namespace

ListPartitionReassignmentsResponse list_partition_reassignments(const ListPartitionReassignmentsRequest& request,
                                                                const Caller& caller) {
    ListPartitionReassignmentsResponse response;
    const metadata::Image& image = caller.context.image();
    if (request.topics) {
        for (const ListPartitionReassignmentsRequest::Topic& asked : *request.topics) {
            const metadata::TopicImage* topic = image.topic(asked.name);
            if (topic == nullptr) continue;
            ListPartitionReassignmentsResponse::Topic result{.name = topic->name};
            for (const int32_t index : asked.partition_indexes) add_if_moving(*topic, index, result);
            add(response, std::move(result));
        }
        return response;
    }
    for (const auto& topic : image.topics->by_name) {
        ListPartitionReassignmentsResponse::Topic result{.name = topic->name};
        for (size_t i = 0; i < topic->partitions.size(); ++i) add_if_moving(*topic, static_cast<int32_t>(i), result);
        add(response, std::move(result));
    }
    return response;
}

}  // namespace milena::server::handlers
