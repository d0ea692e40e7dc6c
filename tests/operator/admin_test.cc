// What the operator says to brokers and hears of them, with a real broker: every question and every order of a plan.
#include <csignal>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admin/cluster_brokers.h"

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
               "advertised.listeners=PLAINTEXT://" + kafka, "log.dirs=" + directory_, "milena.metrics.listener="});
    }
    ~Broker() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        EXPECT_EQ(0, ::system(("rm -rf " + directory_).c_str()));
    }

    std::shared_ptr<Brokers> client() const {
        return make_cluster_brokers({{1, "127.0.0.1:" + std::to_string(grpc_port_)}}, {{"127.0.0.1", port_}});
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
};

TEST_F(Admin, every_question_of_a_plan_has_an_answer) {
    plan::Questions all{
        .config_schema = true, .brokers = true, .features = true, .widest_topic = true, .moves_left = true};
    all.may_restart = all.caught_up = all.drain = all.health = {1};
    const plan::Answers answers = brokers->ask(all);
    ASSERT_TRUE(answers.config_schema && *answers.config_schema) << answers.config_schema->error();
    EXPECT_EQ(plan::Change::restart, (**answers.config_schema).at("socket.request.max.bytes").change);
    EXPECT_EQ(plan::Change::live, (**answers.config_schema).at("log.retention.ms").change);
    ASSERT_TRUE(answers.brokers && *answers.brokers) << answers.brokers->error();
    EXPECT_TRUE((**answers.brokers).brokers.at(1).is_active);
    EXPECT_EQ(1, (**answers.brokers).controller);
    ASSERT_TRUE(answers.features && *answers.features);
    EXPECT_TRUE((**answers.features).contains("metadata.version"));
    ASSERT_TRUE(answers.widest_topic && *answers.widest_topic) << answers.widest_topic->error();
    ASSERT_TRUE(answers.moves_left && *answers.moves_left) << answers.moves_left->error();
    EXPECT_EQ(0u, **answers.moves_left);
    ASSERT_TRUE(answers.may_restart.at(1)) << answers.may_restart.at(1).error();
    ASSERT_TRUE(answers.caught_up.at(1)) << answers.caught_up.at(1).error();
    EXPECT_TRUE(answers.caught_up.at(1)->has);
    ASSERT_TRUE(answers.drain.at(1)) << answers.drain.at(1).error();
    EXPECT_EQ(plan::Placement::open, answers.drain.at(1)->placement);
    ASSERT_TRUE(answers.health.at(1)) << answers.health.at(1).error();
    EXPECT_FALSE(answers.health.at(1)->is_recovering);
}

TEST_F(Admin, orders_may_be_repeated) {
    for (int i = 0; i < 2; ++i) {
        for (const plan::Action& order : std::initializer_list<plan::Action>{
                 plan::CreateTopic{"t", 2, 1, {{"retention.ms", "1000"}}},
                 plan::AlterTopicConfig{"t", {{"retention.ms", "2000"}}, {"segment.ms"}},
                 plan::AlterBrokerConfig{{{"log.retention.ms", "60000"}}, {}},
                 plan::Place{plan::PlacementOrder::cordon, 1},
                 plan::UnregisterBroker{99},
                 plan::DeleteTopic{"gone", "AAAAAAAAAAAAAAAAAAAAZA"},
             }) {
            const auto outcome = brokers->order(order);
            EXPECT_TRUE(outcome) << order.index() << ": " << outcome.error();
        }
    }
    const plan::Answers answers = brokers->ask({.widest_topic = true, .drain = {1}});
    EXPECT_EQ("t", (**answers.widest_topic).name);
    EXPECT_EQ(1, (**answers.widest_topic).replication_factor);
    EXPECT_EQ(plan::Placement::cordoned, answers.drain.at(1)->placement);
}

TEST_F(Admin, a_refusal_says_why) {
    EXPECT_FALSE(brokers->order(plan::CreatePartitions{"unknown", 3}));
    EXPECT_FALSE(brokers->order(plan::AlterBrokerConfig{{{"log.retention.ms", "soon"}}, {}}));
    EXPECT_FALSE(brokers->order(plan::DeleteTopic{"t", "no id"}));
    EXPECT_FALSE(brokers->order(plan::Place{plan::PlacementOrder::drain, 7}));
    EXPECT_FALSE(brokers->order(plan::Event{}));
    const auto answers = brokers->ask({.drain = {7}});
    ASSERT_FALSE(answers.drain.at(7));
    EXPECT_NE("", answers.drain.at(7).error());
}

TEST(Nobody, is_an_answer_too) {
    const std::string nowhere = "127.0.0.1:" + std::to_string(free_port());
    const auto brokers = make_cluster_brokers({{1, nowhere}}, {});
    const auto answers = brokers->ask({.brokers = true, .widest_topic = true, .may_restart = {1}});
    EXPECT_FALSE(*answers.brokers);
    EXPECT_FALSE(*answers.widest_topic);
    EXPECT_FALSE(answers.may_restart.at(1));
}

}  // namespace
}  // namespace milena::admin
