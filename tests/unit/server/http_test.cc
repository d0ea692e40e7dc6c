#include "server/http.h"

#include <thread>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "env/posix/system_world.h"

namespace milena::server {
namespace {

struct HttpTest : testing::Test {
    env::SystemClock clock;
    shard::Loop loop{clock};
    BoundSockets bound = bind_sockets({.host = "127.0.0.1"}, 1).value();
    std::unique_ptr<HttpServer> server = std::make_unique<HttpServer>(
        loop, bound.descriptors.front(), [](const std::string& path, const HttpServer::Respond& respond) {
            respond({.status = path == "/here" ? 200 : 404, .body = path});
        });
    std::thread thread{[this] { loop.run(); }};

    void TearDown() override {
        loop.stop();
        thread.join();
        server.reset();
    }
    int connect() const {
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(bound.port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        return fd;
    }
    // Sends `text` and reads until the server closes.
    std::string exchange(const std::string& text) const {
        const int fd = connect();
        EXPECT_EQ(::send(fd, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
        std::string answer;
        char buffer[4096];
        for (ssize_t n = 0; (n = ::recv(fd, buffer, sizeof buffer, 0)) > 0;)
            answer.append(buffer, static_cast<size_t>(n));
        ::close(fd);
        return answer;
    }
};

TEST_F(HttpTest, a_get_is_answered) {
    const std::string answer = exchange("GET /here?x=1 HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(answer.ends_with("\r\n\r\n/here"));
}

TEST_F(HttpTest, a_connection_serves_one_request_after_the_other) {
    const std::string answer = exchange("GET /here HTTP/1.1\r\n\r\nGET /gone HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_NE(answer.find("200 OK"), std::string::npos);
    EXPECT_NE(answer.find("404 Not Found"), std::string::npos);
}

TEST_F(HttpTest, a_head_has_no_body) {
    const std::string answer = exchange("HEAD /here HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(HttpTest, other_methods_and_nonsense_are_refused) {
    EXPECT_NE(exchange("POST /here HTTP/1.0\r\n\r\n").find("405"), std::string::npos);
    EXPECT_NE(exchange("nonsense\r\n\r\n").find("400"), std::string::npos);
}

TEST_F(HttpTest, who_only_holds_a_place_makes_way) {
    std::vector<int> idle;
    for (int i = 0; i < 64; ++i) {
        idle.push_back(connect());
        // With half a request it waits no less.
        EXPECT_EQ(::send(idle.back(), "GET", i % 2 == 0 ? 3 : 0, 0), i % 2 == 0 ? 3 : 0);
    }
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(exchange("GET /here HTTP/1.1\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 200 OK"));
    char byte;
    EXPECT_LE(::recv(idle.front(), &byte, 1, 0), 0) << "the first one went";
    EXPECT_LT(::recv(idle.back(), &byte, 1, MSG_DONTWAIT), 0);
    EXPECT_EQ(errno, EAGAIN) << "the last one may stay";
    for (const int fd : idle) ::close(fd);
}

TEST_F(HttpTest, who_says_nothing_is_closed_after_seconds) {
    const int fd = connect();
    const Instant begin = clock.now();
    char byte;
    EXPECT_EQ(::recv(fd, &byte, 1, 0), 0);
    EXPECT_LT(clock.now() - begin, std::chrono::seconds(10));
    ::close(fd);
}

TEST_F(HttpTest, a_head_without_end_is_cut_off) { EXPECT_EQ(exchange("GET /" + std::string(10'000, 'x')), ""); }

}  // namespace
}  // namespace milena::server
