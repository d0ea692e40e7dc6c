#include <nlohmann/json.hpp>

#include "api/kafka_cluster.h"
#include "api/kafka_topic.h"
#include "api/schema.h"

namespace milena::api {

namespace {

using OrderedJson = nlohmann::ordered_json;

struct Names {
    const char* kind;
    const char* plural;
    const char* singular;
    const char* short_name;
    const char* doc;
};

OrderedJson column(const char* name, const char* type, const char* path, const char* doc, int priority = 0) {
    OrderedJson json{{"name", name}, {"type", type}, {"jsonPath", path}, {"description", doc}};
    if (priority != 0) json["priority"] = priority;
    return json;
}

OrderedJson condition_column(const char* type, const char* doc, int priority = 0) {
    return column(type, "string", (std::string(".status.conditions[?(@.type==\"") + type + "\")].status").c_str(), doc,
                  priority);
}

OrderedJson message_column() {
    return column("Status", "string", ".status.conditions[?(@.type==\"Ready\")].message", "What is the matter.", 1);
}

OrderedJson age_column() { return column("Age", "date", ".metadata.creationTimestamp", "How old it is."); }

template <class Spec, class Status>
OrderedJson object_schema(const char* doc, const Rule& name_rule) {
    Spec spec;
    Status status;
    PartOf<Spec> spec_part(spec);
    PartOf<Status> status_part(status);
    nlohmann::json spec_schema = schema_of(spec_part);
    nlohmann::json status_schema = schema_of(status_part);
    spec_schema["description"] = "What is wanted.";
    status_schema["description"] = "What is there.";
    OrderedJson schema{{"description", doc}, {"type", "object"}, {"required", {"spec"}}};
    schema["properties"] = {{"apiVersion", {{"type", "string"}}},
                            {"kind", {{"type", "string"}}},
                            {"metadata", {{"type", "object"}}},
                            {"spec", spec_schema},
                            {"status", status_schema}};
    schema["x-kubernetes-validations"] = {{{"rule", name_rule.cel}, {"message", name_rule.message}}};
    return schema;
}

OrderedJson crd(const Names& names, OrderedJson schema, OrderedJson columns, OrderedJson subresources) {
    OrderedJson one_version{{"name", version}, {"served", true}, {"storage", true}};
    one_version["subresources"] = std::move(subresources);
    one_version["additionalPrinterColumns"] = std::move(columns);
    one_version["schema"] = {{"openAPIV3Schema", std::move(schema)}};
    OrderedJson definition{{"apiVersion", "apiextensions.k8s.io/v1"}, {"kind", "CustomResourceDefinition"}};
    definition["metadata"] = {{"name", std::string(names.plural) + "." + group}};
    definition["spec"] = {{"group", group},
                          {"scope", "Namespaced"},
                          {"names",
                           {{"kind", names.kind},
                            {"listKind", std::string(names.kind) + "List"},
                            {"plural", names.plural},
                            {"singular", names.singular},
                            {"shortNames", {names.short_name}},
                            {"categories", {"milena"}}}},
                          {"versions", OrderedJson::array({std::move(one_version)})}};
    return definition;
}

OrderedJson cluster_crd() {
    const Names names{"KafkaCluster", "kafkaclusters", "kafkacluster", "kfc", "A Kafka cluster."};
    const Rule name{"self.metadata.name.size() <= 32 && self.metadata.name.matches('^[a-z]([a-z0-9-]*[a-z0-9])?$')",
                    "the name must have at most 32 characters, begin with a letter and have only small letters, digits "
                    "and \"-\": pods and Services are named after it"};
    OrderedJson columns = OrderedJson::array(
        {condition_column("Ready", "Whether clients can produce and consume."),
         column("Brokers", "integer", ".status.readyReplicas", "Brokers that serve."),
         column("Desired", "integer", ".spec.brokers.replicas", "Brokers that are wanted."),
         column("Version", "string", ".status.version", "What the brokers run."),
         column("Bootstrap", "string", ".status.bootstrap", "bootstrap.servers of the first listener.", 1),
         condition_column("Reconciling", "Whether a change is under way.", 1),
         column("Reason", "string", ".status.conditions[?(@.type==\"Ready\")].reason", "Why."), message_column(),
         age_column()});
    OrderedJson subresources{{"status", OrderedJson::object()},
                             {"scale",
                              {{"specReplicasPath", ".spec.brokers.replicas"},
                               {"statusReplicasPath", ".status.replicas"},
                               {"labelSelectorPath", ".status.selector"}}}};
    return crd(names, object_schema<KafkaClusterSpec, KafkaClusterStatus>(names.doc, name), std::move(columns),
               std::move(subresources));
}

OrderedJson topic_crd() {
    const Names names{"KafkaTopic", "kafkatopics", "kafkatopic", "kft", "A topic of a KafkaCluster."};
    const Rule name{"has(self.spec.topicName) || self.metadata.name.size() <= 249",
                    "a topic's name has at most 249 characters: give spec.topicName"};
    OrderedJson columns = OrderedJson::array(
        {column("Cluster", "string", ".spec.clusterRef.name", "Whose it is."),
         condition_column("Ready", "Whether the topic is there as it should be."),
         column("Partitions", "integer", ".status.partitions", "How many it has."),
         column("Replicas", "integer", ".status.replicationFactor", "Copies of each."),
         column("InSync", "string", ".status.inSync", "Partitions of which all replicas are in sync."),
         column("Lag", "integer", ".status.lag", "Records that the group furthest behind has yet to read."),
         column("Size", "integer", ".status.sizeBytes", "Bytes on the disks.", 1),
         column("Topic", "string", ".status.topicName", "The topic's name.", 1), message_column(), age_column()});
    return crd(names, object_schema<KafkaTopicSpec, KafkaTopicStatus>(names.doc, name), std::move(columns),
               OrderedJson{{"status", OrderedJson::object()}});
}

}  // namespace

std::vector<CrdFile> crd_files() {
    const std::string head = "# Generated from operator/api by `make crds`; a test compares.\n";
    return {{"kafkaclusters.yaml", head + to_yaml(cluster_crd())}, {"kafkatopics.yaml", head + to_yaml(topic_crd())}};
}

}  // namespace milena::api
