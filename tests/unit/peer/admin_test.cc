#include <optional>

#include <admin.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include "peer/admin_service.h"
#include "peer/server.h"
#include "unit/peer/loop_thread.h"

namespace milena::peer {
namespace {

// One node of a cluster, which answers as a test has told it. What its shard has is touched there only.
class Node : AdminRequests {
  public:
    explicit Node(int32_t id) : id_(id) {
        auto started = Server::start({endpoint_}, {&*service_});
        EXPECT_TRUE(started.has_value());
        server_ = std::move(*started);
    }
    ~Node() override { stop(); }

    void stop() {
        server_.reset();
        loop_.run([&] { client_.reset(); });
    }
    void takes_for_active(const Node& other) {
        loop_.run([&] {
            controller_ = other.id_;
            client_->use_controller_address(other.id_, "127.0.0.1", other.port());
        });
    }
    uint16_t port() const { return server_->ports().front(); }
    std::unique_ptr<admin::v1::ClusterAdmin::Stub> stub() const {
        return admin::v1::ClusterAdmin::NewStub(
            grpc::CreateChannel("127.0.0.1:" + std::to_string(port()), grpc::InsecureChannelCredentials()));
    }
    // Asks about the broker.
    grpc::Status can_restart(int32_t broker, admin::v1::CanRestartResponse* response) const {
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + patience);
        admin::v1::CanRestartRequest request;
        request.set_broker(broker);
        return stub()->CanRestart(&context, request, response);
    }

    CanRestart answer;

  private:
    bool is_active() const override { return controller_ == id_; }
    NodeId controller() const override { return controller_; }
    void receive(AskLedPartitions question, Answer<LedPartitions> to) override {
        to(LedPartitions{{{.topic_id = Uuid{1, 2},
                           .partition = PartitionIndex(3),
                           .log_bytes = 1000,
                           .copies = {{question.broker, 10}}}}});
    }
    void receive(AskPartitionLags question, Answer<PartitionLags> to) override {
        PartitionLags answer;
        for (const replica::LagPosition& position : question.positions) {
            answer.lags.emplace_back();
            if (position.committed < Offset{0}) continue;
            answer.lags.back() = {position.committed.value - question.asker.value, std::nullopt};
            if (position.key.partition.value > 0) answer.lags.back()->time = Milliseconds(position.key.partition.value);
        }
        to(std::move(answer));
    }
    void receive(AskBrokers, Answer<Brokers> to) override { to(Brokers{{}, id_}); }
    void receive(AskCanRestart question, Answer<CanRestart> to) override {
        EXPECT_TRUE(loop_.is_current());
        if (question.broker == NodeId(9))
            return to(unexpected(AdminRefusal{AdminRefusal::Kind::not_found, "no broker 9"}));
        to(answer);
    }
    void receive(AskHasCaughtUp, Answer<controller::CaughtUp> to) override { to(controller::CaughtUp{}); }
    void receive(AskFeatureLevel, Answer<Features> to) override {
        Features features;
        features.features.push_back({"milena.version", 0, 1, 1});
        features.updates.push_back({.feature = "milena.version",
                                    .level_before = 0,
                                    .level = 1,
                                    .at = Timestamp(1'700'000'000'000),
                                    .controller = NodeId(2),
                                    .version = "0.2.0"});
        to(std::move(features));
    }
    void receive(OrderPlacement order, Answer<Placed> to) override {
        if (order.order == PlacementOrder::uncordon)
            return to(unexpected(AdminRefusal{AdminRefusal::Kind::precondition_failed, "is being drained"}));
        to(Placed{order.order == PlacementOrder::drain ? controller::BrokerPlacement::draining
                                                       : controller::BrokerPlacement::cordoned});
    }
    void receive(AskDrainStatus, Answer<controller::DrainStatus> to) override {
        to(controller::DrainStatus{.placement = controller::BrokerPlacement::draining,
                                   .replicas_left = 3,
                                   .moving = 1,
                                   .bytes_left = 1000,
                                   .time_left = std::chrono::seconds(7),
                                   .stuck = {{"orders", PartitionIndex(1), NodeId(2), "why"}}});
    }
    void receive(Rebalance order, Answer<Moves> to) override {
        Moves moves;
        moves.moves.push_back({.topic = order.is_dry_run ? "planned" : "begun",
                               .partition = PartitionIndex(1),
                               .from = {NodeId(1), NodeId(2)},
                               .to = {NodeId(1), NodeId(3)},
                               .reason = "why"});
        moves.unheard = {NodeId(3)};
        to(std::move(moves));
    }

