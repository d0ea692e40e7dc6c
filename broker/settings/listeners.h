// Where a node listens, what it tells others about it, and who is in the controller quorum, as plain values. Made once
// from the settings at start, of which advertised.h can change the addresses later; never opens a socket and never
// resolves a name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "settings/broker_settings.h"

namespace milena::settings {

// The numbers are those of Kafka's SecurityProtocol. Kafka has no grpc: it is what our brokers speak among themselves.
enum class SecurityProtocol : int16_t { plaintext = 0, ssl = 1, sasl_plaintext = 2, sasl_ssl = 3, grpc = 100 };

std::string_view protocol_name(SecurityProtocol protocol);
// As it stands in registration records. Kafka's tools must be able to read them: grpc is plaintext there.
int16_t protocol_number(SecurityProtocol protocol);

struct Endpoint {
    std::string listener_name;  // in upper case
    SecurityProtocol protocol = SecurityProtocol::plaintext;
    std::string host;  // of a bound endpoint, empty: every interface; an advertised one always has a host
    uint16_t port = 0;

    bool operator==(const Endpoint&) const = default;
};

struct Listeners {
    std::vector<Endpoint> broker;             // bound for Kafka's protocol
    std::vector<Endpoint> controller;         // bound for the controller quorum; empty unless the node is a controller
    std::vector<Endpoint> grpc;               // bound for other brokers: those of a broker that speak GRPC
    std::vector<Endpoint> advertised_broker;  // with those that speak GRPC
    std::vector<Endpoint> advertised_controller;
    std::string inter_broker_name;
    std::vector<std::string> controller_names;  // controller.listener.names, in upper case

    // What the gRPC server binds.
    std::vector<Endpoint> of_peers() const;

    bool operator==(const Listeners&) const = default;
};

struct Voter {
    NodeId id = no_node;
    std::string host;
    uint16_t port = 0;

    bool operator==(const Voter&) const = default;
};

struct HostPort {
    std::string host;
    uint16_t port = 0;

    bool operator==(const HostPort&) const = default;
};

struct Quorum {
    NodeId node_id{1};
    bool is_broker = true;
    bool is_controller = true;
    std::vector<Voter> voters;  // empty: dynamic voters, or this node alone
    std::vector<HostPort> bootstrap_servers;

    bool operator==(const Quorum&) const = default;
};

// Each error is appended as a sentence that begins with the name of the setting; with errors, the value is of no use.
Quorum parse_quorum(const BrokerSettings& settings, std::vector<std::string>& errors);
// `host_name` is what is advertised for a listener without a host.
Listeners parse_listeners(const BrokerSettings& settings, const Quorum& quorum, std::string_view host_name,
                          std::vector<std::string>& errors);

}  // namespace milena::settings
