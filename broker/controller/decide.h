// Decisions: what a request does to the cluster, as records, and what its sender is told. Pure functions of the request
// and an image; nothing changes here. The records of one decision become one batch of the metadata log: all or none.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"
#include "controller/broker_liveness.h"
#include "controller/broker_placement.h"
#include "env/random.h"
#include "metadata/image.h"
#include "metadata/record.h"
#include "raft/voters.h"
#include "replica/isr_change.h"
#include "settings/broker_settings.h"
#include "settings/topic_config.h"
#include "wire/messages/auth.h"
#include "wire/messages/configs.h"
#include "wire/messages/quorum.h"
#include "wire/messages/quotas.h"
#include "wire/messages/topics.h"

namespace milena::controller {

struct Context {
    const metadata::Image& image;
    const settings::BrokerSettings& settings;  // of this node, with what is dynamic in the image
    env::Random& random;
    Offset next_offset;                        // that the first record of the decision will have
    std::string_view cluster_id = {};          // empty: not known, and not compared
    const BrokerLiveness* liveness = nullptr;  // null: nobody is watched
    Instant now = {};
    int16_t kraft_version = 0;  // of the metadata log, which has its own way to raise it
    NodeId node = no_node;      // this one
    Timestamp timestamp = no_timestamp;
    const raft::VoterSet* voters = nullptr;  // null: this node alone
};

// Whether a request of this registration of the broker still counts: STALE_BROKER_EPOCH, BROKER_ID_NOT_REGISTERED.
Result<const metadata::BrokerImage*> asking_broker(const metadata::Image& image, NodeId broker, int64_t broker_epoch);

template <class Response>
struct Decision {
    metadata::Records records;
    Response response{};
};

// Why a part of a request is not done; without a code it is done.
struct Refusal {
    ErrorCode code = ErrorCode::none;
    std::optional<std::string> message;
};

// Likewise of a topic, whose answers always have a message.
inline Unexpected<settings::ConfigError> refused(ErrorCode code, std::string message) {
    return unexpected(settings::ConfigError{code, std::move(message)});
}

// What one request may create: a batch of the metadata log must hold it.
inline constexpr size_t records_per_request_max = 50'000;

Decision<wire::CreateTopicsResponse> decide(const Context& context, const wire::CreateTopicsRequest& request);
Decision<wire::DeleteTopicsResponse> decide(const Context& context, const wire::DeleteTopicsRequest& request);
Decision<wire::CreatePartitionsResponse> decide(const Context& context, const wire::CreatePartitionsRequest& request);
Decision<wire::AlterConfigsResponse> decide(const Context& context, const wire::AlterConfigsRequest& request);
Decision<wire::IncrementalAlterConfigsResponse> decide(const Context& context,
                                                       const wire::IncrementalAlterConfigsRequest& request);
Decision<wire::AlterUserScramCredentialsResponse> decide(const Context& context,
                                                         const wire::AlterUserScramCredentialsRequest& request);
Decision<wire::UpdateFeaturesResponse> decide(const Context& context, const wire::UpdateFeaturesRequest& request);
Decision<wire::ElectLeadersResponse> decide(const Context& context, const wire::ElectLeadersRequest& request);
Decision<wire::AlterPartitionReassignmentsResponse> decide(const Context& context,
                                                           const wire::AlterPartitionReassignmentsRequest& request);
Decision<wire::UnregisterBrokerResponse> decide(const Context& context, const wire::UnregisterBrokerRequest& request);
Decision<wire::AlterClientQuotasResponse> decide(const Context& context, const wire::AlterClientQuotasRequest& request);

// A broker has started: what it is and where it listens.
struct BrokerRegistration {
    NodeId id = no_node;
    Uuid incarnation_id;  // drawn anew at every start
    std::vector<metadata::Endpoint> endpoints;
    std::optional<std::string> rack;
    std::vector<Uuid> directories;           // sorted
    std::vector<Uuid> cordoned_directories;  // sorted
    std::string cluster_id = {};             // empty: not known, and not compared
    // Feature levels it can live with; none: those of this program.
    std::map<std::string, metadata::SupportedFeature> features = {};
    // Of the registration that its former process has ended cleanly, with everything synced (KIP-966); -1: nothing says
    // that it has.
    int64_t previous_epoch = -1;
    // It is in the process of the active controller, so it has seen all that is committed: no heartbeat needs to say
    // so. Never taken from the network.
    bool is_local = false;
};

struct BrokerEpoch {
    int64_t value = -1;
};

// Registers the broker, fenced until a heartbeat says that it has caught up. What its former incarnation led or was in
// sync with goes to others. A local one is unfenced at once, and leads what it may, each with a new leader epoch.
// DUPLICATE_BROKER_REGISTRATION, INCONSISTENT_CLUSTER_ID, UNSUPPORTED_VERSION, INVALID_REQUEST.
//
// This and the next decisions may have more records than a batch holds: they are to be proposed in pieces, of which
// each makes sense without those after it. The broker's own record is the last one.
Decision<Result<BrokerEpoch>> decide(const Context& context, const BrokerRegistration& registration);

// A controller has started: which feature levels its program can read (KIP-919).
struct ControllerRegistration {
    NodeId id = no_node;
    Uuid incarnation_id;  // drawn anew at every start
    std::vector<metadata::Endpoint> endpoints;
    std::map<std::string, metadata::SupportedFeature> features;
    std::string cluster_id = {};  // empty: not known, and not compared
};

// INCONSISTENT_CLUSTER_ID, INVALID_REQUEST; UNSUPPORTED_VERSION while metadata.version has no record for it.
Decision<Result<void>> decide(const Context& context, const ControllerRegistration& registration);

// Says that a broker lives, how far it has come, and what it wants. Sent every broker.heartbeat.interval.ms.
struct BrokerHeartbeat {
    NodeId broker = no_node;
    int64_t broker_epoch = -1;                    // of its registration
    Offset metadata_offset = no_offset;           // of the last record that all its shards use
    bool wants_fence = false;                     // stays fenced, or becomes it
    bool wants_shutdown = false;                  // leaves as soon as it leads nothing
    std::vector<Uuid> offline_directories = {};   // that have failed since it was registered; sorted
    std::vector<Uuid> cordoned_directories = {};  // sorted
    std::vector<Uuid> full_directories = {};      // that have no room for appends now; sorted
};

struct HeartbeatAnswer {
    bool is_caught_up = false;  // it knows its own registration
    bool is_fenced = true;
    bool should_shut_down = false;  // it leads nothing any more
};

// STALE_BROKER_EPOCH, BROKER_ID_NOT_REGISTERED: to be registered anew.
Decision<Result<HeartbeatAnswer>> decide(const Context& context, const BrokerHeartbeat& heartbeat);

// A broker was silent for too long, or its connection broke. STALE_BROKER_EPOCH if it has been registered anew since.
struct FenceBroker {
    NodeId broker = no_node;
    int64_t broker_epoch = -1;
};

Decision<Result<void>> decide(const Context& context, const FenceBroker& request);

// The leader of these partitions wants other ISRs.
struct AlterPartition {
    NodeId broker = no_node;
    int64_t broker_epoch = -1;
    // Each with the registrations that its partition's leader has heard from: a member that has been registered anew
    // since is not in sync (KIP-903).
    std::vector<replica::IsrChange> changes;
};

// As Kafka: FENCED_LEADER_EPOCH, INVALID_UPDATE_VERSION, INELIGIBLE_REPLICA, UNKNOWN_TOPIC_ID, INVALID_REQUEST … What
// has become of the partition comes with the next image.
struct AlterPartitionAnswer {
    std::vector<ErrorCode> outcomes;  // of the changes, in their order
};

// The whole is refused with STALE_BROKER_EPOCH or NOT_CONTROLLER.
Decision<Result<AlterPartitionAnswer>> decide(const Context& context, const AlterPartition& request);

// Producer ids [first, first + count) belong to the broker that asked for them.
struct ProducerIdBlock {
    ProducerId first = no_producer_id;
    int32_t count = 0;
};

struct AllocateProducerIds {
    NodeId broker = no_node;
    int64_t broker_epoch = -1;  // here and below: of its registration; -1: of this process, whichever that is
};

Decision<Result<ProducerIdBlock>> decide(const Context& context, const AllocateProducerIds& request);

// In which directories replicas of a broker lie from now on: it has chosen one for a new log, or has a copy ready in
// another one and asks for leave to use it (KIP-858).
struct DirectoryAssignment {
    Uuid topic_id;
    PartitionIndex partition;
    Uuid directory;

