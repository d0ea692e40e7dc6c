#include "server/listener.h"

#include <cerrno>
#include <cstring>

#include <asio/ip/tcp.hpp>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "server/pacing.h"
#include "server/tcp_stream.h"

namespace milena::server {
namespace {

using asio::ip::tcp;

struct Resolved {
    sockaddr_storage address{};
    socklen_t bytes = 0;
};

std::string reason_of(int number) {
    char text[128];
    return ::strerror_r(number, text, sizeof text);
}

Result<Resolved, std::string> resolve(const ListenAddress& address) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const char* host = address.host.empty() ? nullptr : address.host.c_str();
    const int failure = ::getaddrinfo(host, std::to_string(address.port).c_str(), &hints, &list);
    if (failure != 0)
        return unexpected("cannot resolve listener host \"" + address.host + "\": " + ::gai_strerror(failure));
    const addrinfo* best = list;
    // Every interface means both families: a socket of version 6 takes both, where the kernel has it.
    for (const addrinfo* at = list; at != nullptr && host == nullptr; at = at->ai_next)
        if (at->ai_family == AF_INET6) best = at;
    Resolved resolved;
    std::memcpy(&resolved.address, best->ai_addr, best->ai_addrlen);
    resolved.bytes = best->ai_addrlen;
    ::freeaddrinfo(list);
    return resolved;
}

int bind_one(const Resolved& target, bool is_shared, const ListenAddress& address) {
    const int fd = ::socket(target.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    const int on = 1;
    const int off = 0;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (is_shared) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (target.address.ss_family == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    accept_unpaced(fd);
    // Accepted sockets inherit the buffers.
    if (address.send_buffer_bytes > 0) ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &address.send_buffer_bytes, sizeof(int));
    if (address.receive_buffer_bytes > 0)
        ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &address.receive_buffer_bytes, sizeof(int));
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&target.address), target.bytes) == 0) return fd;
    const int number = errno;
    ::close(fd);
    errno = number;
    return -1;
}

uint16_t& port_of(Resolved& target) {
    return target.address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(target.address).sin6_port
                                                : reinterpret_cast<sockaddr_in&>(target.address).sin_port;
}

}  // namespace

Result<BoundSockets, std::string> bind_sockets(const ListenAddress& address, size_t count) {
    auto target = resolve(address);
    if (!target.has_value()) return unexpected(target.error());
    if (target->address.ss_family == AF_INET6 && address.host.empty()) {
        // A kernel without version 6 says so only now.
        const int probe = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (probe >= 0) ::close(probe);
        ListenAddress any_version_4 = address;
        any_version_4.host = "0.0.0.0";
        if (probe < 0) target = resolve(any_version_4);
        if (!target.has_value()) return unexpected(target.error());
    }
    BoundSockets bound;
    // SO_REUSEPORT would let a second broker of the same user share the port: this first socket finds it taken.
    const int probe = bind_one(*target, false, address);
    if (probe >= 0) ::close(probe);
    for (size_t i = 0; i < count && probe >= 0; ++i) {
        const int fd = bind_one(*target, true, address);
        if (fd < 0) break;
        bound.descriptors.push_back(fd);
        Resolved actual;
        actual.bytes = sizeof actual.address;
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&actual.address), &actual.bytes);
        port_of(*target) = port_of(actual);
        bound.port = ntohs(port_of(actual));
    }
    if (bound.descriptors.size() == count) return bound;
    const int number = errno;
    for (const int fd : bound.descriptors) ::close(fd);
    return unexpected("cannot listen on " + (address.host.empty() ? "*" : address.host) + ":" +
                      std::to_string(address.port) + ": " + reason_of(number));
}

struct Listener::State : std::enable_shared_from_this<Listener::State> {
    State(shard::Loop& event_loop, int descriptor, Accepted on_accepted)
        : loop(event_loop), acceptor(event_loop.io()), accepted(std::move(on_accepted)) {
        sockaddr_storage address{};
        socklen_t bytes = sizeof address;
        ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &bytes);
        asio::error_code error;
        acceptor.assign(address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), descriptor, error);
        check(!error);
    }

    void accept() {
        acceptor.async_accept([self = shared_from_this()](const asio::error_code& error, tcp::socket socket) {
            if (!self->acceptor.is_open()) return;
            if (error) return self->failed(error);
            const shard::Loop::Work work(self->loop);
            asio::error_code gone;
            const tcp::endpoint peer = socket.remote_endpoint(gone);
            if (!gone) {
                const asio::ip::address ip = peer.address();
                const bool is_mapped = ip.is_v6() && ip.to_v6().is_v4_mapped();
                const std::string text =
                    is_mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, ip.to_v6()).to_string() : ip.to_string();
                self->accepted(tcp_stream(std::move(socket)), text, peer.port());
            }
            self->accept();
        });
    }

    // A client that is gone already costs nothing; without descriptors or memory we try again a little later.
    void failed(const asio::error_code& error) {
        if (error == asio::error::connection_aborted) return accept();
        log_warn("accept failed", {{"reason", error.message()}});
        loop.after(std::chrono::milliseconds(200), [self = shared_from_this()] {
            if (self->acceptor.is_open()) self->accept();
        });
    }

    shard::Loop& loop;
    tcp::acceptor acceptor;
    Accepted accepted;
};

Listener::Listener(shard::Loop& loop, int descriptor, int backlog, Accepted accepted)
    : state_(std::make_shared<State>(loop, descriptor, std::move(accepted))) {
    asio::error_code error;
    state_->acceptor.listen(backlog, error);
    check(!error);
    state_->accept();
}

Listener::~Listener() {
    asio::error_code ignored;
    state_->acceptor.close(ignored);
}

}  // namespace milena::server
