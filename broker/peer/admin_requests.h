// What is asked of ClusterAdmin (proto/admin.proto) and answered, as plain values, and who answers it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "controller/can_restart.h"
#include "controller/caught_up.h"
#include "controller/describe_brokers.h"
#include "controller/drain_status.h"
#include "controller/quorum_spare.h"
#include "controller/replica_moves.h"
#include "replica/lag_reader.h"

namespace milena::peer {

// Why there is no answer, in words that say what to do.
struct AdminRefusal {
    enum class Kind : uint8_t { not_found, unavailable, precondition_failed };
    Kind kind = Kind::unavailable;
    std::string reason;

    bool operator==(const AdminRefusal&) const = default;
};

template <class T>
using AdminResult = Result<T, AdminRefusal>;

struct AskLedPartitions {
    NodeId broker = no_node;
};
struct AskPartitionLags {
    NodeId asker = no_node;
    std::vector<replica::LagPosition> positions;
};
struct AskBrokers {};
struct AskCanRestart {
    NodeId broker = no_node;
};
struct AskHasCaughtUp {
    NodeId broker = no_node;
};
struct AskFeatureLevel {};
// Each of the four may be repeated.
enum class PlacementOrder : uint8_t { cordon, uncordon, drain, undrain };
struct OrderPlacement {
    NodeId broker = no_node;
    PlacementOrder order = PlacementOrder::cordon;
};
struct AskDrainStatus {
    NodeId broker = no_node;
};
struct Rebalance {
    bool is_dry_run = true;
};

struct LedPartitions {
    std::vector<controller::LedPartition> partitions;
};
struct PartitionLags {
    std::vector<std::optional<replica::LagReader::Lag>> lags;  // of the positions, in their order
};
struct Brokers {
    std::vector<controller::BrokerOverview> brokers;
    NodeId controller = no_node;
};
struct CanRestart {
    controller::RestartAnswer partitions;
    controller::QuorumSpare quorum;

    bool is_granted() const { return partitions.can_restart() && quorum.can_spare(); }
};
struct Features {
    std::vector<controller::FeatureOverview> features;
    std::vector<metadata::FeatureUpdate> updates = {};
};

struct Placed {
    controller::BrokerPlacement placement = controller::BrokerPlacement::open;
};
struct Moves {
    std::vector<controller::ReplicaMove> moves;
    std::vector<NodeId> unheard = {};  // what these store isn't known yet
};

// Called on one shard.
class AdminRequests {
  public:
    virtual ~AdminRequests() = default;

    // Called once, from any thread; dropped without being called, the asker is told that nobody answers.
    template <class T>
    using Answer = std::function<void(AdminResult<T>)>;

    // Whether the active controller is here, and else where, as far as is known.
    virtual bool is_active() const = 0;
    virtual NodeId controller() const = 0;

    virtual void receive(AskLedPartitions question, Answer<LedPartitions> answer) = 0;
    virtual void receive(AskPartitionLags question, Answer<PartitionLags> answer) = 0;
    // Only where the active controller is.
    virtual void receive(AskBrokers question, Answer<Brokers> answer) = 0;
    virtual void receive(AskCanRestart question, Answer<CanRestart> answer) = 0;
    virtual void receive(AskHasCaughtUp question, Answer<controller::CaughtUp> answer) = 0;
    virtual void receive(AskFeatureLevel question, Answer<Features> answer) = 0;
    virtual void receive(OrderPlacement order, Answer<Placed> answer) = 0;
    virtual void receive(AskDrainStatus question, Answer<controller::DrainStatus> answer) = 0;
    virtual void receive(Rebalance order, Answer<Moves> answer) = 0;
};

}  // namespace milena::peer
