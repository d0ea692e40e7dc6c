#include "peer/channel.h"

#include <array>
#include <string_view>

#include <grpcpp/grpcpp.h>

namespace milena::peer {
namespace {

// How long a connection attempt may take, and a ping.
constexpr int connect_timeout_ms = 2'000;
constexpr int channel_keepalive_ms = 2'000;
constexpr int backoff_ms_min = 20, backoff_ms_max = 200;
constexpr int resolve_interval_ms = 500;
constexpr int own_window_bytes = 4 << 20;

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

std::string address_of(const std::string& host, uint16_t port) {
    if (host.empty()) return "[::]:" + std::to_string(port);
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::shared_ptr<grpc::Channel> open_channel(const std::string& address, Connection connection, int message_bytes_max) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(message_bytes_max);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, backoff_ms_min);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, backoff_ms_max);
    // Despite its name the time that one attempt has.
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, connect_timeout_ms);
    // A node that comes back elsewhere is found by its name.
    arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, resolve_interval_ms);
    arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    // Whoever calls knows better when to call again.
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, channel_keepalive_ms);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, channel_keepalive_ms);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    if (connection == Connection::own) {
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
        arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, own_window_bytes);
        arguments.SetInt(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, http2_frame_bytes_max);
        arguments.SetInt(GRPC_ARG_HTTP2_WRITE_BUFFER_SIZE, http2_write_buffer_bytes);
    }
    return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

CallError call_error_of(const grpc::Status& status) {
    switch (status.error_code()) {
        case grpc::StatusCode::DEADLINE_EXCEEDED:
        case grpc::StatusCode::CANCELLED:
        case grpc::StatusCode::ABORTED: return CallError::timed_out;
        case grpc::StatusCode::UNAVAILABLE: break;
        default: return CallError::refused;
    }
    // All that is no evidence says so; what else can happen to a connection is that the other side has refused or ended
    // it. An attempt that takes too long is ended by ourselves, which gRPC calls a shutdown of the handshaker.
    static constexpr std::array<std::string_view, 8> no_evidence{
        "imed out", "imeout", "TIMEOUT", "keepalive", "DNS", "No route to host", "etwork is unreachable", "handshaker"};
    for (const std::string_view words : no_evidence)
        if (contains(status.error_message(), words)) return CallError::timed_out;
    return CallError::unreachable;
}

bool is_unresolved(const grpc::Status& status) {
    return status.error_code() == grpc::StatusCode::UNAVAILABLE && contains(status.error_message(), "DNS");
}

}  // namespace milena::peer
