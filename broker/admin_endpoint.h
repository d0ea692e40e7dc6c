// What ClusterAdmin is answered by this process: questions of the cluster by its controller, if that is the active one,
// after the leaders were asked where the image doesn't know enough. First shard only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "controller/controller.h"
#include "peer/admin_client.h"
#include "peer/admin_requests.h"
#include "raft/raft.h"
#include "server/lag_meter.h"
#include "settings/broker_config.h"
#include "shard/shard.h"

namespace milena {

class AdminEndpoint final : public peer::AdminRequests {
  public:
    // What there is of this process by now; null until it is there. All are asked at every request.
    struct Parts {
        std::function<controller::Controller*()> controller;
        std::function<raft::Raft*()> raft;
        std::function<shard::Shards*()> shards;
        std::function<peer::AdminClient*()> client;
    };
    AdminEndpoint(Parts parts, const settings::BrokerConfig& config);

    bool is_active() const override;
    NodeId controller() const override;
    void receive(peer::AskLedPartitions question, Answer<peer::LedPartitions> answer) override;
    void receive(peer::AskPartitionLags question, Answer<peer::PartitionLags> answer) override;
    void receive(peer::AskBrokers question, Answer<peer::Brokers> answer) override;
    void receive(peer::AskCanRestart question, Answer<peer::CanRestart> answer) override;
    void receive(peer::AskHasCaughtUp question, Answer<controller::CaughtUp> answer) override;
    void receive(peer::AskFeatureLevel question, Answer<peer::Features> answer) override;
    void receive(peer::OrderPlacement order, Answer<peer::Placed> answer) override;
    void receive(peer::AskDrainStatus question, Answer<controller::DrainStatus> answer) override;
    void receive(peer::Rebalance order, Answer<peer::Moves> answer) override;

    // Asks the leader how far groups are behind there. `done` gets nothing where it doesn't answer.
    void ask_lags(NodeId leader, std::vector<replica::LagPosition> positions,
                  std::function<void(server::LagMeter::Lags)> done);

  private:
    using Led = std::vector<controller::LedPartition>;

    const metadata::Image& image() const { return *parts_.controller()->image(); }
    // What asks this broker; nullptr: it can't be asked, or is absent.
    peer::AdminClient* client_to(NodeId broker);
    void survey(NodeId broker, std::function<void(Led)> done);

    const Parts parts_;
    const NodeId node_;
    const std::string listener_;  // where brokers are asked; empty: nowhere
    const Milliseconds quorum_patience_;
    std::map<NodeId, std::unique_ptr<server::LagMeter>> lag_meters_;  // by the broker that asks
    std::map<NodeId, controller::DrainPace> paces_;                   // of brokers whose drain was asked for
};

}  // namespace milena
