// Connections to other nodes, as gRPC's channels: made here, so that all have the same patience; and what it means when
// a call over one of them fails. Any thread. For the .cc files of this directory: gRPC's types stay among them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace grpc {
class Channel;
class Status;
}  // namespace grpc

namespace milena::peer {

// "host:port", with the brackets of an IPv6 address; without a host, every interface.
std::string address_of(const std::string& host, uint16_t port);

enum class Connection : uint8_t {
    shared,  // with other channels to the same address
    own,     // what isn't read from it stalls nothing else
};

// Connects when it is first used, and again after a break, at most 200 ms after the last attempt. Never by way of a
// proxy. A peer that answers neither data nor pings for some seconds counts as gone.
std::shared_ptr<grpc::Channel> open_channel(const std::string& address, Connection connection, int message_bytes_max);

// What either end of a connection does at a time.
inline constexpr int http2_frame_bytes_max = 1 << 20;
inline constexpr int http2_write_buffer_bytes = 1 << 20;

// The key of gRPC's metadata that marks a call which was passed on.
inline constexpr const char* relayed_key = "milena-relayed";

enum class CallError : uint8_t {
    unreachable,  // the connection was refused or broken: evidence that nobody is there
    timed_out,    // no evidence: no answer in time, no such host, no way to it
    refused,      // somebody is there, and doesn't do what was asked
};

CallError call_error_of(const grpc::Status& status);
// The name could not be resolved; gRPC would wait for minutes before it asks again, a new channel asks at once.
bool is_unresolved(const grpc::Status& status);

}  // namespace milena::peer
