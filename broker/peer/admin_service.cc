#include "peer/admin_service.h"

#include <admin.grpc.pb.h>
#include <grpcpp/grpcpp.h>

namespace milena::peer {
namespace {

namespace proto = milena::admin::v1;

}  // namespace

class AdminService::ClusterAdmin final : public proto::ClusterAdmin::CallbackService {
  public:
    ClusterAdmin(peer::Identity identity, const std::atomic<peer::Phase>& phase)
        : identity_(std::move(identity)), phase_(phase) {}

    grpc::ServerUnaryReactor* Identity(grpc::CallbackServerContext* context, const proto::IdentityRequest*,
                                       proto::IdentityResponse* response) override {
        response->set_cluster_id(identity_.cluster_id);
        response->set_node_id(identity_.node.value);
        for (const Uuid& id : identity_.directory_ids) response->add_directory_ids(id.to_string());
        response->set_version(identity_.version);
        return finished(context);
    }

    grpc::ServerUnaryReactor* Health(grpc::CallbackServerContext* context, const proto::HealthRequest*,
                                     proto::HealthResponse* response) override {
        response->set_phase(static_cast<proto::Phase>(phase_.load()));
        return finished(context);
    }

  private:
    static grpc::ServerUnaryReactor* finished(grpc::CallbackServerContext* context) {
        auto* reactor = context->DefaultReactor();
        reactor->Finish(grpc::Status::OK);
        return reactor;
    }

    const peer::Identity identity_;
    const std::atomic<Phase>& phase_;
};

AdminService::AdminService(Identity identity, const std::atomic<Phase>& phase)
    : admin_(std::make_unique<ClusterAdmin>(std::move(identity), phase)) {}

AdminService::~AdminService() = default;

grpc::Service& AdminService::service() { return *admin_; }

}  // namespace milena::peer
