// The gRPC server of this node: the listeners of the controller quorum and those with the protocol GRPC, with all
// services on all of them. Has gRPC's own threads; what the services do with them is theirs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "peer/service.h"
#include "settings/listeners.h"

namespace milena::peer {

class Server {
  public:
    // Listens on all `endpoints`, or says which one can't be had and why. The services outlive the server.
    static Result<std::unique_ptr<Server>, std::string> start(const std::vector<settings::Endpoint>& endpoints,
                                                              const std::vector<Service*>& services);
    // Ends what is under way: what isn't answered at once is cancelled. The shards that services post to still run, or
    // have dropped what was posted.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // As the endpoints; differs from theirs where that was 0.
    const std::vector<uint16_t>& ports() const { return ports_; }

  private:
    struct State;  // hides gRPC

    explicit Server(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
    std::vector<uint16_t> ports_;
};

}  // namespace milena::peer
