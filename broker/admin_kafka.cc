#include "admin_kafka.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "admin_ask.h"
#include "wire/messages/metadata.h"
#include "wire/messages/quorum.h"

namespace milena {
namespace {

template <class T>
using Outcome = Result<T, std::string>;

Outcome<wire::MetadataResponse> cluster_of(const std::vector<env::BrokerAddress>& brokers) {
    wire::MetadataRequest request;
    request.topics = std::nullopt;
    request.allow_auto_topic_creation = false;
    return ask_any<wire::MetadataResponse>(brokers, request, wire::MetadataRequest::api.stable);
}

void print(const wire::MetadataResponse& cluster) {
    size_t partitions = 0;
    size_t leaderless = 0;
    for (const auto& topic : cluster.topics)
        for (const auto& partition : topic.partitions) {
            ++partitions;
            if (partition.leader_id < 0) ++leaderless;
        }
    std::printf("cluster     %s\n", cluster.cluster_id.value_or("?").c_str());
    for (const auto& broker : cluster.brokers)
        std::printf("broker      %d at %s:%d\n", broker.node_id, broker.host.c_str(), broker.port);
    std::printf("topics      %zu\npartitions  %zu, %zu without a leader\n", cluster.topics.size(), partitions,
                leaderless);
}

void print_topics_of(wire::MetadataResponse& cluster) {
    std::ranges::sort(cluster.topics, {}, [](const auto& topic) { return topic.name.value_or(""); });
    for (const auto& topic : cluster.topics)
        std::printf("%-40s %6zu partitions  %zu replicas  id %s\n", topic.name.value_or("?").c_str(),
                    topic.partitions.size(),
                    topic.partitions.empty() ? size_t{0} : topic.partitions.front().replica_nodes.size(),
                    topic.topic_id.to_string().c_str());
}

}  // namespace

Outcome<std::vector<env::BrokerAddress>> parse_addresses(const std::string& text) {
    std::vector<env::BrokerAddress> addresses;
    for (size_t begin = 0; begin <= text.size();) {
        const size_t end = std::min(text.find(',', begin), text.size());
        const std::string one = text.substr(begin, end - begin);
        const size_t colon = one.rfind(':');
        if (colon == std::string::npos || colon == 0 || colon + 1 == one.size())
            return unexpected("\"" + one + "\" is not host:port");
        addresses.push_back({one.substr(0, colon), one.substr(colon + 1)});
        begin = end + 1;
    }
    return addresses;
}

Outcome<void> print_status(const std::vector<env::BrokerAddress>& brokers) {
    ASSIGN_OR_RETURN(const wire::MetadataResponse cluster, cluster_of(brokers));
    print(cluster);
    return {};
}

Outcome<void> print_topics(const std::vector<env::BrokerAddress>& brokers) {
    ASSIGN_OR_RETURN(wire::MetadataResponse cluster, cluster_of(brokers));
    print_topics_of(cluster);
    return {};
}

Outcome<std::vector<env::BrokerAddress>> find_controllers(const std::vector<env::BrokerAddress>& brokers) {
    wire::DescribeQuorumRequest request;
    request.topics = {{.topic_name = "__cluster_metadata", .partitions = {{.partition_index = 0}}}};
    ASSIGN_OR_RETURN(const auto quorum, ask_any<wire::DescribeQuorumResponse>(brokers, request, wire::Version{2}));
    std::vector<env::BrokerAddress> controllers;
    for (const auto& node : quorum.nodes)
        for (const auto& listener : node.listeners)
            controllers.push_back({listener.host, std::to_string(listener.port)});
    if (controllers.empty())
        return unexpected(
            std::string("this cluster has no listener that is asked by gRPC; set "
                        "controller.listener.names and controller.quorum.voters, or name one by --grpc"));
    return controllers;
}

}  // namespace milena
