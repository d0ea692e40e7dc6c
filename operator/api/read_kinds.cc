#include <algorithm>
#include <set>

#include "api/kafka_cluster.h"
#include "api/kafka_topic.h"
#include "base/parse_number.h"

namespace milena::api {

namespace {

using Json = nlohmann::json;

const Json& at(const Json& object, const char* name) {
    static const Json nothing = Json::object();
    const auto found = object.is_object() ? object.find(name) : object.end();
    return found == object.end() || found->is_null() ? nothing : *found;
}

template <class Kind, class Spec, class Status>
Result<Kind, FieldErrors> read_kind(const Json& object) {
    Kind kind;
    kind.metadata = metadata_of(object);
    ASSIGN_OR_RETURN(kind.spec, read_as<Spec>(at(object, "spec"), "spec"));
    kind.status = read_as<Status>(at(object, "status"), "status").value_or(Status{});
    return kind;
}

void refuse_reserved(const KafkaCluster& cluster, FieldErrors& errors) {
    static constexpr std::string_view reserved[]{"node.id",
                                                 "broker.id",
                                                 "broker.rack",
                                                 "process.roles",
                                                 "listeners",
                                                 "advertised.listeners",
                                                 "listener.security.protocol.map",
                                                 "inter.broker.listener.name",
                                                 "controller.listener.names",
                                                 "controller.quorum.voters",
                                                 "controller.quorum.bootstrap.servers",
                                                 "log.dirs",
                                                 "log.dir",
                                                 "metadata.log.dir",
                                                 "milena.cluster.id",
                                                 "milena.metrics.listener",
                                                 "milena.broker.placement"};
    for (const auto& [name, value] : cluster.spec.config)
        if (std::ranges::find(reserved, name) != std::end(reserved))
            errors.push_back({"spec.config." + name, "is made by the operator from the rest of the resource"});
}

// A volume "rack" that came by before there was a rule works as long as racks aren't asked for.
void check_storage(const KafkaCluster& cluster, const Storage& storage, const std::string& path, FieldErrors& errors) {
    if (storage.size.empty() == storage.volumes.empty()) errors.push_back({path, "give either size or volumes"});
    for (size_t i = 0; i < storage.volumes.size(); ++i) {
        const std::string& name = storage.volumes[i].name;
        if (name == "config" || (name == "rack" && cluster.spec.rack))
            errors.push_back({path + ".volumes[" + std::to_string(i) + "].name", "is taken by the pod itself"});
    }
}

void check_listeners(const KafkaCluster& cluster, FieldErrors& errors) {
    std::set<int64_t> ports{9190, 9191, 9644};
    for (size_t i = 0; i < cluster.spec.listeners.size(); ++i) {
        const Listener& listener = cluster.spec.listeners[i];
        const std::string path = "spec.listeners[" + std::to_string(i) + "]";
        if (!ports.insert(listener.port).second)
            errors.push_back({path + ".port", "another listener has it, or the brokers themselves"});
        if (listener.name == "controller" || listener.name == "replication")
            errors.push_back({path + ".name", "is taken by the brokers"});
    }
    const auto& all = cluster.spec.listeners;
    if (!all.empty() && std::ranges::find(all, ListenerType::internal, &Listener::type) == all.end())
        errors.push_back({"spec.listeners", "one must be of type Internal: the operator comes in by it"});
}

void check_pools(const KafkaCluster& cluster, FieldErrors& errors) {
    std::set<int64_t> first_ids;
    for (size_t i = 0; i < cluster.spec.node_pools.size(); ++i) {
        const NodePool& pool = cluster.spec.node_pools[i];
        const std::string path = "spec.nodePools[" + std::to_string(i) + "]";
        if (pool.first_node_id % 1000 != 0 || !first_ids.insert(pool.first_node_id).second)
            errors.push_back({path + ".firstNodeId", "must be a whole thousand that no other pool has"});
        if (pool.name == "brokers" || pool.name == "nodes" || pool.name == "bootstrap")
            errors.push_back({path + ".name", "is taken"});
        check_storage(cluster, pool.storage, path + ".storage", errors);
    }
}

}  // namespace

Result<KafkaCluster, FieldErrors> read_cluster(const Json& object) {
    return read_kind<KafkaCluster, KafkaClusterSpec, KafkaClusterStatus>(object);
}

Result<KafkaTopic, FieldErrors> read_topic(const Json& object) {
    return read_kind<KafkaTopic, KafkaTopicSpec, KafkaTopicStatus>(object);
}

FieldErrors validate(const KafkaCluster& cluster) {
    FieldErrors errors;
    const std::string& name = cluster.metadata.name;
    if (name.size() > 32 || !matches(Format::dns_label, name) || name[0] < 'a')
        errors.push_back({"metadata.name",
                          "must have at most 32 characters and begin with a letter: pods and Services "
                          "are named after it"});
    if (cluster.spec.version.empty() == cluster.spec.image.empty())
        errors.push_back({"spec", "give either version or image"});
    check_storage(cluster, cluster.spec.brokers.storage, "spec.brokers.storage", errors);
    check_pools(cluster, errors);
    check_listeners(cluster, errors);
    refuse_reserved(cluster, errors);
    return errors;
}

FieldErrors validate(const KafkaTopic& topic) {
    FieldErrors errors;
    const std::string& name = topic.topic_name();
    if (name.size() > 249 || !matches(Format::topic_name, name))
        errors.push_back({topic.spec.topic_name.empty() ? "metadata.name" : "spec.topicName",
                          "is no name of a topic: " + std::string(words_for(Format::topic_name))});
    const auto found = topic.spec.config.find("min.insync.replicas");
    const auto minimum = found == topic.spec.config.end() ? std::nullopt : parse_number<int64_t>(found->second);
    if (minimum && topic.spec.replication_factor && *minimum > *topic.spec.replication_factor)
        errors.push_back({"spec.config.min.insync.replicas",
                          "is greater than replicationFactor: no producer with acks=all would be served"});
    return errors;
}

}  // namespace milena::api
