#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <quorum.grpc.pb.h>

#include "loop_thread.h"
#include "peer/quorum_client.h"
#include "peer/quorum_messages.h"
#include "peer/quorum_service.h"
#include "peer/server.h"

namespace milena::peer {
namespace {

using namespace std::chrono_literals;
using Reply = Result<raft::Response, raft::SendError>;

const Uuid directory = Uuid::from_random(1, 2);
const std::vector<raft::VoterEndpoint> endpoints{{"CONTROLLER", "host1", 9093}, {"B", "::1", 1}};

std::vector<raft::Request> all_requests() {
    return {
        raft::VoteRequest{"cluster", LeaderEpoch(3), NodeId(1), directory, NodeId(2), Uuid{}, LeaderEpoch(2),
                          Offset(77), true},
        raft::BeginEpochRequest{"cluster", LeaderEpoch(3), NodeId(1), directory, NodeId(2), Uuid::from_random(3, 4),
                                endpoints},
        raft::EndEpochRequest{"cluster", LeaderEpoch(3), NodeId(1), {NodeId(3), NodeId(2)}},
        raft::FetchRequest{"cluster", LeaderEpoch(3), NodeId(1), directory, Offset(5), no_leader_epoch, Offset(4), 500},
        raft::FetchSnapshotRequest{"cluster", LeaderEpoch(3), NodeId(1), directory,
                                   raft::SnapshotId{Offset(9), LeaderEpoch(2)}, 1ULL << 40},
        raft::ChangeVoterRequest{"cluster", LeaderEpoch(3), raft::VoterChange::update,
                                 raft::Voter{NodeId(1), directory, endpoints, 0, 1}}};
}

std::vector<raft::Response> all_responses() {
    const raft::Leadership nobody{ErrorCode::fenced_leader_epoch, LeaderEpoch(4), no_node, {}};
    const raft::Leadership leader{ErrorCode::none, LeaderEpoch(4), NodeId(2), endpoints};
    return {raft::VoteResponse{nobody, true, true}, raft::EpochResponse{leader},
            raft::FetchResponse{leader, Offset(7), Offset(0), std::nullopt, std::nullopt, Bytes::copy_of("records")},
            raft::FetchResponse{leader, no_offset, no_offset, storage::EpochEnd{LeaderEpoch(1), Offset(3)},
                                raft::SnapshotId{Offset(9), LeaderEpoch(2)}, Bytes{}},
            raft::FetchSnapshotResponse{leader, raft::SnapshotId{Offset(9), LeaderEpoch(2)}, 100, 90,
                                        Bytes::copy_of("0123456789")}};
}

TEST(QuorumMessages, every_request_survives) {
    for (const raft::Request& request : all_requests()) {
        quorum::v1::QuorumRequest message;
        write(request, message);
        const auto survived = read(message);
        ASSERT_TRUE(survived.has_value()) << survived.error();
        EXPECT_EQ(*survived, request) << message.DebugString();
    }
}

TEST(QuorumMessages, every_response_survives) {
    for (const raft::Response& response : all_responses()) {
        quorum::v1::QuorumResponse message;
        write(response, message);
        const auto survived = read(message);
        ASSERT_TRUE(survived.has_value()) << survived.error();
        EXPECT_EQ(*survived, response) << message.DebugString();
    }
}

TEST(QuorumMessages, what_nobody_may_say_is_refused) {
    const auto refuses = [](const std::function<void(quorum::v1::QuorumRequest&)>& change, size_t kind) {
        quorum::v1::QuorumRequest message;
        write(all_requests()[kind], message);
        change(message);
        return !read(message).has_value();
    };
    EXPECT_TRUE(refuses([](auto& m) { m.clear_vote(); }, 0));
    EXPECT_TRUE(refuses([](auto& m) { m.set_epoch(-2); }, 0));
    EXPECT_TRUE(refuses([](auto& m) { m.set_cluster_id(std::string(300, 'x')); }, 0));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_vote()->set_candidate(-1); }, 0));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_vote()->set_end_offset(-1); }, 0));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_begin_epoch()->set_leader(-5); }, 1));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_begin_epoch()->mutable_endpoints(0)->set_port(65'536); }, 1));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_end_epoch()->add_preferred(-1); }, 2));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_fetch()->set_fetch_offset(-1); }, 3));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_fetch()->set_max_wait_ms(-1); }, 3));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_fetch_snapshot()->mutable_snapshot()->set_epoch(-1); }, 4));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_change_voter()->set_voter(-1); }, 5));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_change_voter()->set_kraft_version_max(40'000); }, 5));
    EXPECT_TRUE(refuses([](auto& m) { m.mutable_change_voter()->mutable_endpoints(0)->set_port(65'536); }, 5));
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(refuses(
                      [i](auto& m) {
                          for (int j = 0; j < i; ++j) m.mutable_begin_epoch()->add_endpoints();
                      },
                      1),
                  i > 62);
}

TEST(QuorumMessages, a_piece_of_a_snapshot_lies_within_it) {
    raft::FetchSnapshotResponse outside{{}, {}, 100, 91, Bytes::copy_of("0123456789")};
    for (const uint64_t position : {91ULL, 101ULL, ~0ULL}) {
        outside.position = position;
        quorum::v1::QuorumResponse message;
        write(raft::Response(outside), message);
        EXPECT_FALSE(read(message).has_value()) << position;
    }
}

// A server whose handler a test gives, and a client of it on another thread.
class QuorumTest : public testing::Test {
  protected:
    using Receive = std::function<void(raft::Request, QuorumService::Answer)>;

    static constexpr NodeId server_node{2};

    LoopThread server_thread_, client_thread_;
    std::function<void(NodeId)> lost_;
    std::unique_ptr<QuorumService> service_;
    std::unique_ptr<Server> server_;
    std::unique_ptr<QuorumClient> client_;

    void SetUp() override { client_ = std::make_unique<QuorumClient>(client_thread_.post()); }

    void TearDown() override {
        destroy_client();
        server_.reset();
    }

    void destroy_client() {
        client_thread_.run([this] { client_.reset(); });
    }

    void start(Receive receive) {
        service_ =
            std::make_unique<QuorumService>(server_thread_.post(), QuorumService::Handlers{std::move(receive), lost_});
        const settings::Endpoint endpoint{"CONTROLLER", settings::SecurityProtocol::grpc, "127.0.0.1", 0};
        auto started = Server::start({endpoint}, {service_.get()});
        ASSERT_TRUE(started.has_value());
        server_ = std::move(*started);
        use_port(server_->ports().front());
    }

    void use_port(uint16_t port) {
        client_thread_.run([&] { client_->use_address(server_node, "127.0.0.1", port); });
    }

    Awaited<Reply> send(const raft::Request& request, Milliseconds timeout = patience) {
        const Awaited<Reply> reply;
        client_thread_.run([&] {
            client_->send(server_node, request, timeout, [this, reply](Reply came) {
                EXPECT_TRUE(client_thread_.is_current());
                reply.set(std::move(came));
            });
            EXPECT_FALSE(reply.comes_within(0ms));
        });
        return reply;
    }
};

TEST_F(QuorumTest, requests_come_to_the_shard_and_answers_back) {
    const std::vector<raft::Response> all = all_responses();
    const std::vector<raft::Response> answers{all[0], all[1], all[1], all[2], all[4], all[1]};
    start([&](const raft::Request& request, const QuorumService::Answer& answer) {
        EXPECT_TRUE(server_thread_.is_current());
        EXPECT_EQ(request, all_requests()[request.index()]);
        answer(answers[request.index()]);
    });
    for (const raft::Request& request : all_requests()) {
        const Reply reply = send(request).value();
        ASSERT_TRUE(reply.has_value());
        EXPECT_EQ(*reply, answers[request.index()]);
    }
}

TEST_F(QuorumTest, many_requests_are_under_way_at_a_time) {
    std::vector<QuorumService::Answer> waiting;
    start([&](const raft::Request&, QuorumService::Answer answer) {
        waiting.push_back(std::move(answer));
        if (waiting.size() < 50) return;
        for (const QuorumService::Answer& each : waiting) each(raft::VoteResponse{});
    });
    std::vector<Awaited<Reply>> replies;
    for (int i = 0; i < 50; ++i) replies.push_back(send(all_requests()[0]));
    for (const Awaited<Reply>& reply : replies) EXPECT_TRUE(reply.value().has_value());
}

TEST_F(QuorumTest, a_refused_connection_is_evidence_within_100_ms) {
    DeafPort port;
    port.close();
    use_port(port.port());
    for (int i = 0; i < 5; ++i) {
        const Awaited<Reply> reply = send(all_requests()[0]);
        ASSERT_TRUE(reply.comes_within(100ms)) << i;
        const Reply came = reply.value();
        ASSERT_FALSE(came.has_value());
        EXPECT_EQ(came.error(), raft::SendError::unreachable);
    }
}

TEST_F(QuorumTest, a_broken_connection_is_evidence) {
    const DeafPort port;
    use_port(port.port());
    const Awaited<Reply> reply = send(all_requests()[0]);
    port.break_one();
    const Reply came = reply.value();
    ASSERT_FALSE(came.has_value());
    EXPECT_EQ(came.error(), raft::SendError::unreachable);
}

TEST_F(QuorumTest, silence_is_no_evidence) {
    const DeafPort port;
    use_port(port.port());
    const Reply reply = send(all_requests()[0], 200ms).value();
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(reply.error(), raft::SendError::timed_out);
}

TEST_F(QuorumTest, a_node_without_an_address_is_no_evidence) {
    const Reply reply = send(all_requests()[0]).value();
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(reply.error(), raft::SendError::timed_out);
}

TEST_F(QuorumTest, a_name_that_nobody_knows_is_no_evidence) {
    client_thread_.run([&] { client_->use_address(server_node, "no-such-host.invalid", 1); });
    const Reply reply = send(all_requests()[0], 1s).value();
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(reply.error(), raft::SendError::timed_out);
}

TEST_F(QuorumTest, a_node_that_has_moved_is_found_at_its_new_address) {
    DeafPort port;
    port.close();
    use_port(port.port());
    EXPECT_FALSE(send(all_requests()[0]).value().has_value());
    start([](const raft::Request&, const QuorumService::Answer& answer) { answer(raft::VoteResponse{}); });
    EXPECT_TRUE(send(all_requests()[0]).value().has_value());
}

TEST_F(QuorumTest, whoever_has_nobody_to_answer_says_so_at_once) {
    start([](const raft::Request&, const QuorumService::Answer&) {});
    const Reply reply = send(all_requests()[0]).value();
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(reply.error(), raft::SendError::timed_out);
}

TEST_F(QuorumTest, an_answer_to_another_question_is_none) {
    start([](const raft::Request&, const QuorumService::Answer& answer) { answer(raft::EpochResponse{}); });
    EXPECT_FALSE(send(all_requests()[0]).value().has_value());
}

TEST_F(QuorumTest, an_answer_that_comes_too_late_goes_nowhere) {
    const Awaited<QuorumService::Answer> asked;
    start([&](const raft::Request&, QuorumService::Answer answer) { asked.set(std::move(answer)); });
    const Reply reply = send(all_requests()[0], 100ms).value();
    ASSERT_FALSE(reply.has_value());
    EXPECT_EQ(reply.error(), raft::SendError::timed_out);
    asked.value()(raft::VoteResponse{});
}

TEST_F(QuorumTest, a_client_that_goes_calls_nobody_back) {
    const Awaited<QuorumService::Answer> asked;
    start([&](const raft::Request&, QuorumService::Answer answer) { asked.set(std::move(answer)); });
    const Awaited<Reply> reply = send(all_requests()[0]);
    const QuorumService::Answer answer = asked.value();
    destroy_client();
    answer(raft::VoteResponse{});
    EXPECT_FALSE(reply.comes_within(50ms));
}

TEST_F(QuorumTest, a_client_may_go_within_its_own_callback) {
    DeafPort port;
    port.close();
    use_port(port.port());
    const Awaited<bool> gone;
    client_thread_.run([&] {
        for (int i = 0; i < 10; ++i)
            client_->send(server_node, all_requests()[0], patience, [this, gone](const Reply&) {
                client_.reset();
                gone.set(true);
            });
    });
    EXPECT_TRUE(gone.value());
}

TEST_F(QuorumTest, a_server_ends_soon_though_nobody_answers) {
    const Awaited<QuorumService::Answer> asked;
    start([&](const raft::Request&, QuorumService::Answer answer) { asked.set(std::move(answer)); });
    const Awaited<Reply> reply = send(all_requests()[0]);
    const QuorumService::Answer answer = asked.value();
    const auto begin = std::chrono::steady_clock::now();
    server_.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    EXPECT_FALSE(reply.value().has_value());
    service_.reset();
    answer(raft::VoteResponse{});
}

TEST_F(QuorumTest, a_replica_whose_fetch_breaks_off_is_told_as_lost) {
    const Awaited<NodeId> lost;
    lost_ = [&](NodeId replica) {
        EXPECT_TRUE(server_thread_.is_current());
        lost.set(replica);
    };
    const Awaited<QuorumService::Answer> asked;
    start([&](const raft::Request&, QuorumService::Answer answer) { asked.set(std::move(answer)); });
    (void)send(all_requests()[3]);
    const QuorumService::Answer answer = asked.value();
    destroy_client();
    EXPECT_EQ(lost.value(), NodeId(1));
}

TEST_F(QuorumTest, a_replica_that_has_lost_its_patience_is_not_lost) {
    const Awaited<NodeId> lost;
    lost_ = [&](NodeId replica) { lost.set(replica); };
    const Awaited<QuorumService::Answer> asked;
    start([&](const raft::Request&, QuorumService::Answer answer) { asked.set(std::move(answer)); });
    EXPECT_FALSE(send(all_requests()[3], 200ms).value().has_value());
    const QuorumService::Answer answer = asked.value();
    EXPECT_FALSE(lost.comes_within(100ms));
    server_.reset();
    EXPECT_FALSE(lost.comes_within(0ms));
}

TEST_F(QuorumTest, the_end_of_the_server_says_nothing_of_the_others) {
    const Awaited<NodeId> lost;
    lost_ = [&](NodeId replica) { lost.set(replica); };
    const Awaited<QuorumService::Answer> asked;
    start([&](const raft::Request&, QuorumService::Answer answer) { asked.set(std::move(answer)); });
    const Awaited<Reply> reply = send(all_requests()[3]);
    const QuorumService::Answer answer = asked.value();
    server_.reset();
    EXPECT_FALSE(reply.value().has_value());
    EXPECT_FALSE(lost.comes_within(50ms));
}

TEST_F(QuorumTest, a_request_that_makes_no_sense_is_refused_before_it_reaches_the_shard) {
    start([](const raft::Request&, const QuorumService::Answer&) { ADD_FAILURE(); });
    const auto stub = quorum::v1::Quorum::NewStub(grpc::CreateChannel(
        "127.0.0.1:" + std::to_string(server_->ports().front()), grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    quorum::v1::QuorumResponse response;
    EXPECT_EQ(stub->Exchange(&context, {}, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace milena::peer
