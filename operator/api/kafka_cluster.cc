#include "api/kafka_cluster.h"

namespace milena::api {

namespace {

constexpr const char* reserved_config =
    "['node.id', 'broker.id', 'broker.rack', 'process.roles', 'listeners', 'advertised.listeners', "
    "'listener.security.protocol.map', 'inter.broker.listener.name', 'controller.listener.names', "
    "'controller.quorum.voters', 'controller.quorum.bootstrap.servers', 'log.dirs', 'log.dir', 'metadata.log.dir', "
    "'milena.cluster.id', 'milena.metrics.listener', 'milena.broker.placement']";

Rule never_less(const char* what) {
    return {"quantity(self).compareTo(quantity(oldSelf)) >= 0",
            std::string(what) + " may grow, but not shrink: move to another pool instead"};
}

}  // namespace

void describe(Visitor& v, Resources& r) {
    const Field requests{
        .name = "requests", .doc = "What a node must have free for it.", .format = Format::quantity, .length_max = 32};
    v(requests, r.requests);
    const Field limits{
        .name = "limits", .doc = "What it may use at most.", .format = Format::quantity, .length_max = 32};
    v(limits, r.limits);
}

void describe(Visitor& v, Volume& s) {
    v({.name = "name",
       .doc = "The volume's name in the pod.",
       .is_required = true,
       .format = Format::dns_label,
       .length_max = 16,
       .rules = {{"self != 'config' && self != 'rack'", "the names config and rack are taken"}}},
      s.name);
    v({.name = "size",
       .doc = "How much it holds; it may be raised.",
       .is_required = true,
       .format = Format::quantity,
       .length_max = 32,
       .rules = {never_less("a volume")}},
      s.size);
    v({.name = "class", .doc = "The StorageClass; without it, the default one."}, s.storage_class);
    v.rules({{"has(self.class) == has(oldSelf.class) && (!has(self.class) || self.class == oldSelf.class)",
              "the class of a volume cannot be changed: move to another pool instead"}});
}

void describe(Visitor& v, Storage& s) {
    v({.name = "size",
       .doc = "How much each broker's volume holds; it may be raised.",
       .format = Format::quantity,
       .length_max = 32,
       .rules = {never_less("a volume")}},
      s.size);
    v({.name = "class", .doc = "The StorageClass of the volume; without it, the default one."}, s.storage_class);
    v({.name = "volumes",
       .doc = "Several volumes for each broker, each a log directory, in place of size and class.",
       .items_max = 8,
       .key = "name"},
      s.volumes);
    v({.name = "deletionPolicy",
       .doc = "Whether volumes stay when the cluster is deleted. Volumes of brokers that "
              "were drained and removed always go."},
      s.deletion_policy);
    v.rules({{"has(self.size) != has(self.volumes)", "give either size or volumes"},
             {"has(self.class) == has(oldSelf.class) && (!has(self.class) || self.class == oldSelf.class)",
              "the class of a volume cannot be changed: move to another pool instead"},
             {"!has(self.class) || has(self.size)", "class belongs to size; each of volumes has its own"},
             {"has(self.volumes) == has(oldSelf.volumes) && (!has(self.volumes) || (self.volumes.size() == "
              "oldSelf.volumes.size() && self.volumes.all(v, oldSelf.volumes.exists(o, o.name == v.name))))",
              "volumes cannot be added, removed or renamed: move to another pool instead"}});
}

template <class Nodes>
void describe_nodes(Visitor& v, Nodes& n, int64_t replicas_min) {
    v({.name = "replicas",
       .doc = "How many there are. Lowered, brokers are emptied before they go.",
       .min = replicas_min,
       .max = 500},
      n.replicas);
    v({.name = "resources", .doc = "Processors and memory of each."}, n.resources);
    v({.name = "storage", .doc = "Where each keeps its data.", .is_required = true}, n.storage);
    v({.name = "podTemplate", .doc = "What is special about these pods; replaces the cluster's podTemplate."},
      n.pod_template);
}

void describe(Visitor& v, Brokers& b) { describe_nodes(v, b, 1); }

void describe(Visitor& v, NodePool& p) {
    v({.name = "name",
       .doc = "Part of the pods' names.",
       .is_required = true,
       .format = Format::dns_label,
       .length_max = 16,
       .rules = {{"self != 'brokers' && self != 'nodes' && self != 'bootstrap'",
                  "the names brokers, nodes and bootstrap are taken"}}},
      p.name);
    v({.name = "roles",
       .doc = "What its nodes are.",
       .is_required = true,
       .is_immutable = true,
       .items_max = 2,
       .items_min = 1,
       .is_set = true,
       .words = {"Broker", "Controller"}},
      p.roles);
    v({.name = "firstNodeId",
       .doc = "Node ids count up from here; a whole thousand, another one for each pool.",
       .is_required = true,
       .is_immutable = true,
       .min = 1000,
       .max = 1'000'000,
       .rules = {{"self % 1000 == 0", "must be a whole thousand"}}},
      p.first_node_id);
    describe_nodes(v, p, 0);
    v.rules({{"!('Controller' in self.roles) || self.replicas == oldSelf.replicas",
              "the number of controllers cannot be changed"}});
}

void describe(Visitor& v, Listener& l) {
    v({.name = "name",
       .doc = "The listener's name; in capitals for Kafka.",
       .is_required = true,
       .format = Format::dns_label,
       .length_max = 15,
       .rules = {{"self != 'controller' && self != 'replication'", "the names controller and replication are taken"},
                 {"self.matches('^[a-z](-?[a-z0-9])*$')", "must begin with a letter"}}},
      l.name);
    v({.name = "type",
       .doc = "Who reaches it: pods (Internal), who reaches the nodes (NodePort), or who reaches the "
              "addresses of a load balancer, one for each broker (LoadBalancer)."},
      l.type);
    v({.name = "port",
       .doc = "Where the brokers listen.",
       .min = 1024,
       .max = 65535,
       .rules = {{"!(self in [9190, 9191, 9644])", "the ports 9190, 9191 and 9644 are the brokers' own"}}},
      l.port);
    v({.name = "annotations",
       .doc = "Of the listener's Services, for those who provide addresses.",
       .length_max = 1024,
       .items_max = 32},
      l.annotations);
}

void describe(Visitor& v, Rack& r) {
    v({.name = "topologyKey",
       .doc = "The label of the nodes that says in which rack they are, such as "
              "topology.kubernetes.io/zone.",
       .is_required = true,
       .length_max = 253},
      r.topology_key);
}

void describe(Visitor& v, MaintenanceWindow& w) {
    v({.name = "days",
       .doc = "On which days it begins; none: on all.",
       .items_max = 7,
       .is_set = true,
       .words = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}},
      w.days);
    v({.name = "start",
       .doc = "When it begins, in UTC.",
       .is_required = true,
       .format = Format::minute_of_day,
       .length_max = 5},
      w.start);
    v({.name = "durationMinutes", .doc = "How long it lasts.", .min = 10, .max = 1440}, w.duration_minutes);
}

