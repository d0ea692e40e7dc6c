#include "settings/advertised.h"

#include <gtest/gtest.h>

namespace milena::settings {
namespace {

std::string refusal_of(std::string_view text) {
    const auto parsed = parse_advertised(text);
    return parsed ? "" : parsed.error();
}

Listeners at_start() {
    Listeners listeners;
    listeners.advertised_broker = {{"PLAINTEXT", SecurityProtocol::plaintext, "a", 1},
                                   {"REPLICATION", SecurityProtocol::grpc, "a", 2}};
    listeners.advertised_controller = {{"CONTROLLER", SecurityProtocol::grpc, "a", 3}};
    return listeners;
}

BrokerSettings dynamic(std::string text) {
    return BrokerSettings(Texts{{"advertised.listeners", "PLAINTEXT://file:1"}})
        .with_dynamic({{"advertised.listeners", std::move(text)}}, {});
}

TEST(Advertised, an_address_has_a_listener_a_host_and_a_port) {
    const auto parsed = parse_advertised("plaintext://10.0.0.1:9092, B://[fe80::1]:1");
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(*parsed, (std::vector<Endpoint>{{"PLAINTEXT", SecurityProtocol::plaintext, "10.0.0.1", 9092},
                                              {"B", SecurityProtocol::plaintext, "fe80::1", 1}}));
}

TEST(Advertised, what_nobody_can_connect_to_is_refused) {
    for (const char* text : {"A://:1", "A://0.0.0.0:1", "A://[::]:1", "A://host:0"}) {
        EXPECT_EQ(refusal_of(text), "advertised.listeners: \"" + std::string(text) +
                                        "\" is nowhere to connect to; give a host and a port that clients can reach");
    }
    for (const char* text : {"A", "host:1", "://host:1", "A://host", "A://host:65536", "A://${env:X}:1", "A://h/:1"}) {
        EXPECT_EQ(refusal_of(text),
                  "advertised.listeners: \"" + std::string(text) + "\" isn't of the form name://host:port");
    }
    EXPECT_EQ(refusal_of("A://x:1,a://y:2"), "advertised.listeners: \"a://y:2\" is the second address of A");
}

TEST(Advertised, dynamic_addresses_take_the_place_of_those_of_the_file) {
    const Listeners moved = readdressed(at_start(), dynamic("CONTROLLER://c:9,PLAINTEXT://b:8"));
    EXPECT_EQ(moved.advertised_broker[0], (Endpoint{"PLAINTEXT", SecurityProtocol::plaintext, "b", 8}));
    EXPECT_EQ(moved.advertised_controller[0], (Endpoint{"CONTROLLER", SecurityProtocol::grpc, "c", 9}));
}

TEST(Advertised, what_is_not_named_stays_and_no_listener_is_added) {
    const Listeners moved = readdressed(at_start(), dynamic("OTHER://b:8,REPLICATION://b:7"));
    Listeners expected = at_start();
    expected.advertised_broker[1] = {"REPLICATION", SecurityProtocol::grpc, "b", 7};
    EXPECT_EQ(moved, expected);
}

TEST(Advertised, without_a_dynamic_value_the_file_holds) {
    EXPECT_EQ(readdressed(at_start(), BrokerSettings(Texts{{"advertised.listeners", "PLAINTEXT://file:1"}})),
              at_start());
    EXPECT_EQ(readdressed(at_start(), dynamic("nonsense of another version")), at_start());
}

// A dynamic value is checked by what its broker has registered: here it must not make other settings refused.
TEST(Advertised, listeners_at_start_are_those_of_the_file) {
    std::vector<std::string> errors;
    const Listeners parsed = parse_listeners(dynamic("OTHER://b:8"), Quorum{}, "host1", errors);
    EXPECT_TRUE(errors.empty());
    ASSERT_EQ(parsed.advertised_broker.size(), 1u);
    EXPECT_EQ(parsed.advertised_broker[0].host, "file");
}

}  // namespace
}  // namespace milena::settings
