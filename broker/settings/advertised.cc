#include "settings/advertised.h"

#include <algorithm>
#include <utility>

#include "settings/endpoints.h"

namespace milena::settings {

namespace {

void readdress(std::vector<Endpoint>& endpoints, const std::vector<Endpoint>& to) {
    for (Endpoint& endpoint : endpoints) {
        const auto named = std::ranges::find(to, endpoint.listener_name, &Endpoint::listener_name);
        if (named == to.end()) continue;
        endpoint.host = named->host;
        endpoint.port = named->port;
    }
}

}  // namespace

Result<std::vector<Endpoint>, std::string> parse_advertised(std::string_view text) {
    std::vector<Endpoint> endpoints;
    for (const std::string& entry : parse_list(text)) {
        const auto refused = [&](const std::string& why) {
            return unexpected(std::string(advertised_setting) + ": \"" + entry + "\" " + why);
        };
        std::optional<Endpoint> endpoint = parse_endpoint(entry);
        if (!endpoint) return refused("isn't of the form name://host:port");
        if (endpoint->host.empty() || is_every_interface(endpoint->host) || endpoint->port == 0)
            return refused("is nowhere to connect to; give a host and a port that clients can reach");
        if (has_listener(endpoints, endpoint->listener_name))
            return refused("is the second address of " + endpoint->listener_name);
        endpoints.push_back(*std::move(endpoint));
    }
    return endpoints;
}

Listeners readdressed(Listeners at_start, const BrokerSettings& settings) {
    const auto text = settings.dynamic_broker().find(advertised_setting);
    if (text == settings.dynamic_broker().end()) return at_start;
    // What is in the log but can't be read comes from another version.
    const auto addresses = parse_advertised(text->second);
    if (!addresses) return at_start;
    readdress(at_start.advertised_broker, *addresses);
    readdress(at_start.advertised_controller, *addresses);
    return at_start;
}

}  // namespace milena::settings
