#include "peer/server.h"

#include <chrono>

#include <grpcpp/grpcpp.h>

#include "peer/channel.h"

namespace milena::peer {
namespace {

// What announces more is refused before it is read. The largest are requests of clients that are passed on.
constexpr int request_bytes_max = 16 << 20;
constexpr int calls_per_connection_max = 4096;
constexpr std::chrono::milliseconds shutdown_patience(100);
// Another node that answers no ping for so long has gone.
constexpr int server_keepalive_ms = 4'000;
constexpr int ping_interval_ms_min = 200;

void set_up_connections(grpc::ServerBuilder& builder) {
    // Otherwise a second broker on the same port would take half of the first one's connections.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(request_bytes_max);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, calls_per_connection_max);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, server_keepalive_ms);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, server_keepalive_ms);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    // Idle nodes ping, too, and nobody is sent away for that.
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, ping_interval_ms_min);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, http2_frame_bytes_max);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_WRITE_BUFFER_SIZE, http2_write_buffer_bytes);
}

}  // namespace

struct Server::State {
    std::vector<Service*> services;
    std::unique_ptr<grpc::Server> server;
};

Result<std::unique_ptr<Server>, std::string> Server::start(const std::vector<settings::Endpoint>& endpoints,
                                                           const std::vector<Service*>& services) {
    auto state = std::make_unique<State>();
    state->services = services;
    grpc::ServerBuilder builder;
    set_up_connections(builder);
    for (Service* service : services) builder.RegisterService(&service->service());
    std::vector<int> ports(endpoints.size());
    for (size_t i = 0; i < endpoints.size(); ++i)
        builder.AddListeningPort(address_of(endpoints[i].host, endpoints[i].port), grpc::InsecureServerCredentials(),
                                 &ports[i]);
    state->server = builder.BuildAndStart();
    // gRPC binds in turn and stops at the first port that it doesn't get.
    for (size_t i = 0; i < endpoints.size(); ++i)
        if (ports[i] == 0)
            return unexpected("listener " + endpoints[i].listener_name + ": cannot listen on " +
                              address_of(endpoints[i].host, endpoints[i].port) + "; is another program there?");
    if (state->server == nullptr)
        return unexpected("gRPC cannot start a server on this machine; its own lines above say why");
    std::unique_ptr<Server> started(new Server(std::move(state)));
    for (const int port : ports) started->ports_.push_back(static_cast<uint16_t>(port));
    return started;
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
    for (Service* service : state_->services) service->server_ends();
    state_->server->Shutdown(std::chrono::system_clock::now() + shutdown_patience);
}

}  // namespace milena::peer
