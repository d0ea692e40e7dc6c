#include "api/kafka_topic.h"

namespace milena::api {

std::array<std::string_view, 3> words_of(Adoption) { return {"Matching", "Any", "Never"}; }
std::array<std::string_view, 3> words_of(Drift) { return {"Enforce", "Warn", "Ignore"}; }

void describe(Visitor& v, ClusterRef& r) {
    v({.name = "name",
       .doc = "The KafkaCluster's name.",
       .is_required = true,
       .format = Format::dns_label,
       .length_max = 32},
      r.name);
    v({.name = "namespace",
       .doc = "Where it is; without it, here. That cluster's topicNamespaces must allow it.",
       .format = Format::dns_label,
       .length_max = 63},
      r.name_space);
}

void describe(Visitor& v, KafkaTopicSpec& s) {
    v({.name = "clusterRef", .doc = "The cluster that has the topic.", .is_required = true, .is_immutable = true},
      s.cluster_ref);
    v({.name = "topicName",
       .doc = "The topic's name, if it isn't the resource's.",
       .is_immutable = true,
       .format = Format::topic_name,
       .length_max = 249},
      s.topic_name);
    v({.name = "partitions",
       .doc = "How many it has; it may be raised.",
       .min = 1,
       .max = 100'000,
       .rules = {{"self >= oldSelf", "partitions cannot be removed from a topic"}}},
      s.partitions);
    v({.name = "replicationFactor",
       .doc = "How many copies there are; changed, replicas are moved. Without it, the "
              "cluster's default.",
       .min = 1,
       .max = 100},
      s.replication_factor);
    v({.name = "config", .doc = "Kafka's settings of the topic.", .length_max = 4096, .items_max = 64}, s.config);
    v({.name = "deletionPolicy", .doc = "What becomes of the topic and its data when this resource is deleted."},
      s.deletion_policy);
    v({.name = "adoption",
       .doc = "Whether a topic that is there already is taken: if it is as this resource says "
              "(Matching), in any case (Any), or not at all (Never)."},
      s.adoption);
    v({.name = "drift",
       .doc = "What is done when somebody else changes the topic: it is changed back (Enforce), "
              "reported (Warn), or nothing (Ignore)."},
      s.drift);
    v.rules({{"has(self.topicName) == has(oldSelf.topicName)", "topicName cannot be changed"},
             // What is no number is for the brokers to refuse.
             {"!has(self.replicationFactor) || !has(self.config) || !('min.insync.replicas' in self.config) || "
              "!self.config['min.insync.replicas'].matches('^[0-9]{1,9}$') || "
              "int(self.config['min.insync.replicas']) <= self.replicationFactor",
              "min.insync.replicas is greater than replicationFactor: no producer with acks=all would be served"}});
}

void describe(Visitor& v, KafkaTopicStatus& s) {
    v({.name = "observedGeneration", .doc = "The generation of the spec that this status is about.", .is_output = true},
      s.observed_generation);
    v({.name = "conditions", .doc = "What is true of the topic.", .items_max = 32, .key = "type"}, s.conditions);
    v({.name = "topicName", .doc = "The topic's name.", .length_max = 249}, s.topic_name);
    v({.name = "topicId", .doc = "Kafka's id of the topic.", .length_max = 64}, s.topic_id);
    v({.name = "partitions", .doc = "How many it has.", .is_output = true}, s.partitions);
    v({.name = "replicationFactor", .doc = "How many copies its partitions have.", .is_output = true},
      s.replication_factor);
    v({.name = "health", .doc = "Healthy, UnderReplicated, UnderMinIsr or Offline.", .length_max = 32}, s.health);
    v({.name = "inSync", .doc = "Partitions of which all replicas are in sync, of all.", .length_max = 32}, s.in_sync);
    v({.name = "sizeBytes", .doc = "What the topic takes on the disks, with all copies.", .is_output = true},
      s.size_bytes);
    v({.name = "lag",
       .doc = "How many records the consumer group that is furthest behind has yet to read.",
       .is_output = true},
      s.lag);
    v({.name = "lagGroup", .doc = "That group."}, s.lag_group);
}

}  // namespace milena::api
