#include "peer/server.h"

#include <chrono>

#include <admin.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include "peer/admin_service.h"

namespace milena::peer {
namespace {

// Nothing that these tests ask comes here.
struct NobodyAnswers : AdminRequests {
    bool is_active() const override { return false; }
    NodeId controller() const override { return no_node; }
    void receive(AskLedPartitions, Answer<LedPartitions>) override {}
    void receive(AskPartitionLags, Answer<PartitionLags>) override {}
    void receive(AskBrokers, Answer<Brokers>) override {}
    void receive(AskCanRestart, Answer<CanRestart>) override {}
    void receive(AskHasCaughtUp, Answer<controller::CaughtUp>) override {}
    void receive(AskFeatureLevel, Answer<Features>) override {}
    void receive(OrderPlacement, Answer<Placed>) override {}
    void receive(AskDrainStatus, Answer<controller::DrainStatus>) override {}
    void receive(Rebalance, Answer<Moves>) override {}
};

class ServerTest : public testing::Test {
  protected:
    const settings::Endpoint endpoint_{"CONTROLLER", settings::SecurityProtocol::plaintext, "127.0.0.1", 0};
    const Uuid directory_ = Uuid::from_random(1, 2);
    Health health_;
    NobodyAnswers nobody_;
    const Post post_ = [](const std::function<void()>& task) { task(); };
    AdminClient client_{post_};
    const AdminService::Environment environment_{post_, nobody_, client_, health_};
    AdminService admin_{environment_, {"cluster", NodeId(7), {directory_}, "1.2.3"}};

    std::unique_ptr<Server> started() {
        auto server = Server::start({endpoint_}, {&admin_});
        EXPECT_TRUE(server.has_value());
        return std::move(*server);
    }

    static std::unique_ptr<admin::v1::ClusterAdmin::Stub> client_of(const Server& server) {
        return admin::v1::ClusterAdmin::NewStub(grpc::CreateChannel(
            "127.0.0.1:" + std::to_string(server.ports().front()), grpc::InsecureChannelCredentials()));
    }
};

TEST_F(ServerTest, says_who_it_is) {
    const auto server = started();
    grpc::ClientContext context;
    admin::v1::IdentityResponse identity;
    ASSERT_TRUE(client_of(*server)->Identity(&context, {}, &identity).ok());
    EXPECT_EQ(identity.cluster_id(), "cluster");
    EXPECT_EQ(identity.node_id(), 7);
    ASSERT_EQ(identity.directory_ids_size(), 1);
    EXPECT_EQ(identity.directory_ids(0), directory_.to_string());
    EXPECT_EQ(identity.version(), "1.2.3");
}

TEST_F(ServerTest, tells_the_phase_of_the_moment) {
    const auto server = started();
    const auto told = [&] {
        grpc::ClientContext context;
        admin::v1::HealthResponse health;
        EXPECT_TRUE(client_of(*server)->Health(&context, {}, &health).ok());
        return std::pair(health.phase(), health.recovered_percent());
    };
    EXPECT_EQ(told(), std::pair(admin::v1::PHASE_STARTING, 0u));
    health_.progress = Phase::recovering;
    EXPECT_EQ(told(), std::pair(admin::v1::PHASE_RECOVERING, 0u)) << "how much there is isn't known yet";
    health_.logs_count = 10;
    health_.logs_opened = 5;
    EXPECT_EQ(told(), std::pair(admin::v1::PHASE_RECOVERING, 49u));
    health_.is_fenced = true;
    EXPECT_EQ(told().first, admin::v1::PHASE_RECOVERING) << "that is why";
    health_.progress = Phase::active;
    EXPECT_EQ(told(), std::pair(admin::v1::PHASE_FENCED, 100u));
    health_.is_fenced = false;
    EXPECT_EQ(told(), std::pair(admin::v1::PHASE_ACTIVE, 100u));
    health_.progress = Phase::stopping;
    EXPECT_EQ(told(), std::pair(admin::v1::PHASE_STOPPING, 100u));
}

TEST_F(ServerTest, a_port_in_use_is_refused_by_name) {
    const auto server = started();
    settings::Endpoint taken = endpoint_;
    taken.port = server->ports().front();
    AdminService other{environment_, {}};
    const auto second = Server::start({taken}, {&other});
    ASSERT_FALSE(second.has_value());
    EXPECT_NE(second.error().find("CONTROLLER"), std::string::npos);
    EXPECT_NE(second.error().find(std::to_string(taken.port)), std::string::npos);
}

TEST_F(ServerTest, listens_wherever_it_is_told) {
    const auto server = Server::start({endpoint_, endpoint_}, {&admin_});
    ASSERT_TRUE(server.has_value());
    ASSERT_EQ((*server)->ports().size(), 2u);
    EXPECT_NE((*server)->ports()[0], (*server)->ports()[1]);
}

}  // namespace
}  // namespace milena::peer
