// The records of the metadata log, from which the image of the cluster is built. records/metadata_frame.h wraps them
// into the value of a log record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/uuid.h"
#include "wire/schema.h"

namespace milena::wire {

// A broker has joined with a new epoch. It is fenced until it has caught up.
struct RegisterBrokerRecord {
    static constexpr Api api{.key = 0, .max = 4, .flexible = 0};

    struct Endpoint {
        std::string name;
        std::string host;
        uint16_t port = 0;
        int16_t security_protocol = 0;
    };

    struct Feature {
        std::string name;
        int16_t min_supported_version = 0;
        int16_t max_supported_version = 0;
    };

    int32_t broker_id = 0;
    Since<2, bool> is_migrating_zk_broker = false;
    Uuid incarnation_id;       // a new one with every start of the process
    int64_t broker_epoch = 0;  // the offset of this record
    std::vector<Endpoint> end_points;
    std::vector<Feature> features;
    std::optional<std::string> rack;
    bool fenced = true;
    Since<1, bool> in_controlled_shutdown = false;  // leaves soon: gets no leadership
    Tag<0, 3, std::vector<Uuid>> log_dirs;          // directory ids of the directories that work (KIP-858)
    Tag<1, 4, std::optional<std::vector<Uuid>>> cordoned_log_dirs;
};

// A broker is gone for good.
struct UnregisterBrokerRecord {
    static constexpr Api api{.key = 1, .max = 0, .flexible = 0};

    int32_t broker_id = 0;
    int64_t broker_epoch = 0;
};

// Changes of a registration; what isn't sent stays as it was.
struct BrokerRegistrationChangeRecord {
    static constexpr Api api{.key = 17, .max = 3, .flexible = 0};

    int32_t broker_id = 0;
    int64_t broker_epoch = 0;
    Tag<0, 0, int8_t> fenced = 0;                  // 1: now fenced, -1: no longer
    Tag<1, 1, int8_t> in_controlled_shutdown = 0;  // 1: now
    Tag<2, 2, std::vector<Uuid>> log_dirs;
    Tag<3, 3, std::optional<std::vector<Uuid>>> cordoned_log_dirs;
};

// A broker may not lead: it was silent for too long. BrokerRegistrationChangeRecord has replaced it.
struct FenceBrokerRecord {
    static constexpr Api api{.key = 7, .max = 0, .flexible = 0};

    int32_t id = 0;
    int64_t epoch = 0;
};

// The opposite of FenceBrokerRecord, replaced too.
struct UnfenceBrokerRecord {
    static constexpr Api api{.key = 8, .max = 0, .flexible = 0};

    int32_t id = 0;
    int64_t epoch = 0;
};

// A controller with its endpoints and supported feature levels.
struct RegisterControllerRecord {
    static constexpr Api api{.key = 27, .max = 0, .flexible = 0};

    struct Endpoint {
        std::string name;
        std::string host;
        uint16_t port = 0;
        int16_t security_protocol = 0;
    };

    struct Feature {
        std::string name;
        int16_t min_supported_version = 0;
        int16_t max_supported_version = 0;
    };

    int32_t controller_id = 0;
    Uuid incarnation_id;
    bool zk_migration_ready = false;
    std::vector<Endpoint> end_points;
    std::vector<Feature> features;
};

// A topic; its partitions follow as records of their own.
struct TopicRecord {
    static constexpr Api api{.key = 2, .max = 0, .flexible = 0};

    std::string name;
    Uuid topic_id;
};

// A topic with all its partitions is gone.
struct RemoveTopicRecord {
    static constexpr Api api{.key = 9, .max = 0, .flexible = 0};

    Uuid topic_id;
};

// A partition with its replicas, in full.
struct PartitionRecord {
    static constexpr Api api{.key = 3, .max = 2, .flexible = 0};

    int32_t partition_id = -1;
    Uuid topic_id;
    std::vector<int32_t> replicas;  // the first is the preferred leader
    std::vector<int32_t> isr;
    std::vector<int32_t> removing_replicas;       // leave when the move is complete
    std::vector<int32_t> adding_replicas;         // join with the move
    int32_t leader = -1;                          // -1: none
    Tag<0, 0, int8_t> leader_recovery_state = 0;  // 0: recovered, 1: elected uncleanly and not yet recovered
    int32_t leader_epoch = -1;
    int32_t partition_epoch = -1;
    Since<1, std::vector<Uuid>> directories;  // one per replica
    Tag<1, 2, std::optional<std::vector<int32_t>>> eligible_leader_replicas;
    Tag<2, 2, std::optional<std::vector<int32_t>>> last_known_elr;
};

// Changes of a partition; what isn't sent stays as it was. Every such record raises the partition epoch, one with a
// leader also the leader epoch.
struct PartitionChangeRecord {
    static constexpr Api api{.key = 5, .max = 2, .flexible = 0};

