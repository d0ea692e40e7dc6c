// Peers: what connects this node with the other nodes of its cluster, put together: one gRPC server with its services,
// and the clients of theirs. Made on the main thread; what arrives is handed to the first shard, where the clients are
// used too.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "controller/remote_controller.h"
#include "peer/admin_service.h"
#include "peer/controller_service.h"
#include "peer/quorum_service.h"
#include "raft/transport.h"
#include "settings/broker_config.h"
#include "shard/shard.h"

namespace milena {

class Peers {
  public:
    struct Options {
        peer::Identity identity;
        const peer::Health& health;
        peer::AdminRequests& admin;
        peer::QuorumService::Handlers quorum;
        peer::ControllerRequests& controller;
        std::vector<peer::Service*> others;  // to be listened for as well
    };

    // Listens where the settings say, or says why that can't be. The shard and what the options refer to outlive the
    // Peers.
    static Result<std::unique_ptr<Peers>, std::string> start(shard::Shard& first, const settings::BrokerConfig& config,
                                                             Options options);
    ~Peers();
    Peers(const Peers&) = delete;
    Peers& operator=(const Peers&) = delete;

    // Null where no other node is known of, and none could come: a single controller needs nobody.
    raft::Transport* transport();
    controller::RemoteController* remote_controller();
    peer::AdminClient* admin_client();

    // Nobody is answered any more. On the main thread.
    void stop_listening();

  private:
    struct State;
    explicit Peers(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace milena