namespace {

std::vector<Rule> listener_rules() {
    return {{"self.all(l, self.exists_one(m, m.port == l.port))", "two listeners have the same port"},
            {"self.size() == 0 || self.exists(l, l.type == 'Internal')",
             "one listener must be of type Internal: the operator comes in by it"}};
}

std::vector<Rule> pool_rules() {
    return {{"self.all(p, self.exists_one(q, q.firstNodeId == p.firstNodeId))", "two pools have the same firstNodeId"}};
}

std::vector<Rule> config_rules() {
    return {{std::string("self.all(k, !(k in ") + reserved_config + "))",
             "contains a setting that the operator makes from the rest of the resource: nodes, listeners, quorum, "
             "directories"}};
}

void describe_nodes_of(Visitor& v, KafkaClusterSpec& s) {
    v({.name = "version",
       .doc = "Of Milena; the operator knows where its image is.",
       .format = Format::version,
       .length_max = 64},
      s.version);
    v({.name = "image", .doc = "An image of your own, in place of version.", .length_max = 512}, s.image);
    v({.name = "brokers",
       .doc = "The brokers. The first three are the controllers as well (the first one, if there are "
              "fewer), unless a pool of nodePools has that role.",
       .is_required = true},
      s.brokers);
    v({.name = "nodePools",
       .doc = "Further nodes, with resources, storage or roles of their own.",
       .items_max = 8,
       .key = "name",
       .rules = pool_rules()},
      s.node_pools);
    v.rules({{"has(self.version) != has(self.image)", "give either version or image"},
             {"(has(self.nodePools) ? self.nodePools.filter(p, 'Controller' in p.roles).map(p, p.name) : []) == "
              "(has(oldSelf.nodePools) ? oldSelf.nodePools.filter(p, 'Controller' in p.roles).map(p, p.name) : [])",
              "pools of controllers cannot be added or removed"},
             {"!has(oldSelf.nodePools) || oldSelf.nodePools.all(p, p.replicas == 0 || (has(self.nodePools) && "
              "self.nodePools.exists(q, q.name == p.name)))",
              "a pool can be removed only when its replicas are 0: its brokers must be emptied first"}});
}

}  // namespace

