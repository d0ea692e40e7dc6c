#include "env/posix/broker_connection.h"

#include <gtest/gtest.h>

#include "unit/env_posix/one_answer_server.h"

namespace milena::env {
namespace {

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