    const NodeId id_;
    const settings::Endpoint endpoint_{"CONTROLLER", settings::SecurityProtocol::plaintext, "127.0.0.1", 0};
    LoopThread loop_;
    NodeId controller_ = no_node;
    Health health_;
    std::optional<AdminClient> client_{loop_.post()};
    std::optional<AdminService> service_{std::in_place,
                                         AdminService::Environment{loop_.post(), *this, *client_, health_},
                                         Identity{"cluster", id_, {}, "1"}};
    std::unique_ptr<Server> server_;
};

TEST(AdminTest, active_controller_answers_on_its_shard) {
    Node node(1);
    node.takes_for_active(node);
    node.answer.partitions.blocking.push_back({"orders", PartitionIndex(3), controller::RestartRisk::goes_offline});
    admin::v1::CanRestartResponse response;
    ASSERT_TRUE(node.can_restart(2, &response).ok());
    EXPECT_FALSE(response.can_restart());
    ASSERT_EQ(response.blocking_size(), 1);
    EXPECT_EQ(response.blocking(0).topic(), "orders");
    EXPECT_EQ(response.blocking(0).partition(), 3);
    EXPECT_EQ(response.blocking(0).reason(), "would go offline");
    EXPECT_FALSE(response.has_quorum_reason());
}

TEST(AdminTest, quorum_that_cannot_spare_the_voter_is_a_reason) {
    Node node(1);
    node.takes_for_active(node);
    node.answer.quorum = {.voters_count = 3, .others_keep_up = 1, .needed = 2, .is_voter = true};
    admin::v1::CanRestartResponse response;
    ASSERT_TRUE(node.can_restart(2, &response).ok());
    EXPECT_FALSE(response.can_restart());
    EXPECT_EQ(response.quorum_reason(), "of the 3 voters of the metadata quorum 1 other(s) keep up, and 2 are needed");
}

TEST(AdminTest, any_node_passes_a_question_on_and_the_answer_back) {
    Node active(1);
    Node other(2);
    active.takes_for_active(active);
    other.takes_for_active(active);
    active.answer.partitions.unavoidable.push_back({"solo", PartitionIndex(0), controller::RestartRisk::goes_offline});
    admin::v1::CanRestartResponse response;
    ASSERT_TRUE(other.can_restart(2, &response).ok());
    EXPECT_TRUE(response.can_restart());
    ASSERT_EQ(response.unavoidable_size(), 1);
    EXPECT_EQ(response.unavoidable(0).topic(), "solo");
    EXPECT_EQ(response.only_copies(), 1U);
}

TEST(AdminTest, feature_levels_are_told_and_when_they_were_finalized) {
    Node node(1);
    node.takes_for_active(node);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + patience);
    admin::v1::FeatureLevelResponse response;
    ASSERT_TRUE(node.stub()->FeatureLevel(&context, admin::v1::FeatureLevelRequest(), &response).ok());
    ASSERT_EQ(response.features_size(), 1);
    EXPECT_EQ(response.features(0).level_finalized(), 1);
    ASSERT_EQ(response.updates_size(), 1);
    const auto& update = response.updates(0);
    EXPECT_EQ(update.name() + " " + update.version(), "milena.version 0.2.0");
    EXPECT_EQ(update.level_before(), 0);
    EXPECT_EQ(update.level(), 1);
    EXPECT_EQ(update.at_ms(), 1'700'000'000'000);
    EXPECT_EQ(update.controller(), 2);
}

TEST(AdminTest, refusal_comes_back_with_its_words) {
    Node active(1);
    Node other(2);
    active.takes_for_active(active);
    other.takes_for_active(active);
    for (const Node* asked : {&active, &other}) {
        admin::v1::CanRestartResponse response;
        const grpc::Status status = asked->can_restart(9, &response);
        EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
        EXPECT_EQ(status.error_message(), "no broker 9");
    }
}

TEST(AdminTest, question_is_passed_on_once_only) {
    Node a(1);
    Node b(2);
    a.takes_for_active(b);
    b.takes_for_active(a);
    admin::v1::CanRestartResponse response;
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(a.can_restart(1, &response).error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, patience) << "to and fro until somebody gives up";
}

