#include "health_server.h"

#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace milena {
namespace {

constexpr size_t head_bytes_max = 8192;
constexpr timeval patience{2, 0};  // with whoever doesn't send or read

void send_all(int connection, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<size_t>(sent));
    }
}

}  // namespace

HealthServer::~HealthServer() {
    is_stopped_ = true;
    if (listener_ >= 0) ::shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    if (listener_ >= 0) ::close(listener_);
}

Result<void, std::string> HealthServer::start(int port) {
    // Both families, where there are both.
    listener_ = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool is_six = listener_ >= 0;
    if (!is_six) listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1, off = 0;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (is_six) ::setsockopt(listener_, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(static_cast<uint16_t>(port));
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = six.sin6_port;
    const auto* address = is_six ? reinterpret_cast<sockaddr*>(&six) : reinterpret_cast<sockaddr*>(&four);
    const socklen_t length = is_six ? sizeof six : sizeof four;
    if (::bind(listener_, address, length) != 0 || ::listen(listener_, 16) != 0)
        return unexpected("cannot listen on port " + std::to_string(port) + ": " + std::strerror(errno));
    sockaddr_in6 bound{};
    socklen_t bound_length = sizeof bound;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&bound), &bound_length);
    port_ = ntohs(bound.sin6_port);  // at the same place in both families
    thread_ = std::thread([this] { serve(); });
    return {};
}

void HealthServer::serve() {
    while (!is_stopped_) {
        const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) continue;
        ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        answer(connection);
        ::close(connection);
    }
}

void HealthServer::answer(int connection) {
    std::string head;
    char buffer[2048];
    while (head.find("\r\n\r\n") == std::string::npos) {
        const ssize_t count = ::recv(connection, buffer, sizeof buffer, 0);
        if (count <= 0 || head.size() > head_bytes_max) return;
        head.append(buffer, static_cast<size_t>(count));
    }
    Answer answer{405, "only GET\n"};
    if (head.starts_with("GET ")) {
        const size_t end = std::min(head.find_first_of(" ?\r", 4), head.size());
        answer = handler_(std::string_view(head).substr(4, end - 4));
    }
    send_all(connection, "HTTP/1.1 " + std::to_string(answer.status) + (answer.status == 200 ? " OK" : " No") +
                             "\r\nContent-Type: " + answer.content_type + "\r\nContent-Length: " +
                             std::to_string(answer.body.size()) + "\r\nConnection: close\r\n\r\n" + answer.body);
}

}  // namespace milena