    int32_t partition_id = -1;
    Uuid topic_id;
    Tag<0, 0, std::optional<std::vector<int32_t>>> isr;
    Tag<1, 0, int32_t> leader = -2;  // -1: none, -2: unchanged
    Tag<2, 0, std::optional<std::vector<int32_t>>> replicas;
    Tag<3, 0, std::optional<std::vector<int32_t>>> removing_replicas;
    Tag<4, 0, std::optional<std::vector<int32_t>>> adding_replicas;
    Tag<5, 0, int8_t> leader_recovery_state = -1;  // -1: unchanged
    Tag<6, 2, std::optional<std::vector<int32_t>>> eligible_leader_replicas;
    Tag<7, 2, std::optional<std::vector<int32_t>>> last_known_elr;
    Tag<8, 1, std::optional<std::vector<Uuid>>> directories;  // one per replica
};

// Eligible leader replicas are forgotten, of one topic or, with an empty name, of all (KIP-966).
struct ClearElrRecord {
    static constexpr Api api{.key = 28, .max = 0, .flexible = 0};

    std::string topic_name;
};

// One setting of one resource; null deletes it.
struct ConfigRecord {
    static constexpr Api api{.key = 4, .max = 0, .flexible = 0};

    int8_t resource_type = 0;  // 2: topic, 4: broker, 16: client metrics, 32: group
    std::string resource_name;
    std::string name;
    std::optional<std::string> value;  // null: back to the default
};

// A feature is finalized at a level; 0 deletes it.
struct FeatureLevelRecord {
    static constexpr Api api{.key = 12, .max = 0, .flexible = 0};

    std::string name;
    int16_t feature_level = 0;  // 0: deleted
};

// A feature was finalized at another level than before. A record of our own: Kafka's types are small numbers, ours
// begin far away from them. It comes with milena.version 1.
struct FeatureUpdateRecord {
    static constexpr Api api{.key = 10'000, .max = 0, .flexible = 0};

    std::string name;
    int16_t level_before = 0;
    int16_t level = 0;
    int64_t timestamp = -1;
    int32_t controller_id = -1;
    std::string software_version;  // of that controller
};

// One quota of one entity.
struct ClientQuotaRecord {
    static constexpr Api api{.key = 14, .max = 0, .flexible = 0};

    struct Entity {
        std::string entity_type;
        std::optional<std::string> entity_name;  // null: the default of the type
    };

    std::vector<Entity> entity;
    std::string key;
    double value = 0;
    bool remove = false;  // the quota is gone
};

// A block of producer ids is handed to a broker: everything below next_producer_id is taken.
struct ProducerIdsRecord {
    static constexpr Api api{.key = 15, .max = 0, .flexible = 0};

    int32_t broker_id = 0;
    int64_t broker_epoch = -1;
    int64_t next_producer_id = 0;
};

// One entry of an access control list.
struct AccessControlEntryRecord {
    static constexpr Api api{.key = 18, .max = 0, .flexible = 0};

    Uuid id;
    int8_t resource_type = 0;
    std::string resource_name;
    int8_t pattern_type = 0;
    std::string principal;
    std::string host;
    int8_t operation = 0;
    int8_t permission_type = 0;
};

// An entry is gone.
struct RemoveAccessControlEntryRecord {
    static constexpr Api api{.key = 19, .max = 0, .flexible = 0};

    Uuid id;
};

// The SCRAM credential of a user for one mechanism.
struct UserScramCredentialRecord {
    static constexpr Api api{.key = 11, .max = 0, .flexible = 0};

    std::string name;
    int8_t mechanism = 0;
    Bytes salt;
    Bytes stored_key;
    Bytes server_key;
    int32_t iterations = 0;
};

// A credential is gone.
struct RemoveUserScramCredentialRecord {
    static constexpr Api api{.key = 22, .max = 0, .flexible = 0};

    std::string name;
    int8_t mechanism = 0;
};

// A delegation token, without its HMAC.
struct DelegationTokenRecord {
    static constexpr Api api{.key = 10, .max = 0, .flexible = 0};

    std::string owner;
    std::string requester;
    std::vector<std::string> renewers;
    int64_t issue_timestamp = 0;
    int64_t max_timestamp = 0;
    int64_t expiration_timestamp = 0;
    std::string token_id;
};

// A token is gone.
struct RemoveDelegationTokenRecord {
    static constexpr Api api{.key = 26, .max = 0, .flexible = 0};

    std::string token_id;
};

// Records up to the matching end count all or not at all (KIP-868).
struct BeginTransactionRecord {
    static constexpr Api api{.key = 23, .max = 0, .flexible = 0};

    Tag<0, 0, std::optional<std::string>> name;
};

// The records since the begin count.
struct EndTransactionRecord {
    static constexpr Api api{.key = 24, .max = 0, .flexible = 0};
};

// The records since the begin don't count.
struct AbortTransactionRecord {
    static constexpr Api api{.key = 25, .max = 0, .flexible = 0};

    Tag<0, 0, std::optional<std::string>> reason;
};

// Written in quiet times so that the log, and with it every lag, keeps moving.
struct NoOpRecord {
    static constexpr Api api{.key = 20, .max = 0, .flexible = 0};
};

// Whether the cluster comes from ZooKeeper; new clusters note that they don't.
struct ZkMigrationStateRecord {
    static constexpr Api api{.key = 21, .max = 0, .flexible = 0};

    int8_t zk_migration_state = 0;
};

}  // namespace milena::wire