TEST(AdminTest, without_a_controller_it_is_to_be_asked_again) {
    Node node(1);
    admin::v1::CanRestartResponse response;
    EXPECT_EQ(node.can_restart(1, &response).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(AdminTest, controller_that_has_gone_is_named) {
    Node gone(1);
    Node node(2);
    node.takes_for_active(gone);
    gone.stop();
    admin::v1::CanRestartResponse response;
    const grpc::Status status = node.can_restart(1, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_NE(status.error_message().find("node 1"), std::string::npos);
}

TEST(AdminTest, leader_is_asked_how_far_a_broker_is_behind) {
    Node leader(1);
    LoopThread loop;
    std::optional<AdminClient> client(loop.post());
    Awaited<AdminResult<LedPartitions>> awaited;
    loop.run([&] {
        client->use_broker_address(NodeId(1), "127.0.0.1", leader.port());
        client->ask(NodeId(1), AskLedPartitions{NodeId(5)},
                    [awaited](AdminResult<LedPartitions> led) { awaited.set(std::move(led)); });
    });
    const auto led = awaited.value();
    ASSERT_TRUE(led.has_value());
    const controller::LedPartition expected{
        .topic_id = Uuid{1, 2}, .partition = PartitionIndex(3), .log_bytes = 1000, .copies = {{NodeId(5), 10}}};
    EXPECT_EQ(led->partitions, std::vector{expected});
    loop.run([&] { client.reset(); });
}

TEST(AdminTest, leader_is_asked_how_far_groups_are_behind) {
    Node leader(1);
    LoopThread loop;
    std::optional<AdminClient> client(loop.post());
    Awaited<AdminResult<PartitionLags>> awaited;
    const auto at = [](int32_t partition, int64_t committed) {
        return replica::LagPosition{{Uuid{1, 2}, PartitionIndex(partition)}, Offset(committed)};
    };
    loop.run([&] {
        client->use_broker_address(NodeId(1), "127.0.0.1", leader.port());
        client->ask(NodeId(1), AskPartitionLags{NodeId(5), {at(3, 12), at(0, 2), at(4, -1)}},
                    [awaited](AdminResult<PartitionLags> lags) { awaited.set(std::move(lags)); });
    });
    const auto answer = awaited.value();
    ASSERT_TRUE(answer.has_value());
    ASSERT_EQ(answer->lags.size(), 3U);
    EXPECT_EQ(answer->lags[0]->records, 7);
    EXPECT_EQ(answer->lags[0]->time, Milliseconds(3));
    EXPECT_EQ(answer->lags[1]->records, -3);
    EXPECT_FALSE(answer->lags[1]->time.has_value());
    EXPECT_FALSE(answer->lags[2].has_value());
    loop.run([&] { client.reset(); });
}

TEST(AdminTest, orders_are_told_apart_also_where_they_are_passed_on) {
    Node active(1);
    Node other(2);
    active.takes_for_active(active);
    other.takes_for_active(active);
    admin::v1::PlacementRequest request;
    request.set_broker(3);
    for (const Node* asked : {&active, &other}) {
        grpc::ClientContext contexts[3];
        admin::v1::PlacementResponse response;
        const auto stub = asked->stub();
        ASSERT_TRUE(stub->Drain(&contexts[0], request, &response).ok());
        EXPECT_EQ(response.placement(), admin::v1::PLACEMENT_DRAINING);
        ASSERT_TRUE(stub->Cordon(&contexts[1], request, &response).ok());
        EXPECT_EQ(response.placement(), admin::v1::PLACEMENT_CORDONED);
        EXPECT_EQ(stub->Uncordon(&contexts[2], request, &response).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    }
}

TEST(AdminTest, drain_and_plan_are_told_with_their_reasons) {
    Node node(1);
    node.takes_for_active(node);
    grpc::ClientContext contexts[2];
    admin::v1::DrainStatusResponse drain;
    ASSERT_TRUE(node.stub()->DrainStatus(&contexts[0], {}, &drain).ok());
    EXPECT_EQ(drain.replicas_left(), 3u);
    EXPECT_EQ(drain.moving(), 1u);
    EXPECT_EQ(drain.bytes_left(), 1000u);
    EXPECT_EQ(drain.seconds_left(), 7u);
    ASSERT_EQ(drain.stuck_size(), 1);
    EXPECT_EQ(drain.stuck(0).reason(), "why");
    admin::v1::RebalanceRequest request;
    request.set_dry_run(true);
    admin::v1::RebalanceResponse plan;
    ASSERT_TRUE(node.stub()->Rebalance(&contexts[1], request, &plan).ok());
    ASSERT_EQ(plan.moves_size(), 1);
    EXPECT_EQ(plan.moves(0).topic(), "planned");
    EXPECT_EQ(plan.moves(0).to(1), 3);
    ASSERT_EQ(plan.unheard_size(), 1);
    EXPECT_EQ(plan.unheard(0), 3);
}

TEST(AdminTest, schema_has_every_setting_with_what_its_change_takes) {
    Node node(1);
    grpc::ClientContext context;
    admin::v1::ConfigSchemaResponse schema;
    ASSERT_TRUE(node.stub()->ConfigSchema(&context, {}, &schema).ok());
    std::map<std::string, admin::v1::ConfigSchemaResponse::Key> keys;
    for (const auto& key : schema.broker()) keys[key.name()] = key;
    EXPECT_EQ(keys.at("node.id").change(), admin::v1::ConfigSchemaResponse::CHANGE_IMMUTABLE);
    EXPECT_EQ(keys.at("log.dirs").change(), admin::v1::ConfigSchemaResponse::CHANGE_RESTART);
    EXPECT_EQ(keys.at("log.retention.ms").change(), admin::v1::ConfigSchemaResponse::CHANGE_LIVE);
    EXPECT_EQ(keys.at("cordoned.log.dirs").change(), admin::v1::ConfigSchemaResponse::CHANGE_LIVE_PER_BROKER);
    EXPECT_EQ(keys.at("num.partitions").default_value(), "1");
    EXPECT_EQ(keys.at("num.partitions").type(), "int");
    ASSERT_GT(schema.topic_size(), 20);
    for (const auto& key : schema.topic()) EXPECT_EQ(key.change(), admin::v1::ConfigSchemaResponse::CHANGE_LIVE);
}

}  // namespace
}  // namespace milena::peer
