#include "settings/load.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace milena::settings {
namespace {

using Lines = std::vector<std::string>;

Input with_file(std::string text) {
    return {.file_name = "server.properties", .file_text = std::move(text), .host_name = "host1"};
}

Loaded loaded(const Input& input) {
    auto result = load(input);
    for (const std::string& error : result ? Lines{} : result.error()) ADD_FAILURE() << error;
    return result ? std::move(*result) : Loaded{};
}

Lines errors_of(const Input& input) {
    auto result = load(input);
    return result ? Lines{} : result.error();
}
Lines errors_of(std::string text) { return errors_of(with_file(std::move(text))); }

TEST(Load, without_a_file_one_node_of_both_roles_starts_on_9092) {
    const Loaded node = loaded({.host_name = "host1"});
    EXPECT_EQ(node.config.quorum.node_id, NodeId(1));
    EXPECT_TRUE(node.config.quorum.is_broker);
    EXPECT_TRUE(node.config.quorum.is_controller);
    EXPECT_EQ(node.config.listeners.broker,
              (std::vector<Endpoint>{{"PLAINTEXT", SecurityProtocol::plaintext, "", 9092}}));
    EXPECT_EQ(node.config.listeners.advertised_broker,
              (std::vector<Endpoint>{{"PLAINTEXT", SecurityProtocol::plaintext, "host1", 9092}}));
    EXPECT_TRUE(node.config.listeners.controller.empty());
    EXPECT_EQ(node.config.listeners.inter_broker_name, "PLAINTEXT");
    EXPECT_EQ(node.config.log_dirs, (Lines{"./data"}));
    EXPECT_EQ(node.config.metadata_log_dir, "./data");
    EXPECT_EQ(node.config.topic_defaults, TopicConfig{});
    EXPECT_EQ(node.config.tail_cache_bytes, 16 << 20);
    EXPECT_EQ(node.notices, Lines{});
}

// The settings of the file that Kafka 4.3 ships for a combined node.
TEST(Load, a_file_made_for_a_combined_kafka_node_is_taken_as_it_is) {
    const Loaded node = loaded(with_file(R"(
# a combined node
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:9093
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,\
    SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
log.dirs=/var/lib/kraft-combined-logs
num.partitions=3
num.recovery.threads.per.data.dir=2
offsets.topic.replication.factor=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
#log.flush.interval.messages=10000
log.retention.hours=24
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
)"));
    EXPECT_EQ(node.config.listeners.controller,
              (std::vector<Endpoint>{{"CONTROLLER", SecurityProtocol::plaintext, "", 9093}}));
    EXPECT_EQ(node.config.listeners.advertised_controller,
              (std::vector<Endpoint>{{"CONTROLLER", SecurityProtocol::plaintext, "localhost", 9093}}));
    EXPECT_TRUE(node.config.quorum.bootstrap_servers.empty()) << "it names nobody but itself";
    EXPECT_EQ(node.config.num_partitions, 3);
    EXPECT_EQ(node.config.topic_defaults.retention_ms, 24 * 3'600'000);
    EXPECT_EQ(node.config.log_dirs, (Lines{"/var/lib/kraft-combined-logs"}));
    EXPECT_EQ(std::ranges::count_if(node.notices, [](auto& line) { return line.starts_with("num.io.threads has no"); }),
              1);
    EXPECT_EQ(node.notices.size(), 7u);
}

TEST(Load, bootstrap_servers_without_another_node_are_none) {
    const std::string node = "node.id=1\nlisteners=PLAINTEXT://:9092,CONTROLLER://h:9093\n";
    const auto servers = [&](const std::string& text) {
        return loaded(with_file(node + "controller.quorum.bootstrap.servers=" + text)).config.quorum.bootstrap_servers;
    };
    EXPECT_TRUE(servers("h:9093").empty());
    EXPECT_TRUE(servers("localhost:9093,h:9093").empty());
    EXPECT_EQ(servers("h:9093,other:9093").size(), 2u);
    EXPECT_EQ(servers("localhost:9094").size(), 1u);
}

TEST(Load, override_beats_environment_beats_file) {
    Input input = with_file("num.partitions=2\nfetch.max.bytes=2000\nlog.retention.ms=2\nnum.partitions=3");
    EXPECT_EQ(loaded(input).config.num_partitions, 3);
    input.environment = {{"KAFKA_FETCH_MAX_BYTES", "3000"}, {"KAFKA_LOG_RETENTION_MS", "3"}, {"PATH", "/bin"}};
    input.overrides = {"log.retention.ms=4", "log.retention.ms=5"};
    const BrokerConfig config = loaded(input).config;
    EXPECT_EQ(config.num_partitions, 3);
    EXPECT_EQ(config.fetch_max_bytes, 3000);
    EXPECT_EQ(config.topic_defaults.retention_ms, 5);
}

TEST(Load, environment_names_follow_the_convention_of_kafkas_image) {
    EXPECT_EQ(setting_of_variable("KAFKA_LOG_DIRS"), "log.dirs");
    EXPECT_EQ(setting_of_variable("KAFKA_LISTENER_NAME_A__B_SSL_KEY_PASSWORD"), "listener.name.a_b.ssl.key.password");
    EXPECT_EQ(setting_of_variable("KAFKA_LISTENER_NAME_A___B_SSL_KEY_PASSWORD"), "listener.name.a-b.ssl.key.password");
    EXPECT_EQ(setting_of_variable("MILENA_TAIL_CACHE_BYTES"), "milena.tail.cache.bytes");
    EXPECT_EQ(setting_of_variable("KAFKA_"), "");
    EXPECT_EQ(setting_of_variable("HOME"), "");
}

TEST(Load, variables_of_kubernetes_and_of_kafkas_scripts_are_none_of_ours) {
    for (const char* variable :
         {"KAFKA_SERVICE_HOST", "KAFKA_SERVICE_PORT", "KAFKA_SERVICE_PORT_CLIENTS", "KAFKA_PORT", "KAFKA_PORT_9092_TCP",
          "KAFKA_PORT_9092_TCP_ADDR", "MILENA_0_SERVICE_HOST", "KAFKA_HEAP_OPTS", "KAFKA_JVM_PERFORMANCE_OPTS",
          "KAFKA_LOG4J_LOGGERS", "KAFKA_JMX_PORT", "KAFKA_HOME", "KAFKA_VERSION"}) {
        EXPECT_EQ(setting_of_variable(variable), "") << variable;
    }
}

TEST(Load, an_unknown_name_is_refused_with_its_place_and_the_nearest_name) {
    EXPECT_EQ(errors_of("\nnum.partition=1"),
              (Lines{R"(server.properties:2: unknown setting "num.partition"; did you mean "num.partitions"?)"}));
    EXPECT_EQ(errors_of({.environment = {{"KAFKA_LOG_DIRSS", "x"}}, .overrides = {"milena.shard=1"}}),
              (Lines{R"(environment variable KAFKA_LOG_DIRSS: unknown setting "log.dirss"; did you mean "log.dirs"?)",
                     R"(--override: unknown setting "milena.shard"; did you mean "milena.shards"?)"}));
    EXPECT_EQ(errors_of("xyzzy=1"), (Lines{R"(server.properties:1: unknown setting "xyzzy")"}));
}

TEST(Load, a_bad_value_is_refused_with_what_is_allowed) {
    EXPECT_EQ(
        errors_of("num.partitions=0"),
        (Lines{"server.properties:1: num.partitions=0: Value must be at least 1; allowed is a whole number from 1 "
               "to 2147483647"}));
    EXPECT_EQ(errors_of("delete.topic.enable=ja"),
              (Lines{"server.properties:1: delete.topic.enable=ja: Expected value to be either true or false; allowed "
                     "is true or false"}));
}

TEST(Load, all_errors_are_reported_at_once) {
    Input input = with_file("a.b=1\nnum.partitions=x\nzookeeper.connect=z\nlisteners=SSL://:1\nbroker.id=7\nnode.id=8");
    input.overrides = {"nothing"};
    const Lines errors = errors_of(input);
    EXPECT_EQ(errors.size(), 6u);
    EXPECT_TRUE(std::ranges::all_of(errors, [](auto& line) { return !line.empty(); }));
}

TEST(Load, a_removed_name_is_refused_with_what_to_do) {
    EXPECT_EQ(
        errors_of("zookeeper.connect=a:1"),
        (Lines{R"(server.properties:1: "zookeeper.connect" was removed from Kafka: there is no ZooKeeper any more: )"
               "remove it; see process.roles"}));
    for (const char* name : {"log.message.format.version", "inter.broker.protocol.version", "host.name", "port",
                             "password.encoder.secret", "delegation.token.master.key"}) {
        EXPECT_EQ(errors_of(std::string(name) + "=1").size(), 1u) << name;
    }
}

TEST(Load, a_topics_setting_is_refused_with_the_brokers_name_for_it) {
    EXPECT_EQ(errors_of("retention.ms=1"),
              (Lines{R"(server.properties:1: "retention.ms" is a setting of topics; the default for all topics is )"
                     R"("log.retention.ms")"}));
}

TEST(Load, open_name_spaces_are_accepted_with_a_notice) {
    const Loaded node =
        loaded(with_file("listener.name.x.ssl.key.password=secret\n"
                         "listener.name.x.scram-sha-512.sasl.jaas.config=a\n"
                         "config.providers=env\nconfig.providers.env.class=A\nsuper.users=User:a\n"
                         "rsm.config.chunk.size=4"));
    EXPECT_EQ(node.notices.size(), 6u);
    EXPECT_EQ(node.notices[0],
              "config.providers has no effect here (server.properties:3): Java classes that fetch "
              "values from elsewhere; use the environment instead.");
    for (const std::string& line : node.notices) EXPECT_EQ(line.find("secret"), std::string::npos);
}

TEST(Load, a_dynamic_setting_without_an_effect_is_noticed_when_it_changes) {
    const BrokerSettings none;
    const Texts of_broker{{"num.io.threads", "4"}, {"log.retention.ms", "5"}, {"listener.name.x.ssl.protocol", "TLS"}};
    const BrokerSettings some = none.with_dynamic(of_broker, {{"background.threads", "3"}, {"message.max.bytes", "9"}});
    const Lines notices = dynamic_notices(none, some);
    ASSERT_EQ(notices.size(), 3u);
    EXPECT_TRUE(notices[0].starts_with("background.threads has no effect here (dynamic default of the cluster): "));
    EXPECT_EQ(notices[1], "listener.name.x.ssl.protocol has no effect here (dynamic setting of this broker)");
    EXPECT_TRUE(notices[2].starts_with("num.io.threads has no effect here (dynamic setting of this broker): "));
    EXPECT_TRUE(dynamic_notices(some, some).empty());
    EXPECT_TRUE(dynamic_notices(some, none).empty());
    EXPECT_EQ(dynamic_notices(some, none.with_dynamic({{"num.io.threads", "5"}}, {})).size(), 1u);
}

TEST(Load, what_is_cordoned_is_read_in_the_order_of_the_log_directories) {
    const std::string dirs = "log.dirs=/a,/b,/c\n";
    EXPECT_EQ(loaded(with_file(dirs)).config.cordoned_log_dirs, Lines{});
    EXPECT_EQ(loaded(with_file(dirs + "cordoned.log.dirs=*")).config.cordoned_log_dirs, (Lines{"/a", "/b", "/c"}));
    EXPECT_EQ(loaded(with_file(dirs + "cordoned.log.dirs=/c, /a")).config.cordoned_log_dirs, (Lines{"/a", "/c"}));
    EXPECT_EQ(loaded(with_file("log.dir=/a\ncordoned.log.dirs=/a")).config.cordoned_log_dirs, (Lines{"/a"}));
    EXPECT_EQ(errors_of(dirs + "cordoned.log.dirs=/d"),
              (Lines{"server.properties:2: cordoned.log.dirs: All entries in cordoned.log.dirs must be present in "
                     "log.dirs or log.dir. Missing entries : /d"}));
}

TEST(Load, values_of_config_providers_are_refused) {
    EXPECT_EQ(
        errors_of("broker.rack=${file:/etc/rack:rack}"),
        (Lines{
            "server.properties:1: broker.rack: of config providers only ${env:NAME} and ${ordinal:NAME} are supported; "
            "give the value itself, or in the environment"}));
}

TEST(Load, environment_variables_stand_anywhere_in_a_value) {
    Input input = with_file("advertised.listeners=PLAINTEXT://${env:HOST_IP}:30123\nbroker.rack=${env:RACK}");
    input.environment = {{"HOST_IP", "10.0.0.1"}, {"RACK", "a"}};
    const Loaded node = loaded(input);
    EXPECT_EQ(node.config.rack, "a");
    EXPECT_EQ(node.config.listeners.advertised_broker[0].host, "10.0.0.1");
    EXPECT_EQ(node.config.listeners.advertised_broker[0].port, 30123);
}

TEST(Load, an_environment_variable_that_is_missing_is_named) {
    EXPECT_EQ(errors_of("\nbroker.rack=${env:RACK}"),
              (Lines{"server.properties:2: broker.rack: there is no environment variable RACK"}));
}

TEST(Load, one_file_serves_all_pods_of_a_stateful_set) {
    Input input = with_file(
        "node.id=${ordinal:POD_NAME}\ncontroller.quorum.voters=0@demo-0.demo:9093,1@demo-1.demo:9093\n"
        "listeners=PLAINTEXT://:9092,CONTROLLER://:9093\n"
        "advertised.listeners=PLAINTEXT://${env:POD_NAME}.demo:9092");
    input.environment = {{"POD_NAME", "demo-1"}};
    const Loaded node = loaded(input);
    EXPECT_EQ(node.config.quorum.node_id, NodeId(1));
    EXPECT_EQ(node.settings.text("broker.id"), "1");
    EXPECT_EQ(node.config.listeners.advertised_broker[0].host, "demo-1.demo");
}

TEST(Load, an_ordinal_that_is_missing_is_the_only_error_of_its_setting) {
    const Lines errors = errors_of("node.id=${ordinal:}");
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_TRUE(errors[0].starts_with("server.properties:1: node.id: the host name is \"host1\"")) << errors[0];
}

TEST(Load, an_error_between_settings_names_the_place_of_the_first) {
    EXPECT_EQ(errors_of("\nlog.retention.ms=0"),
              (Lines{"server.properties:2: log.retention.ms must be at least 1, or -1 for no limit"}));
    EXPECT_EQ(errors_of("milena.memory.requests.bytes=2000000"),
              (Lines{"server.properties:1: milena.memory.requests.bytes must be at least socket.request.max.bytes"}));
    EXPECT_EQ(errors_of("replica.selector.class=mine"),
              (Lines{"server.properties:1: replica.selector.class must be "
                     "org.apache.kafka.common.replica.RackAwareReplicaSelector, or empty"}));
    EXPECT_EQ(errors_of("queued.max.request.bytes=1000").size(), 1u);
    EXPECT_EQ(errors_of("replica.fetch.wait.max.ms=40000").size(), 2u);
    EXPECT_EQ(errors_of("max.connections.per.ip=0").size(), 1u);
    EXPECT_EQ(errors_of("max.connections.per.ip.overrides=foo").size(), 1u);
    EXPECT_EQ(errors_of("max.connections.per.ip.overrides=localhost:5"),
              (Lines{"server.properties:1: max.connections.per.ip.overrides: \"localhost\" isn't an IP address; names "
                     "of hosts aren't looked up"}));
    EXPECT_EQ(errors_of("milena.metrics.listener=here").size(), 1u);
}

TEST(Load, what_would_protect_nobody_is_refused) {
    const std::string java = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";
    for (const char* name :
         {"authorizer.class.name", "create.topic.policy.class.name", "alter.config.policy.class.name"}) {
        const Lines errors = errors_of(name + ("=" + java));
        ASSERT_EQ(errors.size(), 1u) << name;
        EXPECT_TRUE(errors.front().starts_with("server.properties:1: " + std::string(name) + ": there is no ") ||
                    errors.front().starts_with("server.properties:1: " + std::string(name) + ": Java classes"))
            << errors.front();
    }
    EXPECT_EQ(errors_of("remote.log.storage.system.enable=true").size(), 1u);
    EXPECT_EQ(loaded(with_file("authorizer.class.name=\nremote.log.storage.system.enable=false")).notices.size(), 2u);
}

TEST(Load, a_malformed_escape_is_reported_with_its_line) {
    EXPECT_EQ(errors_of("a=\\u00"), (Lines{"server.properties:1: \\u must be followed by four hexadecimal digits"}));
}

TEST(Load, broker_id_and_node_id_are_one_setting) {
    const Loaded node = loaded(with_file("broker.id=7"));
    EXPECT_EQ(node.config.quorum.node_id, NodeId(7));
    EXPECT_EQ(node.settings.text("node.id"), "7");
    EXPECT_EQ(loaded(with_file("node.id=8")).settings.text("broker.id"), "8");
    EXPECT_EQ(errors_of("broker.id=7\nnode.id=8").size(), 1u);
}

TEST(Load, room_for_requests_grows_with_the_largest_request_unless_it_is_given) {
    EXPECT_EQ(loaded(with_file("socket.request.max.bytes=1000000000")).config.memory_requests_bytes, 1'000'000'000);
}

TEST(Load, the_connection_limits_of_single_addresses_are_read) {
    const Loaded node =
        loaded(with_file("max.connections.per.ip=0\nmax.connections.per.ip.overrides=0:0:0:0:0:0:0:1:7,10.0.0.1:5"));
    EXPECT_EQ(node.config.max_connections_per_ip_overrides,
              (std::map<std::string, int32_t>{{"::1", 7}, {"10.0.0.1", 5}}));
}

TEST(Load, help_lists_every_setting_once) {
    const std::string page = render_help();
    EXPECT_NE(
        page.find("\nmilena.shards\n    Threads that serve, each with its own partitions and connections; 0: as "),
        std::string::npos);
    EXPECT_NE(page.find("disks need some.\n    int: a whole number from 0 to 1024; default 0; restart\n"),
              std::string::npos);
    EXPECT_NE(page.find("\nretention.ms\n"), std::string::npos);
    EXPECT_NE(page.find("\nnum.io.threads\n"), std::string::npos);
}

}  // namespace
}  // namespace milena::settings
