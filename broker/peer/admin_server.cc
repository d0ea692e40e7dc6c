#include "peer/admin_server.h"

#include <chrono>

#include <admin.grpc.pb.h>
#include <grpcpp/grpcpp.h>

namespace milena::peer {
namespace {

namespace proto = milena::admin::v1;

// Requests are small; what announces more is refused before it is read.
constexpr int request_bytes_max = 64 << 10;
constexpr std::chrono::seconds shutdown_timeout(1);

class ClusterAdmin final : public proto::ClusterAdmin::CallbackService {
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

std::string address_of(const settings::Endpoint& endpoint) {
    if (endpoint.host.empty()) return "[::]:" + std::to_string(endpoint.port);
    const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

}  // namespace

struct AdminServer::State {
    State(Identity identity, const std::atomic<Phase>& phase) : service(std::move(identity), phase) {}

    ClusterAdmin service;
    std::unique_ptr<grpc::Server> server;
};

Result<std::unique_ptr<AdminServer>, std::string> AdminServer::start(const std::vector<settings::Endpoint>& endpoints,
                                                                     Identity identity,
                                                                     const std::atomic<Phase>& phase) {
    auto state = std::make_unique<State>(std::move(identity), phase);
    grpc::ServerBuilder builder;
    // Otherwise a second broker on the same port would take half of the first one's connections.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(request_bytes_max);
    builder.RegisterService(&state->service);
    std::vector<int> ports(endpoints.size());
    for (size_t i = 0; i < endpoints.size(); ++i)
        builder.AddListeningPort(address_of(endpoints[i]), grpc::InsecureServerCredentials(), &ports[i]);
    state->server = builder.BuildAndStart();
    for (size_t i = 0; i < endpoints.size(); ++i)
        if (state->server == nullptr || ports[i] == 0)
            return unexpected("listener " + endpoints[i].listener_name + ": cannot listen on " +
                              address_of(endpoints[i]) + "; is another program there?");
    std::unique_ptr<AdminServer> started(new AdminServer(std::move(state)));
    for (const int port : ports) started->ports_.push_back(static_cast<uint16_t>(port));
    return started;
}

AdminServer::AdminServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

AdminServer::~AdminServer() {
    if (state_->server != nullptr) state_->server->Shutdown(std::chrono::system_clock::now() + shutdown_timeout);
}

}  // namespace milena::peer
