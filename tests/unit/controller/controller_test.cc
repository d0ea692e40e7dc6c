#include "controller/controller.h"

#include <gtest/gtest.h>

#include "raft/snapshot.h"
#include "sim/sim_disk.h"
#include "sim/world.h"
#include "unit/metadata/records_fixture.h"

namespace milena::controller {
namespace {

// A controller on a simulated machine; publishing takes some time, as it does when shards are asked.
class ControllerTest : public testing::Test {
  public:
    ControllerTest() {
        EXPECT_TRUE(disk.create_directories("/data").has_value());
        EXPECT_TRUE(disk.sync_directory("/").has_value());
    }
    ~ControllerTest() override { stop(); }

    void run(Duration duration = std::chrono::seconds(1)) {
        world.run_until(world.clock.now() + duration, [] { return false; });
    }
    void stop() {
        controller.reset();
        raft.reset();
    }
    void start() {
        stop();
        is_ready = false;
        failure.clear();
        published.clear();
        auto opened = raft::Raft::open({disk, world.clock, world.random}, options);
        ASSERT_TRUE(opened.has_value()) << opened.error();
        raft = std::move(opened).value();
        const Controller::Environment environment{
            .raft = *raft, .random = world.random, .clock = &world.clock, .cluster_id = "c"};
        controller = std::make_unique<Controller>(environment, NodeId(1), settings,
                                                  [this](const metadata::Delta& delta, std::function<void()> done) {
                                                      published.push_back(delta);
                                                      world.after(std::chrono::milliseconds(5), std::move(done));
                                                  });
        controller->start([this] { is_ready = true; }, [this](const std::string& why) { failure = why; });
        run();
    }
    void restart_after_power_loss() {
        stop();
        disk.lose_power();
        start();
    }
    void start_with_broker() {
        start();
        std::optional<Result<BrokerEpoch>> epoch;
        controller->submit(BrokerRegistration{.id = NodeId(1),
                                              .incarnation_id = Uuid{6, ++starts_count},
                                              .endpoints = {},
                                              .rack = std::nullopt,
                                              .directories = {metadata::directory_id},
                                              .is_local = true},
                           [&](Result<BrokerEpoch> given) { epoch = given; });
        run();
        ASSERT_TRUE(epoch.has_value() && epoch->has_value());
    }
    // Broker 2 joins from elsewhere and catches up.
    int64_t join_second() {
        int64_t epoch = -1;
        controller->submit(BrokerRegistration{.id = NodeId(2),
                                              .incarnation_id = Uuid{7, ++starts_count},
                                              .endpoints = {},
                                              .rack = std::nullopt,
                                              .directories = {Uuid{5, 1000}},
                                              .cluster_id = "c"},
                           [&](Result<BrokerEpoch> given) { epoch = given.has_value() ? given->value : -1; });
        run();
        beat(2, epoch);
        return epoch;
    }
    void beat(int32_t id, int64_t epoch) {
        controller->submit(
            BrokerHeartbeat{.broker = NodeId(id), .broker_epoch = epoch, .metadata_offset = Offset(epoch)},
            [this](Result<HeartbeatAnswer> answer) {
                if (answer.has_value()) is_fenced = answer->is_fenced;
            });
        run(std::chrono::milliseconds(100));
    }
    bool is_active(int32_t id) { return controller->image()->broker(NodeId(id))->is_active(); }
    // As the process does it, with heartbeats of broker 1 only.
    void tick_for(Duration duration) {
        const int64_t epoch = controller->image()->broker(NodeId(1))->epoch;
        for (const Instant end = world.clock.now() + duration; world.clock.now() < end;) {
            beat(1, epoch);
            controller->tick();
            run(std::chrono::milliseconds(400));
        }
    }
    // Runs only what the caller runs; the answer comes into `answers`.
    void create(const std::string& name, int32_t partitions = 1) {
        wire::CreateTopicsRequest request;
        request.topics.push_back({.name = name, .num_partitions = partitions, .replication_factor = 1});
        controller->submit(
            request, Done<wire::CreateTopicsResponse>([this](const wire::CreateTopicsResponse& r) {
                answers.push_back(r.topics.front().name + " " + std::string(error_name(r.topics.front().error_code)));
            }));
    }

