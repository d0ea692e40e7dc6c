#include "env/posix/broker_connection.h"

#include <array>
#include <utility>
#include <vector>

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/big_endian.h"

namespace milena::env {
namespace {

constexpr int32_t answer_bytes_max = 256 << 20;

void set_timeout(int fd, int option, std::chrono::seconds time) {
    const timeval value{.tv_sec = time.count(), .tv_usec = 0};
    ::setsockopt(fd, SOL_SOCKET, option, &value, sizeof value);
}

}  // namespace

Result<BrokerConnection, std::string> BrokerConnection::open(const std::string& host, const std::string& port,
                                                             const Patience& patience) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int failure = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
    if (failure != 0) return unexpected(std::string(::gai_strerror(failure)));
    int fd = -1;
    for (const addrinfo* to = list; to != nullptr && fd < 0; to = to->ai_next) {
        fd = ::socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0) continue;
        set_timeout(fd, SO_SNDTIMEO, patience.to_send);  // of connect(), too
        set_timeout(fd, SO_RCVTIMEO, patience.for_answer);
        if (::connect(fd, to->ai_addr, to->ai_addrlen) != 0) ::close(std::exchange(fd, -1));
    }
    ::freeaddrinfo(list);
    if (fd < 0) return unexpected(std::string("no broker answers"));
    return BrokerConnection(fd);
}

BrokerConnection::~BrokerConnection() {
    if (fd_ >= 0) ::close(fd_);
}

BrokerConnection::BrokerConnection(BrokerConnection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Result<Bytes, std::string> BrokerConnection::exchange(const Bytes& request) const {
    if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
        return unexpected(std::string("the request could not be sent"));
    std::array<std::byte, sizeof(int32_t)> length_bytes{};
    if (!receive(length_bytes)) return unexpected(std::string("no answer"));
    const auto length = load_big_endian<int32_t>(length_bytes.data());
    if (length < 0 || length > answer_bytes_max) return unexpected(std::string("this is not Kafka's protocol"));
    std::vector<std::byte> answer(static_cast<size_t>(length));
    if (!receive(answer)) return unexpected(std::string("the answer is not whole"));
    return Bytes::from(std::move(answer));
}

bool BrokerConnection::receive(std::span<std::byte> into) const {
    while (!into.empty()) {
        const ssize_t count = ::recv(fd_, into.data(), into.size(), 0);
        if (count <= 0) return false;
        into = into.subspan(static_cast<size_t>(count));
    }
    return true;
}

}  // namespace milena::env
