#include "settings/endpoints.h"

#include <algorithm>

namespace milena::settings {

namespace {

bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
}

bool is_ipv6_character(char c) {
    return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' || c == '.' ||
           c == '%';
}

}  // namespace

std::optional<HostPort> parse_host_port(std::string_view text) {
    const size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const bool is_bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (is_bracketed) host = host.substr(1, host.size() - 2);
    const bool is_bare_ipv6 = !is_bracketed && host.find(':') != std::string_view::npos;
    if (!std::ranges::all_of(host, is_bracketed || is_bare_ipv6 ? is_ipv6_character : is_host_character)) {
        return std::nullopt;
    }
    const std::string_view digits = text.substr(colon + 1);
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    const std::optional<int64_t> port = parse_integer(digits);
    if (!port || *port > UINT16_MAX) return std::nullopt;
    return HostPort{.host = std::string(host), .port = static_cast<uint16_t>(*port)};
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
    const size_t slashes = text.find("://");
    if (slashes == std::string_view::npos || slashes == 0) return std::nullopt;
    const auto address = parse_host_port(text.substr(slashes + 3));
    if (!address) return std::nullopt;
    return Endpoint{in_upper_case(text.substr(0, slashes)), SecurityProtocol::plaintext, address->host, address->port};
}

bool has_listener(const std::vector<Endpoint>& endpoints, std::string_view name) {
    return std::ranges::find(endpoints, name, &Endpoint::listener_name) != endpoints.end();
}

bool is_every_interface(std::string_view host) { return host == "0.0.0.0" || host == "::"; }

AddressFamily address_family(std::string_view host) {
    if (host.find(':') != std::string_view::npos) return AddressFamily::ipv6;
    const bool is_numeric = !host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos;
    return is_numeric && std::ranges::count(host, '.') == 3 ? AddressFamily::ipv4 : AddressFamily::name;
}

std::string in_upper_case(std::string_view text) {
    std::string upper(text);
    std::ranges::transform(upper, upper.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return upper;
}

}  // namespace milena::settings
