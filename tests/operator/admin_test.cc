// What the operator says to brokers and hears of them, with a real broker: every question and every order of a plan.
#include <csignal>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/cluster_brokers.h"
#include "admin/kafka_topics.h"
#include "admin/widest_topic.h"
#include "wire/messages/group_offsets.h"
#include "wire/messages/groups.h"

namespace milena::admin {
namespace {

int free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(0, ::bind(fd, reinterpret_cast<sockaddr*>(&address), length));
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
    ::close(fd);
    return ntohs(address.sin_port);
}

// One broker in a process of its own, which has said that it is ready.
class Broker {
  public:
    Broker() : directory_("/tmp/milena-admin-" + std::to_string(::getpid())) {
        const std::string here = "127.0.0.1:";
        const std::string kafka = here + std::to_string(port_), controller = here + std::to_string(grpc_port_);
        start({"node.id=1", "controller.quorum.voters=1@" + controller, "controller.listener.names=CONTROLLER",
               "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:GRPC",
               "listeners=PLAINTEXT://" + kafka + ",CONTROLLER://" + controller,
               "advertised.listeners=PLAINTEXT://" + kafka, "log.dirs=" + directory_,
               "milena.metrics.listener=", "offsets.topic.replication.factor=1", "offsets.topic.num.partitions=1"});
    }
    ~Broker() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        EXPECT_EQ(0, ::system(("rm -rf " + directory_).c_str()));
    }

    std::vector<BrokerAddress> listeners() const { return {{"127.0.0.1", std::to_string(port_)}}; }
    std::shared_ptr<Brokers> client() const {
        return make_cluster_brokers({{1, "127.0.0.1:" + std::to_string(grpc_port_)}}, listeners());
    }

  private:
    void start(const std::vector<std::string>& settings) {
        std::vector<std::string> words = {MILENA_BINARY, "broker"};
        for (const std::string& setting : settings) {
            words.push_back("--override");
            words.push_back(setting);
        }
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        int ends[2];
        ASSERT_EQ(0, ::pipe(ends));
        pid_ = ::fork();
        if (pid_ == 0) {
            ::dup2(ends[1], 2);
            ::close(ends[0]);
            ::execv(arguments[0], arguments.data());
            ::_exit(127);
        }
        ::close(ends[1]);
        std::string said;
        char buffer[4096];
        while (said.find("broker ready") == std::string::npos) {
            const ssize_t count = ::read(ends[0], buffer, sizeof buffer);
            ASSERT_GT(count, 0) << said;
            said.append(buffer, static_cast<size_t>(count));
        }
        // It goes on writing to the pipe, which nobody empties: a few lines, far from what a pipe holds.
    }

    const std::string directory_;
    const int port_ = free_port();
    const int grpc_port_ = free_port();
    pid_t pid_ = -1;
};

struct Admin : testing::Test {
    Broker broker;
    std::shared_ptr<Brokers> brokers = broker.client();
    std::shared_ptr<Topics> topics = make_kafka_topics(broker.listeners());

    // Nothing: it was done.
    std::string refusal_of(const plan::Action& order) {
        const auto outcomes = topics->order({order});
        EXPECT_EQ(1u, outcomes.size());
        return outcomes.at(0) ? "" : outcomes.at(0).error().text;
    }
    std::optional<plan::TopicInfo> info_of(const std::string& name) {
        const auto described = topics->describe({name});
        EXPECT_TRUE(described.contains(name));
        const auto& info = described.at(name);
        EXPECT_TRUE(info) << info.error();
        return info ? *info : std::nullopt;
    }
};

TEST_F(Admin, every_question_of_a_plan_has_an_answer) {
    plan::Questions all{
        .config_schema = true, .brokers = true, .features = true, .widest_topic = true, .moves_left = true};
    all.may_restart = all.caught_up = all.drain = all.health = {1};
    const plan::Answers answers = brokers->ask(all);
    ASSERT_TRUE(answers.config_schema && *answers.config_schema) << answers.config_schema->error();
    EXPECT_EQ(plan::Change::restart, (**answers.config_schema).at("socket.request.max.bytes").change);
    EXPECT_EQ(plan::Change::live, (**answers.config_schema).at("log.retention.ms").change);
    EXPECT_EQ(plan::Change::live_per_broker, (**answers.config_schema).at("advertised.listeners").change);
    ASSERT_TRUE(answers.brokers && *answers.brokers) << answers.brokers->error();
    EXPECT_TRUE((**answers.brokers).brokers.at(1).is_active);
    EXPECT_EQ(1, (**answers.brokers).controller);
    ASSERT_TRUE(answers.features && *answers.features);
    EXPECT_TRUE((**answers.features).contains("metadata.version"));
    ASSERT_TRUE(answers.widest_topic && *answers.widest_topic) << answers.widest_topic->error();
    ASSERT_TRUE(answers.moves_left && *answers.moves_left) << answers.moves_left->error();
    EXPECT_EQ(0u, (*answers.moves_left)->count);
    ASSERT_TRUE(answers.may_restart.at(1)) << answers.may_restart.at(1).error();
    ASSERT_TRUE(answers.caught_up.at(1)) << answers.caught_up.at(1).error();
    EXPECT_TRUE(answers.caught_up.at(1)->has);
    ASSERT_TRUE(answers.drain.at(1)) << answers.drain.at(1).error();
    EXPECT_EQ(plan::Placement::open, answers.drain.at(1)->placement);
    ASSERT_TRUE(answers.health.at(1)) << answers.health.at(1).error();
    EXPECT_FALSE(answers.health.at(1)->is_recovering);
}

