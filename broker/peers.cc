#include "peers.h"

#include <utility>
#include <vector>

#include "peer/controller_client.h"
#include "peer/quorum_client.h"
#include "peer/server.h"

namespace milena {
namespace {

constexpr Milliseconds request_timeout(5'000);
constexpr Milliseconds forward_timeout(30'000);

// Of what a broker asks for itself it doesn't matter whether it is done twice, so it asks again until it is answered.
ErrorCode outcome_of(const peer::Refusal& refusal) {
    const bool is_of_network =
        refusal.error == ErrorCode::network_exception || refusal.error == ErrorCode::request_timed_out;
    return is_of_network ? ErrorCode::not_controller : refusal.error;
}

// All clients go to the same nodes, which Raft learns of.
class Transport final : public raft::Transport {
  public:
    Transport(peer::Post post, peer::ControllerClient& controllers, peer::AdminClient& admin)
        : quorum_(std::move(post)), controllers_(controllers), admin_(admin) {}

    void send(NodeId to, const raft::Request& request, Milliseconds timeout, Done done) override {
        quorum_.send(to, request, timeout, std::move(done));
    }
    void use_address(NodeId node, const std::string& host, uint16_t port) override {
        quorum_.use_address(node, host, port);
        controllers_.use_address(node, host, port);
        admin_.use_controller_address(node, host, port);
    }

  private:
    peer::QuorumClient quorum_;
    peer::ControllerClient& controllers_;
    peer::AdminClient& admin_;
};

class RemoteController final : public controller::RemoteController {
  public:
    explicit RemoteController(peer::ControllerClient& client) : client_(client) {}

    void submit(NodeId to, const controller::BrokerRegistration& request,
                Answer<controller::BrokerEpoch> done) override {
        ask<controller::BrokerEpoch>(to, request, std::move(done));
    }
    void submit(NodeId to, const controller::ControllerRegistration& request, Answer<void> done) override {
        ask<void>(to, request, std::move(done));
    }
    void submit(NodeId to, const controller::BrokerHeartbeat& request,
                Answer<controller::HeartbeatAnswer> done) override {
        ask<controller::HeartbeatAnswer>(to, request, std::move(done));
    }
    void submit(NodeId to, const controller::AlterPartition& request,
                Answer<controller::AlterPartitionAnswer> done) override {
        ask<controller::AlterPartitionAnswer>(to, request, std::move(done));
    }
    void submit(NodeId to, const controller::AssignDirectories& request, Answer<void> done) override {
        ask<void>(to, request, std::move(done));
    }
    void submit(NodeId to, const controller::CordonDirectories& request, Answer<void> done) override {
        ask<void>(to, request, std::move(done));
    }
    void submit(NodeId to, const controller::AllocateProducerIds& request,
                Answer<controller::ProducerIdBlock> done) override {
        ask<controller::ProducerIdBlock>(to, request, std::move(done));
    }
    void submit(NodeId to, const controller::ReportLoad& report, Answer<void> done) override {
        ask<void>(to, report, std::move(done));
    }
    // A broken connection may have broken after the request was done; to ask again is what Kafka's brokers do too.
    void forward(NodeId to, const controller::ForwardedRequest& request,
                 Answer<controller::ForwardedAnswer> done) override {
        const peer::ForwardedRequest message{request.frame, request.client, request.listener};
        client_.send(to, message, forward_timeout, [done](peer::ControllerResult<peer::ForwardedResponse> answer) {
            if (answer) return done(controller::ForwardedAnswer{std::move(answer->frame), answer->metadata_offset});
            const bool is_broken = answer.error().error == ErrorCode::network_exception;
            done(unexpected(is_broken ? ErrorCode::not_controller : answer.error().error));
        });
    }

  private:
    template <class T, class Request>
    void ask(NodeId to, const Request& request, Answer<T> done) {
        client_.send(to, request, request_timeout, [done](peer::ControllerResult<T> answer) {
            if (!answer) return done(unexpected(outcome_of(answer.error())));
            if constexpr (std::is_void_v<T>)
                done({});
            else
                done(std::move(answer).value());
        });
    }

    peer::ControllerClient& client_;
};

Result<void, std::string> check_protocols(const std::vector<settings::Endpoint>& endpoints) {
    for (const settings::Endpoint& endpoint : endpoints)
        if (endpoint.protocol != settings::SecurityProtocol::plaintext &&
            endpoint.protocol != settings::SecurityProtocol::grpc)
            return unexpected("listener " + endpoint.listener_name + ": only PLAINTEXT is there yet, not " +
                              std::string(settings::protocol_name(endpoint.protocol)));
    return {};
}

bool knows_others(const settings::Quorum& quorum) {
    return quorum.voters.size() > 1 || !quorum.bootstrap_servers.empty() || !quorum.is_controller;
}

}  // namespace

struct Peers::State {
    State(const peer::Post& post, Options options)
        : admin_client(post),
          admin({post, options.admin, admin_client, options.health}, std::move(options.identity)),
          quorum(post, std::move(options.quorum)),
          controller(post, options.controller),
          controllers(post),
          transport(post, controllers, admin_client),
          remote(controllers) {}

    bool has_others = false;
    peer::AdminClient admin_client;
    peer::AdminService admin;
    peer::QuorumService quorum;
    peer::ControllerService controller;
    peer::ControllerClient controllers;
    Transport transport;
    RemoteController remote;
    std::unique_ptr<peer::Server> server;  // null where nothing is listened on
};

Peers::Peers(std::unique_ptr<State> state) : state_(std::move(state)) {}
Peers::~Peers() = default;

Result<std::unique_ptr<Peers>, std::string> Peers::start(shard::Shard& first, const settings::BrokerConfig& config,
                                                         Options options) {
    const peer::Post post = [&first](shard::Task task) { first.post(std::move(task)); };
    std::vector<peer::Service*> services = std::move(options.others);
    auto state = std::make_unique<State>(post, std::move(options));
    for (size_t i = 0; i < config.quorum.bootstrap_servers.size(); ++i) {
        const settings::HostPort& at = config.quorum.bootstrap_servers[i];
        state->transport.use_address(raft::bootstrap_node(i), at.host, at.port);
    }
    const std::vector<settings::Endpoint> endpoints = config.listeners.of_peers();
    RETURN_IF_ERROR(check_protocols(endpoints));
    // Whoever is alone may get others, if they can reach it.
    state->has_others = knows_others(config.quorum) || !endpoints.empty();
    if (!endpoints.empty()) {
        services.insert(services.end(), {&state->admin, &state->quorum, &state->controller});
        ASSIGN_OR_RETURN(state->server, peer::Server::start(endpoints, services));
    }
    return std::unique_ptr<Peers>(new Peers(std::move(state)));
}

raft::Transport* Peers::transport() { return state_->has_others ? &state_->transport : nullptr; }

controller::RemoteController* Peers::remote_controller() { return state_->has_others ? &state_->remote : nullptr; }

peer::AdminClient* Peers::admin_client() { return &state_->admin_client; }

void Peers::stop_listening() { state_->server.reset(); }

}  // namespace milena
