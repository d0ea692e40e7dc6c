#include "settings/listeners.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>

#include "settings/advertised.h"
#include "settings/endpoints.h"

namespace milena::settings {

namespace {

using Errors = std::vector<std::string>;
using ProtocolMap = std::map<std::string, SecurityProtocol, std::less<>>;

constexpr std::array protocols = {SecurityProtocol::plaintext, SecurityProtocol::ssl, SecurityProtocol::sasl_plaintext,
                                  SecurityProtocol::sasl_ssl, SecurityProtocol::grpc};

std::optional<SecurityProtocol> protocol_of(std::string_view text) {
    const auto found = std::ranges::find(protocols, in_upper_case(text), protocol_name);
    return found == protocols.end() ? std::nullopt : std::optional(*found);
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

bool speaks_grpc(const Endpoint& endpoint) { return endpoint.protocol == SecurityProtocol::grpc; }

// One pass over the settings of listeners; errors are collected.
class ListenerParser {
  public:
    ListenerParser(const BrokerSettings& settings, const Quorum& quorum, std::string_view host_name, Errors& errors)
        : settings_(settings), quorum_(quorum), host_name_(host_name), errors_(errors) {}

    Listeners parse() {
        for (const std::string& name : list_of("controller.listener.names")) {
            listeners_.controller_names.push_back(in_upper_case(name));
        }
        const size_t errors_before = errors_.size();
        read_protocol_map();
        const std::vector<Endpoint> bound = endpoints_of("listeners", settings_.text("listeners").value_or(""));
        check_ports(bound);
        split(bound, listeners_.broker, listeners_.controller);
        // Not what is dynamic, which changes no more than addresses: readdressed().
        const Texts& at_start = settings_.static_texts();
        if (const auto text = at_start.find(advertised_setting); text != at_start.end()) {
            split(endpoints_of(advertised_setting, text->second), listeners_.advertised_broker,
                  listeners_.advertised_controller);
        } else {
            listeners_.advertised_broker = listeners_.broker;
        }
        std::ranges::copy_if(listeners_.broker, std::back_inserter(listeners_.grpc), speaks_grpc);
        std::erase_if(listeners_.broker, speaks_grpc);
        // A controller's listener that isn't advertised explicitly is advertised as it is bound.
        if (listeners_.advertised_controller.empty()) listeners_.advertised_controller = listeners_.controller;
        name_hosts(listeners_.advertised_broker);
        name_hosts(listeners_.advertised_controller);
        // What was refused above would only be missed again below.
        if (errors_.size() > errors_before) return {};
        choose_inter_broker_listener();
        check_roles();
        return std::move(listeners_);
    }

  private:
    std::vector<std::string> list_of(std::string_view name) const {
        return parse_list(settings_.text(name).value_or(""));
    }

    void read_protocol_map() {
        constexpr std::string_view name = "listener.security.protocol.map";
        for (const std::string& entry : list_of(name)) {
            const size_t colon = entry.find(':');
            const auto protocol =
                protocol_of(trimmed(std::string_view(entry).substr(colon == std::string::npos ? 0 : colon + 1)));
            if (colon == std::string::npos || !protocol) {
                errors_.push_back(std::string(name) + ": \"" + entry +
                                  "\" isn't of the form listener:protocol with one of the protocols PLAINTEXT, SSL, "
                                  "SASL_PLAINTEXT, SASL_SSL, GRPC");
                continue;
            }
            protocols_[in_upper_case(trimmed(std::string_view(entry).substr(0, colon)))] = *protocol;
        }
        // Unless the map is given, controllers speak PLAINTEXT.
        if (settings_.is_configured(name)) return;
        for (const std::string& listener : listeners_.controller_names) {
            protocols_.try_emplace(listener, SecurityProtocol::plaintext);
        }
    }

    std::vector<Endpoint> endpoints_of(std::string_view setting, std::string_view text) {
        std::vector<Endpoint> endpoints;
        for (const std::string& entry : parse_list(text)) {
            const std::string place = std::string(setting) + ": \"" + entry + "\"";
            std::optional<Endpoint> endpoint = parse_endpoint(entry);
            if (!endpoint) {
                errors_.push_back(place + " isn't of the form name://host:port");
                continue;
            }
            const auto protocol = protocols_.find(endpoint->listener_name);
            if (protocol == protocols_.end()) {
                errors_.push_back(place + ": listener.security.protocol.map doesn't say which protocol " +
                                  endpoint->listener_name + " speaks");
                continue;
            }
            endpoint->protocol = protocol->second;
            if (endpoint->protocol != SecurityProtocol::plaintext && !speaks_grpc(*endpoint)) {
                errors_.push_back(place + ": " + std::string(protocol_name(endpoint->protocol)) +
                                  " isn't served yet, only PLAINTEXT is");
            }
            if (has_listener(endpoints, endpoint->listener_name)) {
                errors_.push_back(std::string(setting) + ": two listeners have the name " + endpoint->listener_name);
            }
            endpoints.push_back(*std::move(endpoint));
        }
        return endpoints;
    }

    // Two listeners may share a port only as IPv4 and IPv6 address.
    void check_ports(const std::vector<Endpoint>& bound) {
        for (size_t i = 0; i < bound.size(); ++i) {
            for (size_t j = 0; j < i; ++j) {
                if (bound[i].port != bound[j].port || bound[i].port == 0) continue;
                const AddressFamily a = address_family(bound[i].host), b = address_family(bound[j].host);
                if (a != b && a != AddressFamily::name && b != AddressFamily::name) continue;
                errors_.push_back("listeners: " + bound[j].listener_name + " and " + bound[i].listener_name +
                                  " have the same port " + std::to_string(bound[i].port));
            }
        }
    }

    void split(const std::vector<Endpoint>& endpoints, std::vector<Endpoint>& broker,
               std::vector<Endpoint>& controller) const {
        for (const Endpoint& endpoint : endpoints) {
            (contains(listeners_.controller_names, endpoint.listener_name) ? controller : broker).push_back(endpoint);
        }
    }

    void name_hosts(std::vector<Endpoint>& advertised) {
        for (Endpoint& endpoint : advertised) {
            if (endpoint.host.empty()) endpoint.host = host_name_;
            if (!is_every_interface(endpoint.host)) continue;
            errors_.push_back("advertised.listeners: nobody can connect to " + endpoint.host + "; give " +
                              endpoint.listener_name + " a host that clients can reach");
        }
    }

    void choose_inter_broker_listener() {
        const std::optional<std::string> name = settings_.text("inter.broker.listener.name");
        const std::string protocol = settings_.text("security.inter.broker.protocol").value_or("PLAINTEXT");
        if (name && settings_.is_configured("security.inter.broker.protocol")) {
            errors_.push_back("only one of inter.broker.listener.name and security.inter.broker.protocol may be given");
        }
        listeners_.inter_broker_name = in_upper_case(name.value_or(protocol));
        // GRPC is for brokers only; so the one listener that speaks it is theirs.
        if (!name && !settings_.is_configured("security.inter.broker.protocol") && listeners_.grpc.size() == 1)
            listeners_.inter_broker_name = listeners_.grpc[0].listener_name;
        if (!quorum_.is_broker || has_listener(listeners_.advertised_broker, listeners_.inter_broker_name)) return;
        if (!name && listeners_.advertised_broker.size() == 1) {
            listeners_.inter_broker_name = listeners_.advertised_broker[0].listener_name;
            return;
        }
        errors_.push_back("inter.broker.listener.name: " + listeners_.inter_broker_name +
                          " isn't one of the advertised listeners");
    }

    void check_roles() {
        if (quorum_.is_broker && listeners_.broker.empty()) {
            errors_.push_back("listeners: a broker needs one that isn't in controller.listener.names" +
                              std::string(listeners_.grpc.empty() ? "" : " and speaks another protocol than GRPC"));
        }
        for (const std::vector<Endpoint>* bound : {&listeners_.broker, &listeners_.grpc}) {
            if (quorum_.is_broker || bound->empty()) continue;
            errors_.push_back("listeners: " + bound->front().listener_name +
                              " isn't in controller.listener.names, but process.roles has no broker");
        }
        if (!quorum_.is_controller && !listeners_.controller.empty()) {
            errors_.push_back("listeners: " + listeners_.controller[0].listener_name +
                              " is in controller.listener.names, but process.roles has no controller");
        }
        // A quorum of one talks to nobody, so that it may go without a listener.
        const bool is_alone = quorum_.is_broker && quorum_.voters.size() <= 1;
        if (quorum_.is_controller && !is_alone && listeners_.controller.empty()) {
            errors_.push_back("listeners: a controller needs one of controller.listener.names");
        }
        for (const Endpoint& endpoint : listeners_.advertised_broker) {
            if (has_listener(listeners_.broker, endpoint.listener_name)) continue;
            if (has_listener(listeners_.grpc, endpoint.listener_name)) continue;
            errors_.push_back("advertised.listeners: " + endpoint.listener_name + " isn't one of listeners");
        }
        for (const Endpoint& endpoint : listeners_.advertised_controller) {
            if (has_listener(listeners_.controller, endpoint.listener_name)) continue;
            errors_.push_back("advertised.listeners: " + endpoint.listener_name + " isn't one of listeners");
        }
    }

    const BrokerSettings& settings_;
    const Quorum& quorum_;
    std::string host_name_;
    ProtocolMap protocols_;
    Listeners listeners_;
    Errors& errors_;
};

}  // namespace

std::string_view protocol_name(SecurityProtocol protocol) {
    switch (protocol) {
        case SecurityProtocol::plaintext: return "PLAINTEXT";
        case SecurityProtocol::ssl: return "SSL";
        case SecurityProtocol::sasl_plaintext: return "SASL_PLAINTEXT";
        case SecurityProtocol::sasl_ssl: return "SASL_SSL";
        case SecurityProtocol::grpc: return "GRPC";
    }
    return "PLAINTEXT";
}

int16_t protocol_number(SecurityProtocol protocol) {
    return static_cast<int16_t>(protocol == SecurityProtocol::grpc ? SecurityProtocol::plaintext : protocol);
}

std::vector<Endpoint> Listeners::of_peers() const {
    std::vector<Endpoint> endpoints = controller;
    endpoints.insert(endpoints.end(), grpc.begin(), grpc.end());
    return endpoints;
}

Listeners parse_listeners(const BrokerSettings& settings, const Quorum& quorum, std::string_view host_name,
                          Errors& errors) {
    return ListenerParser(settings, quorum, host_name, errors).parse();
}

}  // namespace milena::settings
