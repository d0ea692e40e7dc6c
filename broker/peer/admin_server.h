// The gRPC service that the operator asks (proto/admin.proto). Runs on gRPC's own threads and answers from values that
// any thread may read; decides nothing. Hides gRPC from those who start it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/uuid.h"
#include "settings/listeners.h"

namespace milena::peer {

// In the order of admin.proto's Phase.
enum class Phase : uint8_t { starting, recovering, active, stopping };

struct Identity {
    std::string cluster_id;
    NodeId node;
    std::vector<Uuid> directory_ids;
    std::string version;
};

class AdminServer {
  public:
    // Listens on all `endpoints`, or says which one can't be had and why. `phase` outlives the server.
    static Result<std::unique_ptr<AdminServer>, std::string> start(const std::vector<settings::Endpoint>& endpoints,
                                                                   Identity identity, const std::atomic<Phase>& phase);
    // Ends what is under way within a second.
    ~AdminServer();
    AdminServer(const AdminServer&) = delete;
    AdminServer& operator=(const AdminServer&) = delete;

    // As the endpoints; differs from theirs where that was 0.
    const std::vector<uint16_t>& ports() const { return ports_; }

  private:
    struct State;  // hides gRPC

    explicit AdminServer(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
    std::vector<uint16_t> ports_;
};

}  // namespace milena::peer
