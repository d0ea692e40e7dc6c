#include <controller.grpc.pb.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "loop_thread.h"
#include "peer/controller_client.h"
#include "peer/controller_messages.h"
#include "peer/controller_service.h"
#include "peer/server.h"

namespace milena::peer {
namespace {

using namespace std::chrono_literals;

const Uuid changed_topic = Uuid::from_random(1, 2);
const std::vector<Uuid> directories{Uuid::from_random(3, 4), Uuid::from_random(5, 6)};

controller::BrokerRegistration a_registration() {
    controller::BrokerRegistration request;
    request.id = NodeId(4);
    request.incarnation_id = changed_topic;
    request.endpoints = {{"PLAINTEXT", "host1", 9092, metadata::SecurityProtocol::plaintext},
                         {"INTERNAL", "host1", 9094, metadata::SecurityProtocol::grpc}};
    request.rack = "";
    request.directories = directories;
    request.cordoned_directories = {directories[1]};
    request.cluster_id = "cluster";
    request.features = {{"metadata.version", {7, 29}}, {"x", {-1, 0}}};
    request.previous_epoch = 77;
    request.is_local = true;
    return request;
}

controller::AlterPartition a_change() {
    return {.broker = NodeId(4),
            .broker_epoch = 9,
            .changes = {{.key = {changed_topic, PartitionIndex(3)},
                         .leader_epoch = LeaderEpoch(5),
                         .partition_epoch = 6,
                         .isr = {NodeId(4), NodeId(0)},
                         .broker_epochs = {-1, 3}},
                        {.key = {changed_topic, PartitionIndex(0)},
                         .leader_epoch = LeaderEpoch(0),
                         .partition_epoch = 0,
                         .isr = {}}}};
}

template <class Message, class Request>
auto survived(const Request& request) {
    Message message;
    write(request, message);
    return read(message);
}

TEST(ControllerMessages, a_registration_survives_but_never_as_local) {
    const auto registration = survived<controller::v1::RegisterBrokerRequest>(a_registration());
    ASSERT_TRUE(registration.has_value());
    EXPECT_EQ(registration->id, NodeId(4));
    EXPECT_EQ(registration->incarnation_id, changed_topic);
    EXPECT_EQ(registration->endpoints, a_registration().endpoints);
    EXPECT_EQ(registration->rack, "");
    EXPECT_EQ(registration->directories, directories);
    EXPECT_EQ(registration->cordoned_directories, (std::vector{directories[1]}));
    EXPECT_EQ(registration->cluster_id, "cluster");
    EXPECT_EQ(registration->features, a_registration().features);
    EXPECT_EQ(registration->previous_epoch, 77);
    EXPECT_FALSE(registration->is_local);
}

controller::ControllerRegistration a_controller() {
    return {.id = NodeId(5),
            .incarnation_id = changed_topic,
            .endpoints = {{"CONTROLLER", "host2", 9093, metadata::SecurityProtocol::plaintext}},
            .features = {{"metadata.version", {7, 29}}},
            .cluster_id = "cluster"};
}

TEST(ControllerMessages, a_registration_of_a_controller_survives) {
    const auto registration = survived<controller::v1::RegisterControllerRequest>(a_controller());
    ASSERT_TRUE(registration.has_value());
    EXPECT_EQ(registration->id, NodeId(5));
    EXPECT_EQ(registration->incarnation_id, changed_topic);
    EXPECT_EQ(registration->endpoints, a_controller().endpoints);
    EXPECT_EQ(registration->features, a_controller().features);
    EXPECT_EQ(registration->cluster_id, "cluster");
}

TEST(ControllerMessages, a_heartbeat_survives) {
    const auto heartbeat = survived<controller::v1::HeartbeatRequest>(
        controller::BrokerHeartbeat{NodeId(4), 9, Offset(100), true, true, directories, {directories[0]}, directories});
    ASSERT_TRUE(heartbeat.has_value());
    EXPECT_EQ(heartbeat->broker, NodeId(4));
    EXPECT_EQ(heartbeat->broker_epoch, 9);
    EXPECT_EQ(heartbeat->metadata_offset, Offset(100));
    EXPECT_TRUE(heartbeat->wants_fence);
    EXPECT_TRUE(heartbeat->wants_shutdown);
    EXPECT_EQ(heartbeat->offline_directories, directories);
    EXPECT_EQ(heartbeat->cordoned_directories, (std::vector{directories[0]}));
    EXPECT_EQ(heartbeat->full_directories, directories);
}

TEST(ControllerMessages, changes_of_isrs_survive) {
    const auto change = survived<controller::v1::AlterPartitionRequest>(a_change());
    ASSERT_TRUE(change.has_value());
    EXPECT_EQ(change->broker, NodeId(4));
    EXPECT_EQ(change->broker_epoch, 9);
    EXPECT_EQ(change->changes, a_change().changes);
}

TEST(ControllerMessages, what_is_said_of_directories_and_producer_ids_survives) {
    const controller::AssignDirectories assignments{
        NodeId(4),
        9,
        {{changed_topic, PartitionIndex(3), directories[0]}, {changed_topic, PartitionIndex(0), directories[1]}}};
    const auto assigned = survived<controller::v1::AssignDirectoriesRequest>(assignments);
    ASSERT_TRUE(assigned.has_value());
    EXPECT_EQ(assigned->broker, NodeId(4));
    EXPECT_EQ(assigned->broker_epoch, 9);
    EXPECT_EQ(assigned->assignments, assignments.assignments);
    const auto cordoned =
        survived<controller::v1::CordonDirectoriesRequest>(controller::CordonDirectories{NodeId(4), directories, 9});
    ASSERT_TRUE(cordoned.has_value());
    EXPECT_EQ(cordoned->directories, directories);
    EXPECT_EQ(cordoned->broker_epoch, 9);
    const auto allocated =
        survived<controller::v1::AllocateProducerIdsRequest>(controller::AllocateProducerIds{NodeId(4), 9});
    ASSERT_TRUE(allocated.has_value());
    EXPECT_EQ(allocated->broker, NodeId(4));
    EXPECT_EQ(allocated->broker_epoch, 9);
}

controller::ReportLoad a_report() {
    return {.broker = NodeId(4),
            .broker_epoch = 9,
            .disk = {.total_bytes = 1000, .usable_bytes = 400, .logs_bytes = 550},
            .partitions = {{changed_topic, PartitionIndex(3), {500, 7}}, {changed_topic, PartitionIndex(0), {0, 0}}},
            .are_more = true};
}

TEST(ControllerMessages, what_is_said_of_loads_survives) {
    const auto report = survived<controller::v1::ReportLoadRequest>(a_report());
    ASSERT_TRUE(report.has_value());
    EXPECT_EQ(*report, a_report());
}

TEST(ControllerMessages, a_forwarded_request_survives) {
    const ForwardedRequest request{Bytes::copy_of("frame"), "10.0.0.1:5000", "PLAINTEXT"};
    const auto forwarded = survived<controller::v1::ForwardRequest>(request);
    ASSERT_TRUE(forwarded.has_value());
    EXPECT_EQ(*forwarded, request);
}

template <class Message, class Request>
bool is_refused(const Request& request, const std::function<void(Message&)>& change) {
    Message message;
    write(request, message);
    change(message);
    return !read(message).has_value();
}

TEST(ControllerMessages, what_nobody_may_say_is_refused) {
    using Register = controller::v1::RegisterBrokerRequest;
    EXPECT_TRUE(is_refused<Register>(a_registration(), [](auto& m) { m.set_broker(-1); }));
    EXPECT_TRUE(is_refused<Register>(a_registration(), [](auto& m) { m.mutable_endpoints(0)->set_port(65'536); }));
    EXPECT_TRUE(
        is_refused<Register>(a_registration(), [](auto& m) { m.mutable_endpoints(0)->set_security_protocol(4); }));
    EXPECT_TRUE(is_refused<Register>(a_registration(), [](auto& m) { m.mutable_features(0)->set_level_max(40'000); }));
    EXPECT_TRUE(is_refused<Register>(a_registration(), [](auto& m) { m.set_rack(std::string(40'000, 'x')); }));
    using Alter = controller::v1::AlterPartitionRequest;
    EXPECT_TRUE(is_refused<Alter>(a_change(), [](auto& m) { m.mutable_changes(0)->set_partition(-1); }));
    EXPECT_TRUE(is_refused<Alter>(a_change(), [](auto& m) { m.mutable_changes(0)->set_isr(0, -1); }));
    EXPECT_TRUE(is_refused<Alter>(a_change(), [](auto& m) { m.mutable_changes(0)->add_isr(1); }));
    EXPECT_TRUE(is_refused<Alter>(a_change(), [](auto& m) { m.mutable_changes(0)->set_broker_epochs(1, -2); }));
    EXPECT_TRUE(is_refused<Alter>(a_change(), [](auto& m) {
        for (int i = 0; i < 100'001; ++i) m.add_changes();
    }));
    EXPECT_TRUE(is_refused<Alter>(a_change(), [](auto& m) { m.set_broker_epoch(-1); }));
    using Assign = controller::v1::AssignDirectoriesRequest;
    const controller::AssignDirectories assignment{NodeId(4), 9, {{changed_topic, PartitionIndex(3), directories[0]}}};
    EXPECT_TRUE(is_refused<Assign>(assignment, [](auto& m) { m.set_broker_epoch(-1); }));
    EXPECT_TRUE(is_refused<Assign>(assignment, [](auto& m) { m.mutable_assignments(0)->set_partition(-1); }));
    EXPECT_TRUE(is_refused<Assign>(assignment, [](auto& m) {
        for (int i = 0; i < 100'001; ++i) m.add_assignments();
    }));
    using Announce = controller::v1::RegisterControllerRequest;
    EXPECT_TRUE(is_refused<Announce>(a_controller(), [](auto& m) { m.set_controller(-1); }));
    EXPECT_TRUE(is_refused<Announce>(a_controller(), [](auto& m) { m.mutable_endpoints(0)->set_port(70'000); }));
    EXPECT_TRUE(is_refused<Announce>(a_controller(), [](auto& m) { m.mutable_features(0)->set_level_max(70'000); }));
    EXPECT_TRUE(is_refused<Announce>(a_controller(), [](auto& m) { m.set_cluster_id(std::string(2'000, 'x')); }));
    using Cordon = controller::v1::CordonDirectoriesRequest;
    EXPECT_TRUE(is_refused<Cordon>(controller::CordonDirectories{NodeId(4), directories, 9},
                                   [](auto& m) { m.set_broker_epoch(-1); }));
    using Report = controller::v1::ReportLoadRequest;
    EXPECT_TRUE(is_refused<Report>(a_report(), [](auto& m) { m.set_broker(-1); }));
    EXPECT_TRUE(is_refused<Report>(a_report(), [](auto& m) { m.set_broker_epoch(-1); }));
    EXPECT_TRUE(is_refused<Report>(a_report(), [](auto& m) { m.set_disk_total_bytes(399); }));
    EXPECT_TRUE(is_refused<Report>(a_report(), [](auto& m) { m.set_disk_usable_bytes(-1); }));
    EXPECT_TRUE(is_refused<Report>(a_report(), [](auto& m) { m.set_logs_bytes(-1); }));
    EXPECT_TRUE(is_refused<Report>(a_report(), [](auto& m) { m.mutable_partitions(0)->set_partition(-1); }));
    EXPECT_TRUE(is_refused<Report>(a_report(), [](auto& m) { m.mutable_partitions(1)->set_bytes(-1); }));
    EXPECT_TRUE(is_refused<Report>(a_report(), [](auto& m) { m.mutable_partitions(1)->set_bytes_in_per_second(-1); }));
    EXPECT_TRUE(is_refused<Report>(a_report(), [](auto& m) {
        for (int i = 0; i < 100'001; ++i) m.add_partitions();
    }));
    using Forward = controller::v1::ForwardRequest;
    EXPECT_TRUE(is_refused<Forward>(ForwardedRequest{}, [](auto& m) { m.set_client(std::string(2'000, 'x')); }));
}

TEST(ControllerMessages, a_refusal_names_the_leader_if_it_is_known) {
    for (const Refusal& refusal :
         {Refusal{ErrorCode::not_controller, NodeId(0)}, Refusal{ErrorCode::not_controller, no_node}}) {
        controller::v1::AssignDirectoriesResponse response;
        write(ControllerResult<void>(unexpected(refusal)), response);
        const ControllerResult<void> result = read(response);
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error(), refusal);
    }
}

TEST(ControllerMessages, an_answer_that_makes_no_sense_is_a_refusal) {
    controller::v1::AllocateProducerIdsResponse none;
    EXPECT_FALSE(read(none).has_value());
    controller::v1::AlterPartitionResponse outcome;
    outcome.add_outcomes(100'000);
    EXPECT_FALSE(read(outcome).has_value());
    controller::v1::AssignDirectoriesResponse refusal;
    refusal.mutable_refusal()->set_error(100'000);
    EXPECT_EQ(read(refusal).error().error, ErrorCode::unknown_server_error);
}

// Answers as a test says, and counts.
class Answers final : public ControllerRequests {
  public:
    int received = 0;
    std::optional<Refusal> refusal;
    bool drops = false;

    void receive(controller::BrokerRegistration request, Answer<controller::BrokerEpoch> answer) override {
        give<controller::BrokerEpoch>(answer, {request.previous_epoch + 1});
    }
    void receive(controller::BrokerHeartbeat request, Answer<controller::HeartbeatAnswer> answer) override {
        give<controller::HeartbeatAnswer>(answer, {true, request.wants_fence, request.wants_shutdown});
    }
    void receive(controller::AlterPartition request, Answer<controller::AlterPartitionAnswer> answer) override {
        std::vector<ErrorCode> outcomes(request.changes.size(), ErrorCode::invalid_update_version);
        give<controller::AlterPartitionAnswer>(answer, {std::move(outcomes)});
    }
    void receive(controller::ControllerRegistration, Answer<void> answer) override { give_nothing(answer); }
    void receive(controller::AssignDirectories, Answer<void> answer) override { give_nothing(answer); }
    void receive(controller::CordonDirectories, Answer<void> answer) override { give_nothing(answer); }
    void receive(controller::ReportLoad, Answer<void> answer) override { give_nothing(answer); }
    void receive(controller::AllocateProducerIds, Answer<controller::ProducerIdBlock> answer) override {
        give<controller::ProducerIdBlock>(answer, {ProducerId(1000), 500});
    }
    void receive(ForwardedRequest request, Answer<ForwardedResponse> answer) override {
        give<ForwardedResponse>(answer, {request.frame, Offset(8)});
    }

  private:
    template <class T>
    void give(const Answer<T>& answer, T value) {
        ++received;
        if (drops) return;
        if (refusal)
            answer(unexpected(*refusal));
        else
            answer(std::move(value));
    }
    void give_nothing(const Answer<void>& answer) {
        ++received;
        if (drops) return;
        if (refusal)
            answer(unexpected(*refusal));
        else
            answer({});
    }
};

class ControllerTest : public testing::Test {
  protected:
    static constexpr NodeId controller_node{3};

    LoopThread server_thread_, client_thread_;
    Answers answers_;
    ControllerService service_{server_thread_.post(), answers_};
    std::unique_ptr<Server> server_;
    std::unique_ptr<ControllerClient> client_ = std::make_unique<ControllerClient>(client_thread_.post());

    void SetUp() override {
        const settings::Endpoint endpoint{"CONTROLLER", settings::SecurityProtocol::plaintext, "127.0.0.1", 0};
        auto started = Server::start({endpoint}, {&service_});
        ASSERT_TRUE(started.has_value());
        server_ = std::move(*started);
        client_thread_.run([&] { client_->use_address(controller_node, "127.0.0.1", server_->ports().front()); });
    }

    void TearDown() override {
        client_thread_.run([this] { client_.reset(); });
        server_.reset();
    }

    template <class T, class Request>
    ControllerResult<T> ask(const Request& request, NodeId to = controller_node) {
        const Awaited<ControllerResult<T>> reply;
        client_thread_.run([&] {
            client_->send(to, request, patience, ControllerClient::Done<T>([reply](ControllerResult<T> result) {
                              reply.set(std::move(result));
                          }));
        });
        return reply.value();
    }
};

TEST_F(ControllerTest, every_request_is_answered_in_kind) {
    EXPECT_EQ(ask<controller::BrokerEpoch>(a_registration())->value, 78);
    const auto heartbeat =
        ask<controller::HeartbeatAnswer>(controller::BrokerHeartbeat{NodeId(4), 9, Offset(100), false, true, {}, {}});
    ASSERT_TRUE(heartbeat.has_value());
    EXPECT_TRUE(heartbeat->is_caught_up);
    EXPECT_FALSE(heartbeat->is_fenced);
    EXPECT_TRUE(heartbeat->should_shut_down);
    EXPECT_EQ(ask<controller::AlterPartitionAnswer>(a_change())->outcomes,
              (std::vector(2, ErrorCode::invalid_update_version)));
    EXPECT_TRUE(
        ask<void>(controller::AssignDirectories{NodeId(4), 9, {{changed_topic, PartitionIndex(3), directories[0]}}})
            .has_value());
    EXPECT_TRUE(ask<void>(controller::CordonDirectories{NodeId(4), directories, 9}).has_value());
    EXPECT_TRUE(ask<void>(a_controller()).has_value());
    EXPECT_TRUE(ask<void>(a_report()).has_value());
    const auto block = ask<controller::ProducerIdBlock>(controller::AllocateProducerIds{NodeId(4), 9});
    ASSERT_TRUE(block.has_value());
    EXPECT_EQ(block->first, ProducerId(1000));
    EXPECT_EQ(block->count, 500);
    const Bytes body = Bytes::copy_of(std::string(1 << 20, 'x'));
    const auto forwarded = ask<ForwardedResponse>(ForwardedRequest{.frame = body, .client = "", .listener = ""});
    ASSERT_TRUE(forwarded.has_value());
    EXPECT_EQ(*forwarded, (ForwardedResponse{body, Offset(8)}));
    EXPECT_EQ(answers_.received, 9);
}

TEST_F(ControllerTest, whoever_is_not_the_controller_says_who_is) {
    answers_.refusal = Refusal{ErrorCode::not_controller, NodeId(2)};
    EXPECT_EQ(ask<controller::BrokerEpoch>(a_registration()).error(), *answers_.refusal);
    EXPECT_EQ(ask<void>(controller::CordonDirectories{NodeId(4), directories, 9}).error(), *answers_.refusal);
}

TEST_F(ControllerTest, a_controller_that_is_down_is_evidence) {
    server_.reset();
    EXPECT_EQ(ask<void>(controller::CordonDirectories{NodeId(4), directories, 9}).error().error,
              ErrorCode::network_exception);
}

TEST_F(ControllerTest, a_node_without_an_address_is_no_evidence) {
    EXPECT_EQ(ask<void>(controller::CordonDirectories{NodeId(4), directories, 9}, NodeId(99)).error().error,
              ErrorCode::request_timed_out);
}

TEST_F(ControllerTest, whoever_has_nobody_to_answer_says_so_at_once) {
    answers_.drops = true;
    EXPECT_EQ(ask<void>(controller::CordonDirectories{NodeId(4), directories, 9}).error().error,
              ErrorCode::request_timed_out);
    server_thread_.run([&] { service_.forget(); });
    EXPECT_EQ(ask<void>(controller::CordonDirectories{NodeId(4), directories, 9}).error().error,
              ErrorCode::request_timed_out);
    EXPECT_EQ(answers_.received, 1);
}

TEST_F(ControllerTest, nonsense_never_reaches_the_shard) {
    EXPECT_EQ(ask<void>(controller::CordonDirectories{no_node, directories, 9}).error().error,
              ErrorCode::unknown_server_error);
    EXPECT_EQ(answers_.received, 0);
}

}  // namespace
}  // namespace milena::peer
