#include "peer/admin_service.h"

#include <algorithm>
#include <array>

#include <admin.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include "peer/admin_messages.h"
#include "peer/incoming_call.h"

namespace milena::peer {
namespace {

using Reactor = grpc::ServerUnaryReactor;
using Context = grpc::CallbackServerContext;

grpc::Status status_of(const AdminRefusal& refusal) {
    switch (refusal.kind) {
        case AdminRefusal::Kind::not_found: return {grpc::StatusCode::NOT_FOUND, refusal.reason};
        case AdminRefusal::Kind::unavailable: return {grpc::StatusCode::UNAVAILABLE, refusal.reason};
        case AdminRefusal::Kind::precondition_failed: return {grpc::StatusCode::FAILED_PRECONDITION, refusal.reason};
    }
    return {grpc::StatusCode::UNKNOWN, refusal.reason};
}

const char* no_controller = "the cluster has no active controller just now; ask again";

}  // namespace

uint32_t Health::recovered_percent() const {
    if (progress == Phase::active || progress == Phase::stopping) return 100;
    const uint32_t count = logs_count;
    return count == 0 ? 0 : static_cast<uint32_t>(uint64_t{99} * std::min<uint32_t>(logs_opened, count) / count);
}

std::string_view phase_name(Phase phase) {
    static constexpr std::array<std::string_view, 5> names{"starting", "recovering", "active", "stopping", "fenced"};
    return names[static_cast<size_t>(phase)];
}

class AdminService::ClusterAdmin final : public admin::v1::ClusterAdmin::CallbackService {
  public:
    ClusterAdmin(const Environment& environment, peer::Identity identity)
        : environment_(environment), identity_(std::move(identity)) {}

    Reactor* Identity(Context* context, const admin::v1::IdentityRequest*,
                      admin::v1::IdentityResponse* response) override {
        response->set_cluster_id(identity_.cluster_id);
        response->set_node_id(identity_.node.value);
        for (const Uuid& id : identity_.directory_ids) response->add_directory_ids(id.to_string());
        response->set_version(identity_.version);
        return finished(context);
    }
    Reactor* Health(Context* context, const admin::v1::HealthRequest*, admin::v1::HealthResponse* response) override {
        response->set_phase(static_cast<admin::v1::Phase>(environment_.health.phase()));
        response->set_recovered_percent(environment_.health.recovered_percent());
        return finished(context);
    }
    Reactor* ConfigSchema(Context* context, const admin::v1::ConfigSchemaRequest*,
                          admin::v1::ConfigSchemaResponse* response) override {
        write_schema(*response);
        return finished(context);
    }
    Reactor* LedPartitions(Context* context, const admin::v1::LedPartitionsRequest* request,
                           admin::v1::LedPartitionsResponse* response) override {
        return of_partitions<peer::LedPartitions>(*context, *request, response);
    }
    Reactor* PartitionLags(Context* context, const admin::v1::PartitionLagsRequest* request,
                           admin::v1::PartitionLagsResponse* response) override {
        return of_partitions<peer::PartitionLags>(*context, *request, response);
    }

    Reactor* Brokers(Context* context, const admin::v1::BrokersRequest* request,
                     admin::v1::BrokersResponse* response) override {
        return of_cluster<peer::Brokers>(*context, "/milena.admin.v1.ClusterAdmin/Brokers", *request, response);
    }
    Reactor* CanRestart(Context* context, const admin::v1::CanRestartRequest* request,
                        admin::v1::CanRestartResponse* response) override {
        return of_cluster<peer::CanRestart>(*context, "/milena.admin.v1.ClusterAdmin/CanRestart", *request, response);
    }
    Reactor* HasCaughtUp(Context* context, const admin::v1::HasCaughtUpRequest* request,
                         admin::v1::HasCaughtUpResponse* response) override {
        return of_cluster<controller::CaughtUp>(*context, "/milena.admin.v1.ClusterAdmin/HasCaughtUp", *request,
                                                response);
    }
    Reactor* FeatureLevel(Context* context, const admin::v1::FeatureLevelRequest* request,
                          admin::v1::FeatureLevelResponse* response) override {
        return of_cluster<Features>(*context, "/milena.admin.v1.ClusterAdmin/FeatureLevel", *request, response);
    }
    Reactor* Cordon(Context* context, const admin::v1::PlacementRequest* request,
                    admin::v1::PlacementResponse* response) override {
        return place(*context, "/milena.admin.v1.ClusterAdmin/Cordon", PlacementOrder::cordon, *request, response);
    }
    Reactor* Uncordon(Context* context, const admin::v1::PlacementRequest* request,
                      admin::v1::PlacementResponse* response) override {
        return place(*context, "/milena.admin.v1.ClusterAdmin/Uncordon", PlacementOrder::uncordon, *request, response);
    }
    Reactor* Drain(Context* context, const admin::v1::PlacementRequest* request,
                   admin::v1::PlacementResponse* response) override {
        return place(*context, "/milena.admin.v1.ClusterAdmin/Drain", PlacementOrder::drain, *request, response);
    }
    Reactor* Undrain(Context* context, const admin::v1::PlacementRequest* request,
                     admin::v1::PlacementResponse* response) override {
        return place(*context, "/milena.admin.v1.ClusterAdmin/Undrain", PlacementOrder::undrain, *request, response);
    }
    Reactor* DrainStatus(Context* context, const admin::v1::DrainStatusRequest* request,
                         admin::v1::DrainStatusResponse* response) override {
        return of_cluster<controller::DrainStatus>(*context, "/milena.admin.v1.ClusterAdmin/DrainStatus", *request,
                                                   response);
    }
    Reactor* Rebalance(Context* context, const admin::v1::RebalanceRequest* request,
                       admin::v1::RebalanceResponse* response) override {
        return of_cluster<Moves>(*context, "/milena.admin.v1.ClusterAdmin/Rebalance", *request, response);
    }

