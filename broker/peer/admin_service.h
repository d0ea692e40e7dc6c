// ClusterAdmin, of this node (proto/admin.proto). What is about this process is answered on gRPC's own threads, from
// values that any thread may read; what is about its partitions or the cluster is handed to the shard of the
// controller, or, where the active controller is elsewhere, passed on to that. Decides nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/uuid.h"
#include "peer/admin_client.h"
#include "peer/admin_requests.h"
#include "peer/post.h"
#include "peer/service.h"

namespace milena::peer {

// In the order of admin.proto's Phase.
enum class Phase : uint8_t { starting, recovering, active, stopping, fenced };

// How far this process has come. Written by whoever knows, read by any thread.
struct Health {
    std::atomic<Phase> progress{Phase::starting};  // never `fenced`
    std::atomic<bool> is_fenced{false};            // though it is active
    std::atomic<uint32_t> logs_count{0};           // that are to be opened at the start; 0: not known yet
    std::atomic<uint32_t> logs_opened{0};

    Phase phase() const {
        const Phase at = progress;
        return at == Phase::active && is_fenced ? Phase::fenced : at;
    }
    uint32_t recovered_percent() const;
};

std::string_view phase_name(Phase phase);

struct Identity {
    std::string cluster_id;
    NodeId node;
    std::vector<Uuid> directory_ids;
    std::string version;
};

class AdminService final : public Service {
  public:
    // All outlive the service; `requests` and `client` are used on the shard that `post` leads to.
    struct Environment {
        Post post;
        AdminRequests& requests;
        AdminClient& client;
        const Health& health;
    };
    AdminService(const Environment& environment, Identity identity);
    ~AdminService() override;

    grpc::Service& service() override;

  private:
    class ClusterAdmin;
    const std::unique_ptr<ClusterAdmin> admin_;
};

}  // namespace milena::peer