TEST_F(Admin, orders_may_be_repeated) {
    EXPECT_EQ("", refusal_of(plan::CreateTopic{"t", 2, 1, {}}));
    for (int i = 0; i < 2; ++i) {
        for (const plan::Action& order : std::initializer_list<plan::Action>{
                 plan::AlterBrokerConfig{{{"log.retention.ms", "60000"}}, {}},
                 plan::AlterBrokerConfig{{{"advertised.listeners", "PLAINTEXT://elsewhere:1"}}, {}, 1},
                 plan::AlterBrokerConfig{{}, {"advertised.listeners"}, 1},
                 plan::Place{plan::PlacementOrder::cordon, 1},
                 plan::UnregisterBroker{99},
             }) {
            const auto outcome = brokers->order(order);
            EXPECT_TRUE(outcome) << order.index() << ": " << outcome.error().text;
        }
    }
    const plan::Answers answers = brokers->ask({.widest_topic = true, .drain = {1}});
    EXPECT_EQ("t", (**answers.widest_topic).name);
    EXPECT_EQ(1, (**answers.widest_topic).replication_factor);
    EXPECT_EQ(plan::Placement::cordoned, answers.drain.at(1)->placement);
}

TEST_F(Admin, a_refusal_says_why) {
    const auto outcome = brokers->order(plan::AlterBrokerConfig{{{"log.retention.ms", "soon"}}, {}});
    ASSERT_FALSE(outcome);
    EXPECT_TRUE(outcome.error().is_final) << outcome.error().text;
    EXPECT_FALSE(brokers->order(plan::DeleteTopic{"t", "no id"}));  // not its business
    EXPECT_FALSE(brokers->order(plan::Place{plan::PlacementOrder::drain, 7}));
    EXPECT_FALSE(brokers->order(plan::Event{}));
    const auto answers = brokers->ask({.drain = {7}});
    ASSERT_FALSE(answers.drain.at(7));
    EXPECT_NE("", answers.drain.at(7).error());
}

TEST_F(Admin, settings_that_would_be_refused_are_named) {
    const auto asked = [&](const std::map<std::string, std::string>& settings) {
        const auto refused = brokers->ask({.settings = settings}).refused_settings.value();
        EXPECT_TRUE(refused) << refused.error();
        return refused.value_or({});
    };
    EXPECT_TRUE(asked({{"log.retention.ms", "60000"}, {"message.max.bytes", "1000"}}).empty());
    const auto refused = asked({{"log.retention.ms", "soon"}, {"message.max.bytes", "1000"}});
    ASSERT_EQ(1u, refused.size());
    EXPECT_NE(std::string::npos, refused.at("log.retention.ms").find("soon")) << refused.at("log.retention.ms");
    EXPECT_EQ("long", brokers->ask({.config_schema = true}).config_schema->value().at("log.retention.ms").type);
}

