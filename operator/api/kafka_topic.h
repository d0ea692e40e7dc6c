// The custom resource KafkaTopic: a topic of a KafkaCluster, as a user wants it (spec) and as it is (status). Plain
// values; what each field means stands in describe().
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "api/conditions.h"
#include "api/field.h"
#include "api/json.h"
#include "api/kafka_cluster.h"
#include "api/metadata.h"

namespace milena::api {

inline constexpr const char* topic_finalizer = "milena.dev/topic";

struct ClusterRef {
    std::string name;
    std::string name_space;  // empty: the topic's own
    bool operator==(const ClusterRef&) const = default;
};

enum class Adoption : uint8_t { matching, any, never };
std::array<std::string_view, 3> words_of(Adoption);
enum class Drift : uint8_t { enforce, warn, ignore };
std::array<std::string_view, 3> words_of(Drift);

struct KafkaTopicSpec {
    ClusterRef cluster_ref;
    std::string topic_name;  // empty: the resource's name
    int64_t partitions = 1;
    std::optional<int64_t> replication_factor;  // absent: the cluster's default
    std::map<std::string, std::string> config;
    RetentionPolicy deletion_policy = RetentionPolicy::retain;
    Adoption adoption = Adoption::matching;
    Drift drift = Drift::enforce;
    bool operator==(const KafkaTopicSpec&) const = default;
};

struct KafkaTopicStatus {
    int64_t observed_generation = 0;
    std::vector<Condition> conditions;
    std::string topic_name;
    std::string topic_id;
    std::optional<int64_t> partitions;
    std::optional<int64_t> replication_factor;
    std::string health;   // Healthy, UnderReplicated, UnderMinIsr, Offline
    std::string in_sync;  // partitions that are, of all: "12/12"
    std::optional<int64_t> size_bytes;
    std::optional<int64_t> lag;  // of the group that is furthest behind, in records
    std::string lag_group;
    bool operator==(const KafkaTopicStatus&) const = default;
};

struct KafkaTopic {
    ObjectMeta metadata;
    KafkaTopicSpec spec;
    KafkaTopicStatus status;

    const std::string& topic_name() const { return spec.topic_name.empty() ? metadata.name : spec.topic_name; }
    const std::string& cluster_namespace() const {
        return spec.cluster_ref.name_space.empty() ? metadata.name_space : spec.cluster_ref.name_space;
    }
    bool operator==(const KafkaTopic&) const = default;
};

void describe(Visitor& v, KafkaTopicSpec& spec);
void describe(Visitor& v, KafkaTopicStatus& status);

Result<KafkaTopic, FieldErrors> read_topic(const nlohmann::json& object);
FieldErrors validate(const KafkaTopic& topic);

}  // namespace milena::api
