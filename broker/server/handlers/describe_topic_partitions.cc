#include <algorithm>
#include <set>

#include "server/handlers/cluster_view.h"
#include "server/handlers/handlers.h"

namespace milena::server::handlers {
namespace {

using wire::DescribeTopicPartitionsRequest;
using wire::DescribeTopicPartitionsResponse;

// The whole request is refused: every topic in it is answered with the error.
DescribeTopicPartitionsResponse refused(const DescribeTopicPartitionsRequest& request) {
    DescribeTopicPartitionsResponse response;
    for (const DescribeTopicPartitionsRequest::Topic& topic : request.topics)
        response.topics.push_back({.error_code = ErrorCode::invalid_request, .name = std::string(topic.name)});
    return response;
}

DescribeTopicPartitionsResponse::Partition describe(const ClusterView& view, const metadata::PartitionImage& partition,
                                                    int32_t index) {
    const ClusterView::Leader leader = view.leader(partition);
    return {.error_code = leader.error,
            .partition_index = index,
            .leader_id = leader.id.value,
            .leader_epoch = partition.leader_epoch.value,
            .replica_nodes = plain_ids(partition.replicas),
            .isr_nodes = plain_ids(partition.isr),
            .eligible_leader_replicas = plain_ids(partition.elr),
            .last_known_elr = plain_ids(partition.last_known_elr),
            .offline_replicas = view.offline_replicas(partition)};
}

DescribeTopicPartitionsResponse::Topic missing(std::string_view name) {
    return {.error_code = missing_topic_error(name),
            .name = std::string(name),
            .is_internal = is_internal_topic(name),
            .topic_authorized_operations = all_topic_operations};
}

struct Page {
    const ClusterView& view;
    DescribeTopicPartitionsResponse response;
    size_t room;  // for so many more partitions

    // False if the page is full before the end of the topic.
    bool add(const metadata::TopicImage& topic, size_t first) {
        DescribeTopicPartitionsResponse::Topic& described = response.topics.emplace_back();
        described.name = topic.name;
        described.topic_id = topic.id;
        described.is_internal = is_internal_topic(topic.name);
        described.topic_authorized_operations = all_topic_operations;
        const size_t count = topic.partitions.size();
        const size_t end = std::min(count, first + std::min(room, count));
        for (size_t i = first; i < end; ++i)
            described.partitions.push_back(describe(view, *topic.partitions[i], static_cast<int32_t>(i)));
        room -= described.partitions.size();
        if (end < count) response.next_cursor = {topic.name, static_cast<int32_t>(end)};
        return end >= count;
    }
};

std::set<std::string_view> topics_of(const DescribeTopicPartitionsRequest& request, const metadata::Image& image) {
    const std::string_view begin = request.cursor ? request.cursor->topic_name : std::string_view();
    std::set<std::string_view> names;
    if (request.topics.empty())
        for (auto at = image.topics->by_name.lower_bound(begin); at != image.topics->by_name.end(); ++at)
            names.insert((*at)->name);
    for (const DescribeTopicPartitionsRequest::Topic& topic : request.topics)
        if (topic.name >= begin) names.insert(topic.name);
    return names;
}

}  // namespace

DescribeTopicPartitionsResponse describe_topic_partitions(const DescribeTopicPartitionsRequest& request,
                                                          const Caller& caller) {
    const metadata::Image& image = caller.context.image();
    const std::set<std::string_view> names = topics_of(request, image);
    if (request.cursor) {
        const bool is_named = request.topics.empty() || names.contains(request.cursor->topic_name);
        if (!is_named || request.cursor->partition_index < 0) return refused(request);
    }
    const int32_t room =
        std::min(caller.context.config().max_request_partition_size_limit, request.response_partition_limit);
    const ClusterView view(image, caller.listener());
    Page page{view, {}, static_cast<size_t>(std::max(room, 1))};
    for (const std::string_view name : names) {
        const metadata::TopicImage* topic = image.topic(name);
        if (page.room == 0) {
            page.response.next_cursor = {std::string(name), 0};
            break;
        }
        const bool is_continued = request.cursor && request.cursor->topic_name == name;
        if (topic == nullptr) {
            if (!request.topics.empty()) page.response.topics.push_back(missing(name));
        } else if (!page.add(*topic, is_continued ? static_cast<size_t>(request.cursor->partition_index) : 0)) {
            break;
        }
    }
    return std::move(page.response);
}

}  // namespace milena::server::handlers