  private:
    static Reactor* finished(Context* context) {
        auto* reactor = context->DefaultReactor();
        reactor->Finish(grpc::Status::OK);
        return reactor;
    }

    template <class T, class Response>
    static AdminRequests::Answer<T> answer(const std::shared_ptr<Answering>& answering, Response* response) {
        return [answering, response](const AdminResult<T>& result) {
            if (!result) return answering->refuse(status_of(result.error()));
            answering->answer([&] { write(*result, *response); });
        };
    }

    // Of this broker.
    template <class T, class Message, class Response>
    Reactor* of_partitions(Context& context, const Message& message, Response* response) {
        const std::shared_ptr<IncomingCall> call = IncomingCall::begin(context);
        const auto answering = std::make_shared<Answering>(call);
        environment_.post([this, question = read(message), answering, response] {
            environment_.requests.receive(question, answer<T>(answering, response));
        });
        return call.get();
    }

    Reactor* place(Context& context, const char* method, PlacementOrder order,
                   const admin::v1::PlacementRequest& message, admin::v1::PlacementResponse* response) {
        return of_cluster<Placed>(context, method, message, response, [order](const admin::v1::PlacementRequest& from) {
            return OrderPlacement{NodeId(from.broker()), order};
        });
    }

    template <class T, class Message, class Response>
    Reactor* of_cluster(Context& context, const char* method, const Message& message, Response* response) {
        return of_cluster<T>(context, method, message, response, [](const Message& from) { return read(from); });
    }

    // What was passed on once isn't passed on again: two nodes may each take the other one for the active controller.
    template <class T, class Message, class Response, class Read>
    Reactor* of_cluster(Context& context, const char* method, const Message& message, Response* response,
                        Read read_message) {
        const std::shared_ptr<IncomingCall> call = IncomingCall::begin(context);
        const auto answering = std::make_shared<Answering>(call);
        const bool is_relayed = context.client_metadata().count(relayed_key) > 0;
        const auto request = std::make_shared<const Message>(message);
        environment_.post([this, method, request, answering, is_relayed, response, read_message] {
            AdminRequests& requests = environment_.requests;
            if (requests.is_active()) return requests.receive(read_message(*request), answer<T>(answering, response));
            const NodeId to = requests.controller();
            if (is_relayed || to == no_node || to == identity_.node)
                return answering->refuse({grpc::StatusCode::UNAVAILABLE, no_controller});
            const auto relayed = std::make_shared<Response>();
            environment_.client.relay(
                to, {method, request, relayed}, [answering, relayed, response](const auto& refused) {
                    if (refused)
                        return answering->refuse({static_cast<grpc::StatusCode>(refused->code), refused->message});
                    answering->answer([&] { response->Swap(relayed.get()); });
                });
        });
        return call.get();
    }

    const Environment environment_;
    const peer::Identity identity_;
};

AdminService::AdminService(const Environment& environment, Identity identity)
    : admin_(std::make_unique<ClusterAdmin>(environment, std::move(identity))) {}

AdminService::~AdminService() = default;

grpc::Service& AdminService::service() { return *admin_; }

}  // namespace milena::peer
