// Image: what the cluster looks like after one record of the metadata log. Immutable, so every shard may read it
// without a lock; the next image shares with this one all that did not change. Made by ImageBuilder (delta.h) only.
// Also holds what no handler uses yet (quotas, ACLs, SCRAM credentials, delegation tokens): it must survive a snapshot.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "base/uuid.h"
#include "metadata/feature_levels.h"
#include "metadata/sorted_index.h"
#include "settings/listeners.h"
#include "settings/value.h"

namespace milena::metadata {

// Directory ids that name no directory (KIP-858).
inline constexpr Uuid migrating_directory{0, 0};
inline constexpr Uuid unassigned_directory{0, 1};
inline constexpr Uuid lost_directory{0, 2};

enum class LeaderRecoveryState : int8_t { recovered = 0, recovering = 1 };

struct PartitionImage {
    std::vector<NodeId> replicas;   // the first one is the preferred leader
    std::vector<Uuid> directories;  // of the replicas, in their order
    std::vector<NodeId> isr;
    std::vector<NodeId> removing_replicas;
    std::vector<NodeId> adding_replicas;
    std::vector<NodeId> elr;  // eligible leader replicas (KIP-966)
    std::vector<NodeId> last_known_elr;
    NodeId leader = no_node;
    LeaderRecoveryState leader_recovery_state = LeaderRecoveryState::recovered;
    LeaderEpoch leader_epoch{0};
    int32_t partition_epoch = 0;  // raised by every change of this partition

    bool has_replica(NodeId node) const;
    // unassigned_directory where the node has no replica or none is chosen yet.
    Uuid directory_of(NodeId node) const;
    bool operator==(const PartitionImage&) const = default;
};

struct TopicImage {
    std::string name;
    Uuid id;
    std::vector<std::shared_ptr<const PartitionImage>> partitions;  // by index, none null

    // Null where the topic has no such partition.
    const PartitionImage* partition(PartitionIndex index) const {
        const auto at = static_cast<size_t>(index.value);
        return index.value >= 0 && at < partitions.size() ? partitions[at].get() : nullptr;
    }
    bool operator==(const TopicImage& other) const;
};

struct TopicName {
    std::string_view operator()(const TopicImage& topic) const { return topic.name; }
};
struct TopicId {
    const Uuid& operator()(const TopicImage& topic) const { return topic.id; }
};

struct Topics {
    SortedIndex<TopicImage, TopicName> by_name;
    SortedIndex<TopicImage, TopicId> by_id;

    bool operator==(const Topics& other) const { return by_name == other.by_name; }
};

using settings::SecurityProtocol;

struct Endpoint {
    std::string name;  // of the listener
    std::string host;
    uint16_t port = 0;
    SecurityProtocol security_protocol = SecurityProtocol::plaintext;

    bool operator==(const Endpoint&) const = default;
};

struct SupportedFeature {
    int16_t level_min = 0;
    int16_t level_max = 0;

    bool operator==(const SupportedFeature&) const = default;
};

struct BrokerImage {
    NodeId id = no_node;
    int64_t epoch = -1;  // of this registration: the metadata offset of its record
    Uuid incarnation_id;
    std::vector<Endpoint> endpoints;
    std::map<std::string, SupportedFeature> features;
    std::optional<std::string> rack;
    bool is_fenced = true;
    bool is_in_controlled_shutdown = false;
    bool is_migrating_zk_broker = false;
    std::vector<Uuid> directories;
    std::optional<std::vector<Uuid>> cordoned_directories;  // null until the broker has said

    // May take new replicas and lead partitions.
    bool is_active() const { return !is_fenced && !is_in_controlled_shutdown; }
    // Whether new replicas may be placed on it: one that hasn't said which directories it has or cordons may have some.
    bool has_uncordoned_directory() const;
    const Endpoint* endpoint(std::string_view listener) const;
    bool operator==(const BrokerImage&) const = default;
};

struct ControllerImage {
    NodeId id = no_node;
    Uuid incarnation_id;
    bool is_zk_migration_ready = false;
    std::vector<Endpoint> endpoints;
    std::map<std::string, SupportedFeature> features;