void describe(Visitor& v, KafkaClusterSpec& s) {
    describe_nodes_of(v, s);
    v({.name = "config",
       .doc = "Kafka's settings for all nodes. What can change while brokers run does; else they are "
              "restarted one by one.",
       .length_max = 4096,
       .items_max = 256,
       .rules = config_rules()},
      s.config);
    v({.name = "listeners",
       .doc = "Where clients connect; none: one of type Internal, \"plain\", on port 9092.",
       .items_max = 8,
       .key = "name",
       .rules = listener_rules()},
      s.listeners);
    v({.name = "rack", .doc = "Spread replicas over the racks of the nodes."}, s.rack);
    v({.name = "podTemplate", .doc = "What is special about the pods."}, s.pod_template);
    v({.name = "paused", .doc = "The operator watches and reports, and changes nothing."}, s.paused);
    v({.name = "whenPartitionsUnavailable",
       .doc = "Whether a change may restart a broker that a partition can't spare, because it has no other "
              "replica or min.insync.replicas asks for all: Proceed (an event says which it is), or Block (the "
              "change waits until the topic asks for less or has more)."},
      s.when_partitions_unavailable);
    v({.name = "maintenanceWindows",
       .doc = "When brokers may be restarted for a change; none: always.",
       .items_max = 14},
      s.maintenance_windows);
    v({.name = "topicNamespaces",
       .doc = "From which namespaces, besides its own, KafkaTopics may refer to this "
              "cluster; \"*\": from all.",
       .items_max = 64,
       .is_set = true},
      s.topic_namespaces);
}

std::array<std::string_view, 2> words_of(OutagePolicy) { return {"Proceed", "Block"}; }
std::array<std::string_view, 2> words_of(RetentionPolicy) { return {"Retain", "Delete"}; }
std::array<std::string_view, 3> words_of(ListenerType) { return {"Internal", "NodePort", "LoadBalancer"}; }

std::vector<Volume> volumes_of(const Storage& storage) {
    if (!storage.volumes.empty()) return storage.volumes;
    return {{"data", storage.size, storage.storage_class}};
}

void describe(Visitor& v, BrokerStatus& b) {
    v({.name = "id", .doc = "Its node id.", .is_required = true, .is_output = true}, b.id);
    v({.name = "pool", .doc = "brokers, or the name of its pool."}, b.pool);
    v({.name = "pod", .doc = "Its pod."}, b.pod);
    v({.name = "node", .doc = "The node on which the pod is."}, b.node);
    v({.name = "rack", .doc = "Its rack."}, b.rack);
    v({.name = "state",
       .doc = "Joining, Ready, Starting, Outdated, Draining, Failing, Stopping, NodeAway or Missing.",
       .length_max = 32},
      b.state);
    v({.name = "message", .doc = "What is the matter.", .length_max = 512}, b.message);
}

