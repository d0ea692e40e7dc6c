#include "env/posix/any_broker.h"

#include <gtest/gtest.h>

#include "unit/env_posix/one_answer_server.h"

namespace milena::env {
namespace {

const std::string answer("\0\0\0\3abc", 7);

std::string free_port() {
    Server server(0, "");
    EXPECT_TRUE(BrokerConnection::open("127.0.0.1", server.port, {}).has_value());
    return server.port;
}

TEST(AnyBroker, asks_the_next_one_where_one_is_away_or_says_nothing) {
    Server silent(1, ""), talking(1, answer);
    const std::vector<BrokerAddress> brokers{
        {"127.0.0.1", free_port()}, {"127.0.0.1", silent.port}, {"127.0.0.1", talking.port}};
    const auto answered = AnyBroker(brokers, {}).exchange(bytes_of("x"));
    ASSERT_TRUE(answered) << answered.error();
    EXPECT_EQ("abc", answered->view());
}

TEST(AnyBroker, says_who_did_not_answer_and_why) {
    EXPECT_EQ("no broker has an address yet", AnyBroker({}, {}).exchange(bytes_of("x")).error());
    Server silent(1, "");
    const std::vector<BrokerAddress> brokers{{"127.0.0.1", free_port()}, {"127.0.0.1", silent.port}};
    EXPECT_EQ("127.0.0.1:" + silent.port + ": no answer", AnyBroker(brokers, {}).exchange(bytes_of("x")).error());
}

}  // namespace
}  // namespace milena::env