    bool operator==(const ControllerImage&) const = default;
};

// Kafka's numbers (org.apache.kafka.common.config.ConfigResource.Type).
enum class ConfigResourceType : int8_t {
    unknown = 0,
    topic = 2,
    broker = 4,
    broker_logger = 8,
    client_metrics = 16,
    group = 32,
};

struct ConfigResource {
    ConfigResourceType type = ConfigResourceType::unknown;
    std::string name;  // of a broker its id; empty: the default of all brokers

    auto operator<=>(const ConfigResource&) const = default;
};

using settings::Texts;

struct ConfigImage {
    ConfigResource resource;
    Texts values;  // only what was set, never empty

    bool operator==(const ConfigImage&) const = default;
};

struct ConfigKey {
    const ConfigResource& operator()(const ConfigImage& config) const { return config.resource; }
};

using Configs = SortedIndex<ConfigImage, ConfigKey>;

// The record of the last block handed out: the next block begins at next_producer_id.
struct ProducerIdsImage {
    NodeId broker = no_node;
    int64_t broker_epoch = -1;
    ProducerId next_producer_id = no_producer_id;  // none: no block was handed out yet

    bool operator==(const ProducerIdsImage&) const = default;
};

// Entity types with the entity's name, null for the default entity; sorted by type.
using QuotaEntity = std::map<std::string, std::optional<std::string>>;
using ClientQuotas = std::map<QuotaEntity, std::map<std::string, double>>;

struct Acl {
    int8_t resource_type = 0;
    std::string resource_name;
    int8_t pattern_type = 0;
    std::string principal;
    std::string host;
    int8_t operation = 0;
    int8_t permission_type = 0;

    bool operator==(const Acl&) const = default;
};

struct ScramCredential {
    Bytes salt;
    Bytes stored_key;
    Bytes server_key;
    int32_t iterations = 0;

    bool operator==(const ScramCredential&) const = default;
};

using ScramKey = std::pair<int8_t, std::string>;  // mechanism, user

struct DelegationToken {
    std::string owner;
    std::string requester;
    std::vector<std::string> renewers;
    Timestamp issue_timestamp = no_timestamp;
    Timestamp max_timestamp = no_timestamp;
    Timestamp expiration_timestamp = no_timestamp;

    bool operator==(const DelegationToken&) const = default;
};

struct Image {
    Offset offset = no_offset;            // of the last record that is in it
    LeaderEpoch epoch = no_leader_epoch;  // of the metadata log at that record

    // None of these is null.
    std::shared_ptr<const FeatureLevels> features;
    std::shared_ptr<const std::vector<FeatureUpdate>> feature_updates;  // in the order of the log
    std::shared_ptr<const std::map<NodeId, BrokerImage>> brokers;
    std::shared_ptr<const std::map<NodeId, ControllerImage>> controllers;
    std::shared_ptr<const Topics> topics;
    std::shared_ptr<const Configs> configs;
    std::shared_ptr<const ClientQuotas> client_quotas;
    ProducerIdsImage producer_ids;
    std::shared_ptr<const std::map<Uuid, Acl>> acls;
    std::shared_ptr<const std::map<ScramKey, ScramCredential>> scram_credentials;
    std::shared_ptr<const std::map<std::string, DelegationToken>> delegation_tokens;

    // The cluster before the first record.
    static std::shared_ptr<const Image> empty();

    // Null where there is none; the pointer lives as long as the image.
    const TopicImage* topic(std::string_view name) const { return topics->by_name.find(name); }
    const TopicImage* topic(const Uuid& id) const { return topics->by_id.find(id); }
    const PartitionImage* partition(const Uuid& topic_id, PartitionIndex index) const;
    const BrokerImage* broker(NodeId id) const;

    // What was set for the resource; empty where nothing was.
    const Texts& config(ConfigResourceType type, std::string_view name) const;
    const Texts& topic_config(std::string_view topic) const { return config(ConfigResourceType::topic, topic); }
    const Texts& broker_config(NodeId id) const;
    const Texts& broker_defaults() const { return config(ConfigResourceType::broker, ""); }

    // Equal state; where in the log it was reached is not compared.
    bool same_state(const Image& other) const;
};

}  // namespace milena::metadata