TEST_F(Admin, topics_are_made_described_changed_and_deleted_together) {
    const std::vector<plan::Action> creations{plan::CreateTopic{"a", 2, 1, {{"retention.ms", "1000"}}},
                                              plan::CreateTopic{"b", 1, std::nullopt, {{"min.insync.replicas", "1"}}}};
    for (int i = 0; i < 2; ++i)
        for (const auto& outcome : topics->order(creations)) EXPECT_TRUE(outcome) << outcome.error().text;
    const auto described = topics->describe({"a", "b", "none"});
    ASSERT_EQ(3u, described.size());
    ASSERT_TRUE(described.at("none")) << described.at("none").error();
    EXPECT_FALSE(*described.at("none"));
    const plan::TopicInfo a = info_of("a").value();
    ASSERT_EQ(2u, a.partitions.size());
    EXPECT_EQ(1, a.partitions[1].index);
    EXPECT_EQ(1, a.partitions[1].leader);
    EXPECT_EQ((std::vector<int64_t>{1}), a.partitions[1].replicas);
    EXPECT_EQ((std::vector<int64_t>{1}), a.partitions[1].in_sync);
    EXPECT_FALSE(a.partitions[1].is_moving);
    EXPECT_EQ((std::map<std::string, std::string>{{"retention.ms", "1000"}}), a.config);
    EXPECT_EQ(1, a.min_in_sync);

    const auto changed = topics->order({plan::AlterTopicConfig{"a", {{"segment.ms", "60000"}}, {"retention.ms"}},
                                        plan::CreatePartitions{"a", 4}, plan::CreatePartitions{"none", 4},
                                        plan::AlterTopicConfig{"b", {{"retention.ms", "soon"}}, {}}});
    ASSERT_EQ(4u, changed.size());
    EXPECT_TRUE(changed[0]) << changed[0].error().text;
    EXPECT_TRUE(changed[1]) << changed[1].error().text;
    EXPECT_FALSE(changed[2]);
    ASSERT_FALSE(changed[3]);
    EXPECT_TRUE(changed[3].error().is_final) << changed[3].error().text;
    EXPECT_EQ(4u, info_of("a")->partitions.size());
    EXPECT_EQ((std::map<std::string, std::string>{{"segment.ms", "60000"}}), info_of("a")->config);

    EXPECT_NE("", refusal_of(plan::DeleteTopic{"a", "no id"}));
    EXPECT_NE("", refusal_of(plan::Reassign{"a", {{0, {7}}}}));
    EXPECT_EQ("", refusal_of(plan::Reassign{"a", {{0, {1}}}}));
    for (int i = 0; i < 2; ++i) EXPECT_EQ("", refusal_of(plan::DeleteTopic{"a", a.id}));
    EXPECT_FALSE(info_of("a"));
    EXPECT_NE("", refusal_of(plan::Event{}));
}

TEST_F(Admin, a_topic_has_a_size_and_the_lag_of_the_group_that_is_furthest_behind) {
    ASSERT_EQ("", refusal_of(plan::CreateTopic{"t", 1, 1, {}}));
    wire::OffsetCommitRequest commit;
    commit.group_id = "readers";
    auto& topic = commit.topics.emplace_back();
    topic.name = std::string_view("t");
    topic.partitions.emplace_back();
    // The topic of the offsets is made for the first who asks for a coordinator.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    ErrorCode error = ErrorCode::unknown_server_error;
    while (error != ErrorCode::none && std::chrono::steady_clock::now() < deadline) {
        wire::FindCoordinatorRequest find;
        find.key = std::string_view("readers");
        ASSERT_TRUE(ask<wire::FindCoordinatorResponse>(broker.listeners(), find, 3));
        const auto committed = ask<wire::OffsetCommitResponse>(broker.listeners(), commit, 8);
        ASSERT_TRUE(committed) << committed.error();
        error = committed->topics.at(0).partitions.at(0).error_code;
    }
    ASSERT_EQ(ErrorCode::none, error);
    const auto figures = topics->measure();
    ASSERT_TRUE(figures) << figures.error();
    EXPECT_EQ(0, figures->at("t").size_bytes);
    EXPECT_EQ(0, figures->at("t").lag);
    EXPECT_EQ("readers", figures->at("t").lag_group);
    EXPECT_LT(0, figures->at("__consumer_offsets").size_bytes.value());
    EXPECT_FALSE(figures->at("__consumer_offsets").lag);
}

TEST(Nobody, is_an_answer_too) {
    const std::string nowhere = "127.0.0.1:" + std::to_string(free_port());
    const auto brokers = make_cluster_brokers({{1, nowhere}}, {});
    const auto answers = brokers->ask({.brokers = true, .widest_topic = true, .may_restart = {1}});
    EXPECT_FALSE(*answers.brokers);
    EXPECT_FALSE(*answers.widest_topic);
    EXPECT_FALSE(answers.may_restart.at(1));
    const auto topics = make_kafka_topics({});
    EXPECT_FALSE(topics->describe({"t"}).at("t"));
    EXPECT_FALSE(topics->order({plan::CreateTopic{"t", 1, 1, {}}}).at(0));
    EXPECT_FALSE(topics->measure());
}

TEST(WidestTopic, replicas_that_a_move_will_take_away_do_not_count) {
    wire::MetadataResponse cluster;
    auto& topic = cluster.topics.emplace_back();
    topic.name = "moving";
    topic.partitions.push_back({.partition_index = 0, .replica_nodes = {0, 1, 2, 3}});
    topic.partitions.push_back({.partition_index = 1, .replica_nodes = {0, 1, 2}});
    wire::ListPartitionReassignmentsResponse moves;
    EXPECT_EQ(4, widest_topic_of(cluster, moves).replication_factor);
    auto& moved = moves.topics.emplace_back();
    moved.name = "moving";
    moved.partitions.push_back(
        {.partition_index = 0, .replicas = {0, 1, 2, 3}, .adding_replicas = {3}, .removing_replicas = {2}});
    EXPECT_EQ(3, widest_topic_of(cluster, moves).replication_factor);
}

}  // namespace
}  // namespace milena::admin
