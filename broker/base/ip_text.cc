#include "base/ip_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include <arpa/inet.h>

namespace milena {

std::optional<std::string> shortest_ip(const std::string& text) {
    std::array<std::byte, sizeof(in6_addr)> address{};
    std::array<char, INET6_ADDRSTRLEN> shortest{};
    for (const int family : {AF_INET, AF_INET6}) {
        if (::inet_pton(family, text.c_str(), address.data()) != 1) continue;
        ::inet_ntop(family, address.data(), shortest.data(), shortest.size());
        return std::string(shortest.data());
    }
    return std::nullopt;
}

std::string java_ip(const std::string& text) {
    const size_t scope = std::min(text.find('%'), text.size());
    std::array<unsigned char, sizeof(in6_addr)> address{};
    if (::inet_pton(AF_INET6, text.substr(0, scope).c_str(), address.data()) != 1) return text;
    std::string groups;
    for (size_t i = 0; i < address.size(); i += 2) {
        std::array<char, 8> group{};
        std::snprintf(group.data(), group.size(), i == 0 ? "%x" : ":%x", address[i] << 8 | address[i + 1]);
        groups += group.data();
    }
    return groups + text.substr(scope);
}

}  // namespace milena