void describe(Visitor& v, ListenerAddress& a) {
    v({.name = "broker", .doc = "The node id.", .is_required = true, .is_output = true}, a.broker);
    v({.name = "host", .doc = "Where clients reach it."}, a.host);
    v({.name = "port", .doc = "Where clients reach it.", .is_output = true}, a.port);
}

void describe(Visitor& v, ListenerStatus& l) {
    v({.name = "name", .doc = "The listener's name.", .is_required = true, .length_max = 15}, l.name);
    v({.name = "type", .doc = "Internal, NodePort or LoadBalancer.", .length_max = 16}, l.type);
    v({.name = "bootstrap", .doc = "What clients are given as bootstrap.servers.", .length_max = 2048}, l.bootstrap);
    v({.name = "addresses", .doc = "Where each broker is.", .items_max = 4500, .key = "broker"}, l.addresses);
}

void describe(Visitor& v, FeatureStatus& f) {
    v({.name = "name", .doc = "The feature.", .is_required = true}, f.name);
    v({.name = "finalized", .doc = "The level in use.", .is_output = true}, f.finalized);
    v({.name = "max", .doc = "The highest level that all brokers can live with.", .is_output = true}, f.max);
}

void describe(Visitor& v, RollStatus& r) {
    v({.name = "broker", .doc = "The node id.", .is_output = true}, r.broker);
    v({.name = "pod", .doc = "Its pod."}, r.pod);
    v({.name = "uid", .doc = "Of the pod that was deleted.", .length_max = 64}, r.uid);
    v({.name = "since", .doc = "When it was deleted.", .format = Format::time}, r.since);
    v({.name = "reason", .doc = "Why.", .length_max = 512}, r.reason);
}

void describe(Visitor& v, GrowthStatus& g) {
    v({.name = "pool", .doc = "brokers, or the name of the pool.", .is_required = true}, g.pool);
    v({.name = "phase", .doc = "Requested, ClaimsPatched, SetOrphaned or FileSystemPending.", .length_max = 32},
      g.phase);
    v({.name = "setUid", .doc = "Of the StatefulSet that is replaced.", .length_max = 64}, g.set_uid);
    v({.name = "message", .doc = "What is waited for.", .length_max = 512}, g.message);
}

void describe(Visitor& v, KafkaClusterStatus& s) {
    v({.name = "observedGeneration", .doc = "The generation of the spec that this status is about.", .is_output = true},
      s.observed_generation);
    v({.name = "conditions", .doc = "What is true of the cluster.", .items_max = 32, .key = "type"}, s.conditions);
    v({.name = "clusterId", .doc = "Kafka's id of the cluster.", .length_max = 64}, s.cluster_id);
    v({.name = "version", .doc = "What the brokers run; while they differ, all of it.", .length_max = 1024}, s.version);
    v({.name = "replicas", .doc = "The brokers that there are.", .is_output = true}, s.replicas);
    v({.name = "readyReplicas", .doc = "Those of them that serve.", .is_output = true}, s.ready_replicas);
    v({.name = "selector", .doc = "Which pods are the brokers'.", .length_max = 1024}, s.selector);
    v({.name = "bootstrap", .doc = "bootstrap.servers of the first listener.", .length_max = 2048}, s.bootstrap);
    v({.name = "controllers", .doc = "The node ids of the controllers.", .length_max = 1024}, s.controllers);
    v({.name = "brokers", .doc = "A line for each node.", .items_max = 4500, .key = "id"}, s.brokers);
    v({.name = "listeners", .doc = "Where clients connect.", .items_max = 8, .key = "name"}, s.listeners);
    v({.name = "features", .doc = "Feature levels.", .items_max = 32, .key = "name"}, s.features);
    v({.name = "roll", .doc = "The broker that was restarted last by the operator."}, s.roll);
    v({.name = "growth", .doc = "Volumes that are growing.", .items_max = 16, .key = "pool"}, s.growth);
}

}  // namespace milena::api
