#include "env/posix/broker_connection.h"

#include <thread>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace milena::env {
namespace {

Bytes bytes_of(std::string_view text) { return Bytes::copy_of(std::as_bytes(std::span(text.data(), text.size()))); }

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

Result<Bytes, std::string> answer_of(std::string answer) {
    Server server(5, std::move(answer));
    const auto connection = BrokerConnection::open("127.0.0.1", server.port, {});
    if (!connection) return unexpected(connection.error());
    auto exchanged = connection->exchange(bytes_of(std::string_view("\0\0\0\1x", 5)));
    server.join();
    EXPECT_EQ(server.request, std::string_view("\0\0\0\1x", 5));
    return exchanged;
}

TEST(BrokerConnection, gives_the_answer_without_its_length) {
    const auto answer = answer_of(std::string("\0\0\0\3abc", 7));
    ASSERT_TRUE(answer.has_value()) << answer.error();
    EXPECT_EQ(*answer, bytes_of("abc"));
}

TEST(BrokerConnection, refuses_an_answer_that_is_cut_or_lies_about_its_length) {
    EXPECT_EQ(answer_of("").error(), "no answer");
    EXPECT_EQ(answer_of(std::string("\0\0\0\3ab", 6)).error(), "the answer is not whole");
    EXPECT_EQ(answer_of("\xff\xff\xff\xff").error(), "this is not Kafka's protocol");
    EXPECT_EQ(answer_of("HTTP/1.1 400 Bad Request\r\n").error(), "this is not Kafka's protocol");
}

TEST(BrokerConnection, says_why_nobody_answers) {
    std::string free_port;
    {
        Server server(0, "");
        free_port = server.port;
        EXPECT_TRUE(BrokerConnection::open("127.0.0.1", free_port, {}).has_value());
    }
    EXPECT_EQ(BrokerConnection::open("127.0.0.1", free_port, {}).error(), "no broker answers");
    EXPECT_FALSE(BrokerConnection::open("no.such.host.invalid", "9092", {}).has_value());
}

}  // namespace
}  // namespace milena::env
