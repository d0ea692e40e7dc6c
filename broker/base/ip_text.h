// Addresses as texts. Pure.
#pragma once

#include <optional>
#include <string>

namespace milena {

// An address of version 6 can be written in several ways: the shortest one, as connections have it (RFC 5952). Absent:
// it isn't an address, but perhaps a host's name.
std::optional<std::string> shortest_ip(const std::string& text);

// As Java's InetAddress.getHostAddress has it: version 6 in eight groups, none left out. What is no address stays.
std::string java_ip(const std::string& text);

}  // namespace milena
