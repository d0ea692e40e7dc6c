#include <set>

#include "controller/topic_names.h"
#include "server/controller_gate.h"
#include "server/handlers/cluster_view.h"
#include "server/handlers/handlers.h"
#include "server/leader_check.h"
#include "wire/messages/topics.h"

namespace milena::server::handlers {
namespace {

using wire::MetadataRequest;
using wire::MetadataResponse;
using MetadataCall = CallPtr<MetadataRequest, MetadataResponse>;

constexpr wire::Version topic_ids_since = 12;          // in version 10 and 11 they are there, but not to be used
constexpr wire::Version listener_not_found_since = 6;  // earlier readers are told LEADER_NOT_AVAILABLE

// What came of creating topics that didn't exist.
using Creations = std::map<std::string, ErrorCode, std::less<>>;

bool asks_for_all(const MetadataRequest& request, wire::Version version) {
    return !request.topics.has_value() || (version == 0 && request.topics->empty());
}

bool is_malformed(const MetadataRequest& request, wire::Version version) {
    if (version >= topic_ids_since || !request.topics.has_value()) return false;
    for (const MetadataRequest::Topic& topic : *request.topics)
        if (!topic.name.has_value() || !topic.topic_id.is_zero()) return true;
    return false;
}

MetadataResponse::Partition describe(const ClusterView& view, const metadata::PartitionImage& partition, int32_t index,
                                     wire::Version version) {
    const ClusterView::Leader leader = view.leader(partition);
    MetadataResponse::Partition described;
    described.partition_index = index;
    described.leader_id = leader.id.value;
    described.leader_epoch = partition.leader_epoch.value;
    described.offline_replicas = view.offline_replicas(partition);
    described.error_code = leader.error;
    if (leader.error == ErrorCode::listener_not_found && version < listener_not_found_since)
        described.error_code = ErrorCode::leader_not_available;
    for (const NodeId replica : partition.replicas)
        if (version > 0 || view.reachable(replica) != nullptr) described.replica_nodes.push_back(replica.value);
    for (const NodeId replica : partition.isr)
        if (version > 0 || view.reachable(replica) != nullptr) described.isr_nodes.push_back(replica.value);
    // Version 0 has no other way to say that a replica can't be reached.
    const bool all_reachable = described.replica_nodes.size() == partition.replicas.size() &&
                               described.isr_nodes.size() == partition.isr.size();
    if (leader.error == ErrorCode::none && !all_reachable) described.error_code = ErrorCode::replica_not_available;
    return described;
}

MetadataResponse::Topic describe(const ClusterView& view, const metadata::TopicImage& topic,
                                 const MetadataRequest& request, wire::Version version) {
    MetadataResponse::Topic described;
    described.name = topic.name;
    described.topic_id = topic.id;
    described.is_internal = is_internal_topic(topic.name);
    if (request.include_topic_authorized_operations) described.topic_authorized_operations = all_topic_operations;
    described.partitions.reserve(topic.partitions.size());
    for (size_t i = 0; i < topic.partitions.size(); ++i)
        described.partitions.push_back(describe(view, *topic.partitions[i], static_cast<int32_t>(i), version));
    return described;
}

MetadataResponse::Topic missing(std::string_view name, ErrorCode error, const MetadataRequest& request) {
    MetadataResponse::Topic topic;
    topic.error_code = error;
    topic.name = std::string(name);
    topic.is_internal = is_internal_topic(name);
    if (request.include_topic_authorized_operations) topic.topic_authorized_operations = all_topic_operations;
    return topic;
}

MetadataResponse::Topic unknown_id(const Uuid& id) {
    MetadataResponse::Topic topic;
    topic.error_code = ErrorCode::unknown_topic_id;
    topic.topic_id = id;
    return topic;
}

// A broker whose connection broke is fenced at once here, where Kafka's goes on being listed until its session is over.
// Its partitions get other leaders at once, but it is listed as long as there: librdkafka 2.11 and later forget a
// broker that isn't, and with it for a second the partitions that are just moving away from it.
bool is_listed(const Context& context, const metadata::BrokerImage& broker) {
    if (!broker.is_fenced) return true;
    const std::optional<Instant> since = context.shard.fenced_at(broker.id);
    return since && context.shard.clock().now() - *since < Milliseconds(context.config().broker_session_timeout_ms);
}

void describe_brokers(const MetadataCall& call, MetadataResponse& response) {
    const Context& context = call->context();
    for (const auto& [id, broker] : *context.image().brokers) {
        const metadata::Endpoint* endpoint = broker.endpoint(call->caller().listener());
        if (endpoint == nullptr || !is_listed(context, broker)) continue;
        response.brokers.push_back(
            {.node_id = id.value, .host = endpoint->host, .port = endpoint->port, .rack = broker.rack});
    }
    response.cluster_id = context.identity.cluster_id;
    // Any broker passes requests for the controller on, so any may be named.
    response.controller_id = context.identity.node.value;
    if (call->request.include_cluster_authorized_operations)
        response.cluster_authorized_operations = all_cluster_operations;
}

// By id if any topic is asked for by id, else by name; each topic once.
void describe_topics(const MetadataCall& call, const Creations& creations, MetadataResponse& response) {
    const ClusterView view(call->context().image(), call->caller().listener());
    const metadata::Image& image = view.image();
    const MetadataRequest& request = call->request;
    if (asks_for_all(request, call->version())) {
        for (const auto& topic : image.topics->by_name)
            response.topics.push_back(describe(view, *topic, request, call->version()));
        return;
    }
    std::set<Uuid> ids;
    for (const MetadataRequest::Topic& topic : *request.topics)
        if (!topic.topic_id.is_zero()) ids.insert(topic.topic_id);
    for (const Uuid& id : ids) {
        const metadata::TopicImage* topic = image.topic(id);
        response.topics.push_back(topic != nullptr ? describe(view, *topic, request, call->version()) : unknown_id(id));
    }
    if (!ids.empty()) return;
    std::set<std::string_view> names;
    for (const MetadataRequest::Topic& asked : *request.topics) {
        const std::string_view name = asked.name.value_or(std::string_view());
        if (!names.insert(name).second) continue;
        const metadata::TopicImage* topic = image.topic(name);
        const auto creation = creations.find(name);
        if (topic != nullptr)
            response.topics.push_back(describe(view, *topic, request, call->version()));
        else if (creation != creations.end() && creation->second != ErrorCode::none)
            response.topics.push_back(missing(name, creation->second, request));
        else
            response.topics.push_back(missing(name, missing_topic_error(name), request));
    }
}

// The other brokers that lead what is asked for.
std::set<NodeId> leaders_elsewhere(const MetadataCall& call) {
    const MetadataRequest& request = call->request;
    const metadata::Image& image = call->context().image();
    std::set<NodeId> leaders;
    const auto add = [&leaders](const metadata::TopicImage* topic) {
        if (topic == nullptr) return;
        for (const auto& partition : topic->partitions) leaders.insert(partition->leader);
    };
    if (asks_for_all(request, call->version())) {
        for (const auto& topic : image.topics->by_name) add(topic.get());
    } else {
        for (const MetadataRequest::Topic& topic : *request.topics)
            add(topic.topic_id.is_zero() ? image.topic(topic.name.value_or("")) : image.topic(topic.topic_id));
    }
    leaders.erase(no_node);
    leaders.erase(call->context().identity.node);
    return leaders;
}

void answer(const MetadataCall& call, const Creations& creations) {
    Context& context = call->context();
    context.leader_check.vouch_for(context.shard, leaders_elsewhere(call), [call, creations] {
        MetadataResponse response;
        describe_brokers(call, response);
        describe_topics(call, creations, response);
        call->respond(response);
    });
}

std::vector<std::string_view> names_to_create(const MetadataCall& call) {
    const MetadataRequest& request = call->request;
    const Context& context = call->context();
    std::vector<std::string_view> names;
    if (asks_for_all(request, call->version()) || !request.allow_auto_topic_creation ||
        !context.config().auto_create_topics_enable)
        return names;
    std::set<std::string_view> seen;
    for (const MetadataRequest::Topic& topic : *request.topics) {
        if (!topic.topic_id.is_zero()) return {};
        const std::string_view name = topic.name.value_or(std::string_view());
        // Internal topics are created by those who own them.
        if (!controller::reason_topic_name_refused(name) && !is_internal_topic(name) &&
            context.image().topic(name) == nullptr && seen.insert(name).second)
            names.push_back(name);
    }
    return names;
}

}  // namespace

// Kafka answers UNKNOWN_TOPIC_OR_PARTITION while it creates the topic, and the client asks again after a pause. The
// creation takes one fsync: we wait for it and answer with the topic.
void metadata(MetadataCall call) {
    if (call->caller().must_ask_elsewhere()) return call->close_connection(Caller::no_controller);
    if (is_malformed(call->request, call->version())) {
        MetadataResponse response;
        for (const MetadataRequest::Topic& topic : *call->request.topics) {
            MetadataResponse::Topic refused =
                missing(topic.name.value_or(""), ErrorCode::invalid_request, call->request);
            refused.topic_id = topic.topic_id;
            response.topics.push_back(std::move(refused));
        }
        return call->respond(response);
    }
    const std::vector<std::string_view> names = names_to_create(call);
    if (names.empty()) return answer(call, {});
    auto creation = std::make_shared<wire::CreateTopicsRequest>();
    for (const std::string_view name : names)
        creation->topics.push_back({.name = name, .num_partitions = -1, .replication_factor = -1});
    create_for(call->caller(), creation, [call](const wire::CreateTopicsResponse& created) {
        Creations outcomes;
        for (const wire::CreateTopicsResponse::Topic& topic : created.topics) {
            // By somebody else, a moment ago; or not before the client asks again, as it will.
            const bool is_passing = topic.error_code == ErrorCode::topic_already_exists ||
                                    topic.error_code == ErrorCode::throttling_quota_exceeded;
            if (!is_passing) outcomes.emplace(topic.name, topic.error_code);
        }
        answer(call, outcomes);
    });
}

}  // namespace milena::server::handlers
