// What the operator asks (proto/admin.proto). Runs on gRPC's own threads and answers from values that any thread may
// read; decides nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/uuid.h"
#include "peer/service.h"

namespace milena::peer {

// In the order of admin.proto's Phase.
enum class Phase : uint8_t { starting, recovering, active, stopping };

struct Identity {
    std::string cluster_id;
    NodeId node;
    std::vector<Uuid> directory_ids;
    std::string version;
};

class AdminService final : public Service {
  public:
    // `phase` outlives the service.
    AdminService(Identity identity, const std::atomic<Phase>& phase);
    ~AdminService() override;

    grpc::Service& service() override;

  private:
    class ClusterAdmin;
    const std::unique_ptr<ClusterAdmin> admin_;
};

}  // namespace milena::peer
