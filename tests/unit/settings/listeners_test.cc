#include "settings/listeners.h"

#include <gtest/gtest.h>

#include "settings/endpoints.h"
#include "settings/properties.h"

namespace milena::settings {
namespace {

using Lines = std::vector<std::string>;

struct Parsed {
    Quorum quorum;
    Listeners listeners;
    Lines errors;
};

Parsed parse(std::string_view text) {
    Texts texts;
    const auto properties = parse_properties(text);
    for (const Property& property : *properties) texts[property.name] = property.value;
    const BrokerSettings settings(std::move(texts));
    Parsed parsed;
    parsed.quorum = parse_quorum(settings, parsed.errors);
    parsed.listeners = parse_listeners(settings, parsed.quorum, "host1", parsed.errors);
    return parsed;
}

Lines listener_errors(std::string_view text) { return parse(text).errors; }

TEST(Listeners, a_place_is_a_host_and_a_port) {
    EXPECT_EQ(parse_host_port("a-b.c:1"), (HostPort{"a-b.c", 1}));
    EXPECT_EQ(parse_host_port(":9092"), (HostPort{"", 9092}));
    EXPECT_EQ(parse_host_port("[::1]:9092"), (HostPort{"::1", 9092}));
    EXPECT_EQ(parse_host_port("a:0"), (HostPort{"a", 0}));
    for (const char* text :
         {"", "a", "a:", "a:b", "a:-1", "a:65536", "a b:1", "a/b:1", "[x]:1", "a:1:", "a:99999999999"}) {
        EXPECT_EQ(parse_host_port(text), std::nullopt) << text;
    }
}

TEST(Listeners, are_advertised_as_bound_unless_said_otherwise) {
    const Parsed parsed = parse(
        "listeners=PLAINTEXT://10.0.0.1:1,B://:2\n"
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,b : plaintext");
    EXPECT_EQ(parsed.errors, Lines{});
    ASSERT_EQ(parsed.listeners.advertised_broker.size(), 2u);
    EXPECT_EQ(parsed.listeners.advertised_broker[0].host, "10.0.0.1");
    EXPECT_EQ(parsed.listeners.advertised_broker[1], (Endpoint{"B", SecurityProtocol::plaintext, "host1", 2}));
    EXPECT_EQ(parsed.listeners.broker[1].host, "");
}

TEST(Listeners, those_of_the_controller_are_kept_apart) {
    const Parsed parsed = parse("listeners=PLAINTEXT://:1,controller://:2\ncontroller.listener.names=CONTROLLER");
    EXPECT_EQ(parsed.errors, Lines{});
    EXPECT_EQ(parsed.listeners.broker.size(), 1u);
    EXPECT_EQ(parsed.listeners.controller.size(), 1u);
    EXPECT_EQ(parsed.listeners.advertised_broker.size(), 1u);
    EXPECT_EQ(parsed.listeners.advertised_controller[0].host, "host1");
}

TEST(Listeners, only_plaintext_is_served) {
    EXPECT_EQ(listener_errors("listeners=SSL://:1"),
              (Lines{R"(listeners: "SSL://:1": SSL isn't served yet, only PLAINTEXT is)"}));
    EXPECT_EQ(listener_errors("listeners=A://:1\nlistener.security.protocol.map=A:SASL_PLAINTEXT"),
              (Lines{R"(listeners: "A://:1": SASL_PLAINTEXT isn't served yet, only PLAINTEXT is)"}));
}

constexpr std::string_view with_grpc =
    "\nlistener.security.protocol.map=PLAINTEXT:PLAINTEXT,INTERNAL:grpc,OTHER:GRPC,CONTROLLER:GRPC"
    "\ncontroller.listener.names=CONTROLLER";

TEST(Listeners, those_that_speak_grpc_are_bound_apart_and_advertised_with_the_others) {
    const Parsed parsed = parse("listeners=INTERNAL://:2,PLAINTEXT://:1,CONTROLLER://:3" + std::string(with_grpc));
    EXPECT_EQ(parsed.errors, Lines{});
    const Endpoint internal{"INTERNAL", SecurityProtocol::grpc, "", 2};
    const Endpoint controller{"CONTROLLER", SecurityProtocol::grpc, "", 3};
    EXPECT_EQ(parsed.listeners.broker, (std::vector<Endpoint>{{"PLAINTEXT", SecurityProtocol::plaintext, "", 1}}));
    EXPECT_EQ(parsed.listeners.grpc, (std::vector<Endpoint>{internal}));
    EXPECT_EQ(parsed.listeners.controller, (std::vector<Endpoint>{controller}));
    EXPECT_EQ(parsed.listeners.of_peers(), (std::vector<Endpoint>{controller, internal}));
    EXPECT_EQ(parsed.listeners.advertised_broker,
              (std::vector<Endpoint>{{"INTERNAL", SecurityProtocol::grpc, "host1", 2},
                                     {"PLAINTEXT", SecurityProtocol::plaintext, "host1", 1}}));
}

TEST(Listeners, the_only_one_that_speaks_grpc_serves_between_brokers) {
    const std::string listeners = "listeners=PLAINTEXT://:1,INTERNAL://:2";
    EXPECT_EQ(parse(listeners + std::string(with_grpc)).listeners.inter_broker_name, "INTERNAL");
    const std::string several = listeners + ",OTHER://:3" + std::string(with_grpc);
    EXPECT_EQ(parse(several).listeners.inter_broker_name, "PLAINTEXT");
    EXPECT_EQ(parse(several + "\ninter.broker.listener.name=OTHER").listeners.inter_broker_name, "OTHER");
}

TEST(Listeners, clients_need_one_that_speaks_kafkas_protocol) {
    EXPECT_EQ(listener_errors("listeners=INTERNAL://:2" + std::string(with_grpc)),
              (Lines{"listeners: a broker needs one that isn't in controller.listener.names and speaks another "
                     "protocol than GRPC"}));
}

TEST(Listeners, only_brokers_have_one_that_speaks_grpc_beside_the_controllers) {
    EXPECT_EQ(listener_errors("process.roles=controller\nnode.id=1\nlisteners=CONTROLLER://:2,INTERNAL://:1" +
                              std::string(with_grpc)),
              (Lines{"listeners: INTERNAL isn't in controller.listener.names, but process.roles has no broker"}));
}

TEST(Listeners, grpc_stands_as_plaintext_in_registrations) {
    EXPECT_EQ(protocol_number(SecurityProtocol::grpc), 0);
    EXPECT_EQ(protocol_number(SecurityProtocol::sasl_ssl), 3);
    EXPECT_EQ(protocol_name(SecurityProtocol::grpc), "GRPC");
}

TEST(Listeners, what_is_malformed_is_refused) {
    for (const char* text :
         {"listeners=PLAINTEXT:9092", "listeners=://:9092", "listeners=PLAINTEXT://:x", "listeners=FOO://:1",
          "listeners=PLAINTEXT://:1,PLAINTEXT://:2", "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,foo",
          "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,A:TLS", "advertised.listeners=PLAINTEXT://0.0.0.0:9092",
          "listeners=PLAINTEXT://0.0.0.0:9092",
          "advertised.listeners=A://b:1\nlistener.security.protocol.map=A:PLAINTEXT,"
          "PLAINTEXT:PLAINTEXT\ninter.broker.listener.name=A",
          "inter.broker.listener.name=B",
          "inter.broker.listener.name=PLAINTEXT\nsecurity.inter.broker.protocol=PLAINTEXT"}) {
        EXPECT_EQ(listener_errors(text).size(), 1u) << text;
    }
}

TEST(Listeners, only_ipv4_and_ipv6_may_share_a_port) {
    constexpr std::string_view map =
        "\nlistener.security.protocol.map=A:PLAINTEXT,B:PLAINTEXT\n"
        "inter.broker.listener.name=A";
    EXPECT_EQ(listener_errors("listeners=A://127.0.0.1:1,B://[::1]:1" + std::string(map)), Lines{});
    EXPECT_EQ(listener_errors("listeners=A://:0,B://:0" + std::string(map)), Lines{});
    EXPECT_EQ(listener_errors("listeners=A://127.0.0.1:1,B://10.0.0.1:1" + std::string(map)),
              (Lines{"listeners: A and B have the same port 1"}));
    EXPECT_EQ(listener_errors("listeners=A://a:1,B://b:1" + std::string(map)).size(), 1u);
}

TEST(Listeners, the_only_broker_listener_serves_between_brokers_too) {
    const Parsed parsed = parse("listeners=A://:1\nlistener.security.protocol.map=A:PLAINTEXT");
    EXPECT_EQ(parsed.errors, Lines{});
    EXPECT_EQ(parsed.listeners.inter_broker_name, "A");
}

TEST(Quorum, voters_are_read_and_must_contain_a_controller) {
    const Parsed parsed = parse(
        "node.id=1\nlisteners=PLAINTEXT://:1,CONTROLLER://:2\n"
        "controller.quorum.voters=1@a:2,2@[::1]:3");
    EXPECT_EQ(parsed.errors, Lines{});
    EXPECT_EQ(parsed.quorum.voters, (std::vector<Voter>{{NodeId(1), "a", 2}, {NodeId(2), "::1", 3}}));
    EXPECT_EQ(
        listener_errors("node.id=3\nlisteners=PLAINTEXT://:1,CONTROLLER://:2\ncontroller.quorum.voters=1@a:2,2@b:3"),
        (Lines{"process.roles contains controller, so controller.quorum.voters must contain node.id 3"}));
}

TEST(Quorum, what_is_malformed_is_refused) {
    for (const char* voters : {"1@a", "a@b:1", "1", "-1@a:1", "1@:1", "1@a:99999", "1@a:1,1@b:2"}) {
        EXPECT_FALSE(listener_errors("node.id=1\ncontroller.quorum.voters=" + std::string(voters)).empty()) << voters;
    }
    EXPECT_FALSE(listener_errors("node.id=1\ncontroller.quorum.bootstrap.servers=a").empty());
}

TEST(Quorum, only_a_controller_joins_the_voters) {
    const std::string joins = "controller.quorum.auto.join.enable=true\ncontroller.quorum.bootstrap.servers=a:1\n";
    EXPECT_EQ(listener_errors(joins + "node.id=5\nlisteners=PLAINTEXT://:1,CONTROLLER://:2"), Lines{});
    EXPECT_EQ(listener_errors(joins + "node.id=5\nprocess.roles=broker"),
              (Lines{"controller.quorum.auto.join.enable=true needs process.roles to contain controller"}));
}

TEST(Quorum, a_node_of_a_cluster_must_say_who_it_is) {
    const Lines errors =
        listener_errors("listeners=PLAINTEXT://:1,CONTROLLER://:2\ncontroller.quorum.voters=1@a:2,2@b:2");
    EXPECT_EQ(errors, (Lines{"node.id must be given: each node of a cluster has its own"}));
}

TEST(Quorum, roles_decide_which_listeners_a_node_needs) {
    EXPECT_EQ(listener_errors("process.roles=broker\nnode.id=5\ncontroller.quorum.voters=1@a:2"), Lines{});
    EXPECT_EQ(listener_errors("process.roles=broker\nnode.id=5").size(), 1u);
    EXPECT_EQ(listener_errors("process.roles=broker\nnode.id=1\ncontroller.quorum.voters=1@a:2").size(), 1u);
    EXPECT_EQ(listener_errors("process.roles=broker\nnode.id=5\ncontroller.quorum.voters=1@a:2\n"
                              "listeners=PLAINTEXT://:1,CONTROLLER://:2")
                  .size(),
              1u);
    EXPECT_EQ(listener_errors("process.roles=controller\nnode.id=1\nlisteners=CONTROLLER://:2"), Lines{});
    EXPECT_EQ(listener_errors("process.roles=controller\nnode.id=1\nlisteners=CONTROLLER://:2,PLAINTEXT://:1").size(),
              1u);
    EXPECT_EQ(listener_errors("process.roles=controller\nnode.id=1").size(), 2u);
    EXPECT_EQ(listener_errors("node.id=1\ncontroller.quorum.voters=1@a:2,2@a:3").size(), 1u);
    EXPECT_EQ(listener_errors("node.id=1\nlisteners=CONTROLLER://:2").size(), 2u);
}

}  // namespace
}  // namespace milena::settings