    sim::World world{1};
    sim::SimDisk disk{world.random, world.clock,
                      [this](Duration delay, std::function<void()> event) { world.after(delay, std::move(event)); }};
    raft::Options options{
        .node = NodeId(1), .directory_id = metadata::directory_id, .cluster_id = "c", .log_dir = "/data"};
    settings::BrokerSettings settings;
    std::unique_ptr<raft::Raft> raft;
    std::unique_ptr<Controller> controller;
    std::vector<metadata::Delta> published;
    std::vector<std::string> answers;
    bool is_ready = false;
    uint64_t starts_count = 600;
    bool is_fenced = true;
    std::string failure;
};

using Answers = std::vector<std::string>;

// What brokers tell of their loads is known to the active controller, and to none after it.
TEST_F(ControllerTest, loads_are_soft_state) {
    start_with_broker();
    create("a");
    run();
    const auto tell = [this](int64_t epoch) {
        std::optional<Result<void>> answer;
        ReportLoad report{.broker = NodeId(1), .broker_epoch = epoch, .disk = {100, 50, 40}, .partitions = {}};
        report.partitions.push_back({controller->image()->topic("a")->id, PartitionIndex(0), {30, 3}});
        controller->submit(report, Done<Result<void>>([&](const Result<void>& given) { answer = given; }));
        return answer.value_or(unexpected(ErrorCode::unknown_server_error));
    };
    const int64_t epoch = controller->image()->broker(NodeId(1))->epoch;
    EXPECT_EQ(tell(epoch + 1).error(), ErrorCode::stale_broker_epoch);
    const Offset before = raft->next_offset();
    EXPECT_TRUE(tell(epoch).has_value());
    EXPECT_EQ(raft->next_offset(), before) << "nothing of it is in the log";
    ASSERT_NE(controller->weights().disk_of(NodeId(1)), nullptr);
    EXPECT_EQ(controller->weights().disk_of(NodeId(1))->logs_bytes, 40U);
    controller->lost_leadership();
    EXPECT_EQ(tell(epoch).error(), ErrorCode::not_controller);
    controller->became_leader(LeaderEpoch(9));
    EXPECT_EQ(controller->weights().disk_of(NodeId(1)), nullptr);
}

TEST_F(ControllerTest, empty_directory_begins_with_the_feature_levels) {
    start();
    EXPECT_TRUE(is_ready);
    EXPECT_EQ(metadata::metadata_version(*controller->image()->features), metadata::metadata_version_latest);
    EXPECT_EQ(published.size(), 2U);
    EXPECT_EQ(published.back().after, controller->image());
}

TEST_F(ControllerTest, topic_is_answered_when_it_is_durable_and_published) {
    start_with_broker();
    create("a");
    EXPECT_TRUE(answers.empty());
    EXPECT_EQ(controller->image()->topic("a"), nullptr);
    run();
    EXPECT_EQ(answers, Answers{"a NONE"});
    EXPECT_NE(published.back().after->topic("a"), nullptr);
    restart_after_power_loss();
    EXPECT_NE(controller->image()->topic("a"), nullptr);
}

TEST_F(ControllerTest, requests_see_what_was_proposed_before_them) {
    start_with_broker();
    create("a");
    create("a");
    create("b");
    EXPECT_TRUE(answers.empty());
    run();
    EXPECT_EQ(answers, (Answers{"a NONE", "a TOPIC_ALREADY_EXISTS", "b NONE"}));
}

TEST_F(ControllerTest, many_requests_share_a_sync) {
    start_with_broker();
    for (int i = 0; i < 100; ++i) create("t" + std::to_string(i));
    const Instant begin = world.clock.now();
    world.run_until(begin + std::chrono::seconds(10), [&] { return answers.size() == 100; });
    EXPECT_EQ(answers.size(), 100U);
    EXPECT_LT(world.clock.now() - begin, std::chrono::seconds(1));
}

TEST_F(ControllerTest, refusal_is_answered_after_what_it_relies_on) {
    start_with_broker();
    create("a");
    run(std::chrono::milliseconds(0));
    create("a");
    EXPECT_TRUE(answers.empty());
    run();
    EXPECT_EQ(answers.back(), "a TOPIC_ALREADY_EXISTS");
    create("a");
    EXPECT_EQ(answers.size(), 3U);
}

TEST_F(ControllerTest, restart_registers_again_and_raises_epochs) {
    start_with_broker();
    create("a", 3);
    run();
    stop();
    disk.restart();
    start_with_broker();
    EXPECT_EQ(controller->image()->topic("a")->partitions[2]->leader_epoch, LeaderEpoch(1));
    EXPECT_EQ(published.front().before->topics->by_id.size(), 0U);
    EXPECT_EQ(published.front().topics.size(), 1U);
    const auto same = metadata::Image::empty();
    EXPECT_FALSE(controller->image()->same_state(*same));
}

TEST_F(ControllerTest, snapshot_and_log_give_the_same_image) {
    options.snapshot_bytes_max = 1;
    start_with_broker();
    for (int i = 0; i < 20; ++i) {
        create("t" + std::to_string(i), 3);
        run();
        if (i % 7 == 0) raft->tick();
        run();
    }
    const auto before = controller->image();
    restart_after_power_loss();
    EXPECT_TRUE(controller->image()->same_state(*before));
    EXPECT_EQ(controller->image()->offset, before->offset);
}

TEST_F(ControllerTest, registration_with_many_partitions_comes_in_pieces) {
    start_with_broker();
    create("a", 25'000);
    run();
    ASSERT_EQ(answers, Answers{"a NONE"});
    stop();
    disk.restart();
    start_with_broker();
    EXPECT_EQ(published.size(), 4U);  // the first image, and three pieces
    EXPECT_EQ(controller->image()->topic("a")->partitions[24'999]->leader_epoch, LeaderEpoch(1));
}

TEST_F(ControllerTest, broker_from_elsewhere_is_unfenced_by_a_heartbeat_and_fenced_for_its_silence) {
    start_with_broker();
    EXPECT_GE(join_second(), 0);
    EXPECT_FALSE(is_fenced);
    EXPECT_TRUE(is_active(2));
    tick_for(std::chrono::seconds(8));
    EXPECT_TRUE(is_active(2));
    tick_for(std::chrono::seconds(3));
    EXPECT_FALSE(is_active(2));
    EXPECT_TRUE(is_active(1));
}

TEST_F(ControllerTest, broker_in_the_process_of_the_controller_is_never_silent) {
    start_with_broker();
    for (int i = 0; i < 40; ++i) {
        controller->tick();
        run(std::chrono::milliseconds(500));
    }
    EXPECT_TRUE(is_active(1));
}

TEST_F(ControllerTest, broken_connection_fences_at_once_and_the_next_heartbeat_unfences) {
    start_with_broker();
    const int64_t epoch = join_second();
    controller->connection_broke(NodeId(2));
    run();
    EXPECT_FALSE(is_active(2));
    beat(2, epoch);
    EXPECT_TRUE(is_active(2));
    controller->connection_broke(NodeId(9));
}

TEST_F(ControllerTest, second_process_under_an_id_waits_until_the_first_one_is_gone) {
    start_with_broker();
    EXPECT_GE(join_second(), 0);
    EXPECT_EQ(join_second(), -1);
    controller->connection_broke(NodeId(2));
    EXPECT_GE(join_second(), 0);
}

TEST_F(ControllerTest, internal_topic_grows_when_a_second_broker_joins) {
    settings = settings::BrokerSettings(settings::Texts{{"offsets.topic.num.partitions", "3"}});
    start_with_broker();
    wire::CreateTopicsRequest request;
    request.topics.push_back({.name = "__consumer_offsets", .num_partitions = -1, .replication_factor = -1});
    controller->submit(request, Done<wire::CreateTopicsResponse>([](const wire::CreateTopicsResponse&) {}));
    run();
    join_second();
    tick_for(std::chrono::seconds(1));
    for (const auto& partition : controller->image()->topic("__consumer_offsets")->partitions)
        EXPECT_EQ(partition->adding_replicas, std::vector{NodeId(2)});
}

TEST_F(ControllerTest, isr_changes_when_the_leader_asks) {
    start_with_broker();
    join_second();
    wire::CreateTopicsRequest request;
    request.topics.push_back({.name = "a", .num_partitions = 1, .replication_factor = 2});
    controller->submit(request, Done<wire::CreateTopicsResponse>([](const wire::CreateTopicsResponse&) {}));
    run();
    const metadata::TopicImage* topic = controller->image()->topic("a");
    ASSERT_NE(topic, nullptr);
    const NodeId leader = topic->partitions[0]->leader;
    const AlterPartition shrink{.broker = leader,
                                .broker_epoch = controller->image()->broker(leader)->epoch,
                                .changes = {{.key = {topic->id, PartitionIndex(0)},
                                             .leader_epoch = LeaderEpoch(0),
                                             .partition_epoch = 0,
                                             .isr = {leader}}}};
    std::vector<ErrorCode> outcomes;
    controller->submit(shrink, [&](const Result<AlterPartitionAnswer>& answer) { outcomes = answer->outcomes; });
    run();
    EXPECT_EQ(outcomes, std::vector{ErrorCode::none});
    EXPECT_EQ(controller->image()->topic("a")->partitions[0]->isr, std::vector{leader});
}

TEST_F(ControllerTest, full_disk_refuses_and_the_next_request_succeeds) {
    start_with_broker();
    disk.limit_capacity(disk.used_bytes() + 10);
    create("a", 100);
    run();
    EXPECT_EQ(answers, Answers{"a KAFKA_STORAGE_ERROR"});
    disk.heal();
    create("a");
    run();
    EXPECT_EQ(answers.back(), "a NONE");
    EXPECT_EQ(controller->image()->topic("a")->partitions.size(), 1U);
}

TEST_F(ControllerTest, failed_log_answers_everybody_and_says_so) {
    start_with_broker();
    disk.fail_syncs(true);
    create("a");
    run();
    EXPECT_EQ(answers, Answers{"a NOT_CONTROLLER"});
    EXPECT_NE(failure, "");
    create("b");
    EXPECT_EQ(answers.back(), "b NOT_CONTROLLER");
}

TEST_F(ControllerTest, nothing_is_decided_before_the_log_is_loaded) {
    raft = std::move(raft::Raft::open({disk, world.clock, world.random}, options)).value();
    controller = std::make_unique<Controller>(Controller::Environment{*raft, world.random}, NodeId(1), settings,
                                              [](const metadata::Delta&, const std::function<void()>&) {});
    create("a b");
    AllocateProducerIds ids{NodeId(1)};
    bool was_refused = false;
    controller->submit(ids, [&](Result<ProducerIdBlock> block) { was_refused = !block.has_value(); });
    bool was_heard = true;
    controller->submit(BrokerHeartbeat{.broker = NodeId(1)},
                       [&](const Result<HeartbeatAnswer>& answer) { was_heard = answer.has_value(); });
    EXPECT_EQ(answers, Answers{"a b NOT_CONTROLLER"});
    EXPECT_TRUE(was_refused);
    EXPECT_FALSE(was_heard);
}

// Whoever leads by now may have deleted the topic, or finalized another level.
TEST_F(ControllerTest, who_leads_no_longer_answers_nothing_of_what_it_knew) {
    start_with_broker();
    create("a");
    run();
    controller->lost_leadership();
    create("a");
    EXPECT_EQ(answers.back(), "a NOT_CONTROLLER");

    const auto now = [this](const auto& request, auto answer) {
        controller->submit(request, Done<decltype(answer)>([&answer](const auto& given) { answer = given; }));
        return answer;
    };
    wire::ElectLeadersRequest election;
    election.topic_partitions.emplace().push_back({.topic = "a", .partitions = {0}});
    const auto elected = now(election, wire::ElectLeadersResponse());
    EXPECT_EQ(elected.error_code.value, ErrorCode::not_controller);
    EXPECT_EQ(elected.replica_election_results.at(0).partition_result.at(0).error_code, ErrorCode::not_controller);

    wire::AlterPartitionReassignmentsRequest cancellation;
    cancellation.topics.push_back({.name = "a", .partitions = {{.partition_index = 0, .replicas = std::nullopt}}});
    const auto cancelled = now(cancellation, wire::AlterPartitionReassignmentsResponse());
    EXPECT_EQ(cancelled.error_code, ErrorCode::not_controller);
    EXPECT_EQ(cancelled.responses.at(0).partitions.at(0).error_code, ErrorCode::not_controller);

    for (const std::string_view feature : {metadata::metadata_version_feature, metadata::kraft_version_feature}) {
        wire::UpdateFeaturesRequest update;
        update.feature_updates.push_back({.feature = feature, .max_version_level = 1});
        update.validate_only = true;
        const auto updated = now(update, wire::UpdateFeaturesResponse());
        EXPECT_EQ(updated.error_code, ErrorCode::not_controller);
        EXPECT_FALSE(updated.error_message.has_value());
    }
}

TEST_F(ControllerTest, dynamic_settings_count_for_the_next_request) {
    start_with_broker();
    wire::IncrementalAlterConfigsRequest request;
    request.resources.push_back(
        {.resource_type = 4, .resource_name = "", .configs = {{"log.retention.ms", 0, "86400000"}}});
    ErrorCode outcome = ErrorCode::unknown_server_error;
    controller->submit(request, Done<wire::IncrementalAlterConfigsResponse>(
                                    [&](const wire::IncrementalAlterConfigsResponse& response) {
                                        outcome = response.responses.front().error_code;
                                    }));
    wire::CreateTopicsRequest creation;
    creation.topics.push_back({.name = "a", .num_partitions = 1, .replication_factor = 1});
    std::string retention;
    controller->submit(creation, Done<wire::CreateTopicsResponse>([&](const wire::CreateTopicsResponse& response) {
                           for (const auto& config : *response.topics.front().configs)
                               if (config.name == "retention.ms") retention = *config.value;
                       }));
    run();
    EXPECT_EQ(outcome, ErrorCode::none);
    EXPECT_EQ(retention, "86400000");
}

TEST_F(ControllerTest, formatted_directory_begins_with_what_it_was_formatted_with) {
    std::shared_ptr<raft::SnapshotWriter> writer =
        raft::SnapshotWriter::create(disk, "/data", {Offset(0), LeaderEpoch(0)}, {}).value();
    for (const metadata::Record& record :
         {metadata::Record(wire::FeatureLevelRecord{.name = "metadata.version", .feature_level = 27}),
          metadata::Record(wire::FeatureLevelRecord{.name = "group.version", .feature_level = 1})})
        writer->add(metadata::encode_record(record, 27));
    raft::SnapshotWriter::finish(writer, [](env::DiskResult<void>) {});
    run();
    ASSERT_TRUE(disk.rename("/data/00000000000000000000-0000000000.checkpoint", "/data/bootstrap.checkpoint"));
    start();
    EXPECT_EQ(metadata::metadata_version(*controller->image()->features), 27);
    EXPECT_EQ(metadata::feature_level(*controller->image()->features, "group.version"), 1);
}

TEST_F(ControllerTest, metadata_version_of_a_later_kafka_is_refused) {
    start();
    stop();
    raft = std::move(raft::Raft::open({disk, world.clock, world.random}, options)).value();
    struct Writer : raft::StateMachine {
        explicit Writer(raft::Raft& log) : raft(log) {}
        void load_begin() override {}
        Result<void, std::string> load(const std::vector<Bytes>&) override { return {}; }
        void load_end(const raft::SnapshotId&, Timestamp) override {}
        Result<void, std::string> apply(const raft::Batch&) override { return {}; }
        void write_snapshot(const std::function<void(Bytes)>&) override {}
        void caught_up() override {}
        void lost_leadership() override {}
        void leader_changed(NodeId, LeaderEpoch) override {}
        void voters_changed(const raft::VoterSet&, int16_t) override {}
        void unreachable(NodeId) override {}
        void became_leader(LeaderEpoch) override {
            const wire::FeatureLevelRecord later{.name = "metadata.version", .feature_level = 99};
            EXPECT_TRUE(raft.propose({metadata::encode_record(later, 30)}).has_value());
        }
        void failed(const std::string&) override {}
        raft::Raft& raft;
    } writer(*raft);
    raft->start(writer);
    run();
    stop();
    disk.restart();
    start();
    EXPECT_FALSE(is_ready);
    EXPECT_NE(failure.find("99"), std::string::npos);
}

}  // namespace
}  // namespace milena::controller
