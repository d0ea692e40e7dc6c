#include "server/pacing.h"

#include <array>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace milena::server {
namespace {

// As the system says; empty if it can't be asked.
std::string system_algorithm() {
    std::array<char, 16> name{};
    socklen_t bytes = name.size();
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool is_told = probe >= 0 && ::getsockopt(probe, IPPROTO_TCP, TCP_CONGESTION, name.data(), &bytes) == 0;
    if (probe >= 0) ::close(probe);
    return is_told ? name.data() : "";
}

// Asked once: it is the default of new sockets, and a listener's are to go on as the process began.
const std::string& pacing_algorithm() {
    static const std::string name = [] {
        std::string found = system_algorithm();
        return found.starts_with("bbr") ? found : "";
    }();
    return name;
}

// A kernel that doesn't allow it leaves the socket as it is.
void use_algorithm(int socket, std::string_view name) {
    ::setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), static_cast<socklen_t>(name.size()));
}

}  // namespace

// Every kernel has Reno.
void accept_unpaced(int listener) {
    if (!pacing_algorithm().empty()) use_algorithm(listener, "reno");
}

void pace_as_system(int connection) {
    if (!pacing_algorithm().empty()) use_algorithm(connection, pacing_algorithm());
}

}  // namespace milena::server
