// A server that takes one connection and gives one answer.
#pragma once

#include <string>
#include <string_view>
#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"

namespace milena::env {

inline Bytes bytes_of(std::string_view text) {
    return Bytes::copy_of(std::as_bytes(std::span(text.data(), text.size())));
}

// Takes one connection, reads what a request of `request_bytes` has, and sends the answer.
class Server {
  public:
    Server(size_t request_bytes, std::string answer) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(listener_, generic, size), 0);
        EXPECT_EQ(::listen(listener_, 1), 0);
        ::getsockname(listener_, generic, &size);
        port = std::to_string(ntohs(address.sin_port));
        thread_ = std::thread([this, request_bytes, answer = std::move(answer)] {
            const int client = ::accept(listener_, nullptr, nullptr);
            request.resize(request_bytes);
            EXPECT_EQ(::recv(client, request.data(), request.size(), MSG_WAITALL), static_cast<ssize_t>(request_bytes));
            EXPECT_EQ(::send(client, answer.data(), answer.size(), MSG_NOSIGNAL), static_cast<ssize_t>(answer.size()));
            ::close(client);
        });
    }
    ~Server() {
        join();
        ::close(listener_);
    }
    void join() {
        if (thread_.joinable()) thread_.join();
    }

    std::string port;
    std::string request;

  private:
    const int listener_;
    std::thread thread_;
};

}  // namespace milena::env
