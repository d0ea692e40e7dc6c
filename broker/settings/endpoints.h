// Texts of network places, as they stand in settings, into plain values. Pure; never resolves a name.
#pragma once

#include <optional>
#include <string_view>

#include "settings/listeners.h"

namespace milena::settings {

// "host:port" or "[IPv6 address]:port"; the host may be empty.
std::optional<HostPort> parse_host_port(std::string_view text);
// "name://host:port", of a listener whose protocol nobody has said yet.
std::optional<Endpoint> parse_endpoint(std::string_view text);
bool has_listener(const std::vector<Endpoint>& endpoints, std::string_view name);
// Of a listener it means every interface; nobody can connect to it.
bool is_every_interface(std::string_view host);

enum class AddressFamily : uint8_t { name, ipv4, ipv6 };

// What a host is written as.
AddressFamily address_family(std::string_view host);

std::string in_upper_case(std::string_view text);

}  // namespace milena::settings