    bool operator==(const DirectoryAssignment&) const = default;
};

struct AssignDirectories {
    NodeId broker = no_node;
    int64_t broker_epoch = -1;
    std::vector<DirectoryAssignment> assignments;
};

// What is no replica of the broker, or no longer, is passed over. A directory that has failed meanwhile takes the
// replica with it.
Decision<Result<void>> decide(const Context& context, const AssignDirectories& request);

// What nobody asks for: to be done from time to time, so much at once. `are_more`: there is more to do.
struct Upkeep {
    size_t count = 0;
    bool are_more = false;
};

// Leadership goes back to the preferred replicas that are in sync (auto.leader.rebalance.enable).
struct BalanceLeaders {
    size_t elections_max = 1000;
};

Decision<Result<Upkeep>> decide(const Context& context, const BalanceLeaders& request);

// Partitions that nobody may lead get any replica that lives, where their topic allows it.
struct ElectUnclean {
    size_t elections_max = 1000;
};

Decision<Result<Upkeep>> decide(const Context& context, const ElectUnclean& request);

// Topics of coordinators get the replicas that they couldn't have while there were fewer brokers.
struct GrowInternalTopics {
    size_t partitions_max = 1000;
};

Decision<Result<Upkeep>> decide(const Context& context, const GrowInternalTopics& request);

// These of a broker's directories, and no others, get no new replicas from now on (KIP-1066).
struct CordonDirectories {
    NodeId broker = no_node;
    std::vector<Uuid> directories;  // sorted
    int64_t broker_epoch = -1;
};

Decision<Result<void>> decide(const Context& context, const CordonDirectories& request);

// Whether the broker gets new replicas from now on, and keeps those that it has. BROKER_ID_NOT_REGISTERED.
struct PlaceOnBroker {
    NodeId broker = no_node;
    BrokerPlacement placement = BrokerPlacement::open;
};

Decision<Result<void>> decide(const Context& context, const PlaceOnBroker& request);

// What a log without any record begins with: the feature levels of a new cluster, or what bootstrap.checkpoint says,
// and the settings that go with them.
metadata::Records decide_bootstrap(const metadata::Records& bootstrap, const settings::BrokerSettings& settings = {});

}  // namespace milena::controller
