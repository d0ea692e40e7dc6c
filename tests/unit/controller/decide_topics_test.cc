#include "unit/controller/decide_fixture.h"

namespace milena::controller {
namespace {

class CreateTopics : public DecideFixture {
  public:
    CreateTopics() { add_broker(1); }

    wire::CreateTopicsResponse::Topic only(const wire::CreateTopicsRequest& request) {
        const auto decision = decided(request);
        EXPECT_EQ(decision.response.topics.size(), 1U);
        const auto& topic = decision.response.topics.front();
        EXPECT_EQ(decision.records.empty(), topic.error_code != ErrorCode::none);
        return topic;
    }
    ErrorCode error_of(const wire::CreateTopicsRequest& request) { return only(request).error_code; }
};

TEST_F(CreateTopics, gives_partitions_led_by_the_broker) {
    create("orders", 3);
    const metadata::TopicImage* topic = image->topic("orders");
    ASSERT_NE(topic, nullptr);
    ASSERT_EQ(topic->partitions.size(), 3U);
    for (const auto& partition : topic->partitions) {
        EXPECT_EQ(partition->leader, NodeId(1));
        EXPECT_EQ(partition->isr, partition->replicas);
        EXPECT_EQ(partition->leader_epoch, LeaderEpoch(0));
        EXPECT_EQ(partition->directories, std::vector{metadata::directory_id});
    }
}

TEST_F(CreateTopics, answers_with_id_counts_and_settings) {
    auto request = creation("orders", 2);
    request.topics[0].configs.push_back({"retention.ms", "1000"});
    const auto response = done(request);
    const auto& topic = response.topics.front();
    EXPECT_EQ(topic.topic_id, image->topic("orders")->id);
    EXPECT_EQ(topic.num_partitions, 2);
    EXPECT_EQ(topic.replication_factor, 1);
    ASSERT_TRUE(topic.configs.has_value());
    const auto retention = std::ranges::find(*topic.configs, "retention.ms", &wire::CreateTopicsResponse::Config::name);
    ASSERT_NE(retention, topic.configs->end());
    EXPECT_EQ(retention->value, "1000");
    EXPECT_EQ(retention->config_source, 1);
    EXPECT_EQ(image->topic_config("orders").at("retention.ms"), "1000");
}

TEST_F(CreateTopics, validate_only_creates_nothing) {
    auto request = creation("orders");
    request.validate_only = true;
    const auto decision = decided(request);
    EXPECT_EQ(decision.response.topics.front().error_code, ErrorCode::none);
    EXPECT_TRUE(decision.records.empty());
}

TEST_F(CreateTopics, defaults_stand_in_for_minus_one) {
    configure({{"num.partitions", "4"}, {"default.replication.factor", "2"}});
    add_broker(2);
    create("orders", -1, -1);
    EXPECT_EQ(image->topic("orders")->partitions.size(), 4U);
    EXPECT_EQ(image->topic("orders")->partitions[0]->replicas.size(), 2U);
}

TEST_F(CreateTopics, bad_names_are_refused) {
    for (const char* name : {"", ".", "..", "a b", "a/b", "ä"})
        EXPECT_EQ(error_of(creation(name)), ErrorCode::invalid_topic_exception) << name;
    EXPECT_EQ(error_of(creation(std::string(250, 'a'))), ErrorCode::invalid_topic_exception);
    EXPECT_EQ(error_of(creation(std::string(249, 'a'))), ErrorCode::none);
    EXPECT_EQ(error_of(creation("__cluster_metadata")), ErrorCode::invalid_request);
}

TEST_F(CreateTopics, existing_and_colliding_names_are_refused) {
    create("a.b");
    EXPECT_EQ(error_of(creation("a.b")), ErrorCode::topic_already_exists);
    EXPECT_EQ(error_of(creation("a_b")), ErrorCode::invalid_topic_exception);
    EXPECT_EQ(error_of(creation("a-b")), ErrorCode::none);
}

TEST_F(CreateTopics, same_name_twice_is_refused_once) {
    auto request = creation("a");
    request.topics.push_back(request.topics[0]);
    request.topics.push_back(creation("b").topics[0]);
    const auto response = done(request);
    ASSERT_EQ(response.topics.size(), 2U);
    EXPECT_EQ(response.topics[0].error_code, ErrorCode::invalid_request);
    EXPECT_EQ(response.topics[1].error_code, ErrorCode::none);
    EXPECT_EQ(image->topic("a"), nullptr);
    EXPECT_NE(image->topic("b"), nullptr);
}

TEST_F(CreateTopics, bad_counts_are_refused) {
    EXPECT_EQ(error_of(creation("a", 0)), ErrorCode::invalid_partitions);
    EXPECT_EQ(error_of(creation("a", -2)), ErrorCode::invalid_partitions);
    EXPECT_EQ(error_of(creation("a", 1, 0)), ErrorCode::invalid_replication_factor);
    EXPECT_EQ(error_of(creation("a", 1, -2)), ErrorCode::invalid_replication_factor);
    EXPECT_EQ(error_of(creation("a", 1, 2)), ErrorCode::invalid_replication_factor);
    EXPECT_EQ(error_of(creation("a", 2'000'000'000)), ErrorCode::policy_violation);
}

TEST_F(CreateTopics, a_topic_that_is_refused_has_no_settings_instead_of_unknown_ones) {
    const auto response = done(creation("a", 1, 2));
    ASSERT_TRUE(response.topics.front().configs.has_value());
    EXPECT_TRUE(response.topics.front().configs->empty());
}

TEST_F(CreateTopics, bad_settings_are_refused) {
    auto request = creation("a");
    request.topics[0].configs.push_back({"no.such.setting", "1"});
    EXPECT_EQ(error_of(request), ErrorCode::invalid_config);
    request.topics[0].configs[0] = {"retention.ms", "often"};
    EXPECT_EQ(error_of(request), ErrorCode::invalid_config);
    request.topics[0].configs[0] = {"retention.ms", std::nullopt};
    const auto result = only(request);
    EXPECT_EQ(result.error_code, ErrorCode::invalid_config);
    EXPECT_NE(result.error_message->find("retention.ms"), std::string::npos);
}

TEST_F(CreateTopics, one_bad_topic_does_not_hinder_the_others) {
    auto request = creation("good");
    request.topics.push_back(creation("b a d").topics[0]);
    const auto response = done(request);
    EXPECT_EQ(response.topics[0].error_code, ErrorCode::none);
    EXPECT_EQ(response.topics[1].error_code, ErrorCode::invalid_topic_exception);
    EXPECT_NE(image->topic("good"), nullptr);
}

TEST_F(CreateTopics, manual_assignment_is_followed) {
    add_broker(2);
    auto request = creation("a", -1, -1);
    request.topics[0].assignments = {{1, {1, 2}}, {0, {2, 1}}};
    const auto response = done(request);
    ASSERT_EQ(response.topics[0].error_code, ErrorCode::none);
    EXPECT_EQ(response.topics[0].num_partitions, 2);
    EXPECT_EQ(image->topic("a")->partitions[0]->leader, NodeId(2));
    EXPECT_EQ(image->topic("a")->partitions[1]->leader, NodeId(1));
}

TEST_F(CreateTopics, bad_manual_assignments_are_refused) {
    add_broker(2, "", true);
    const auto error = [&](std::vector<wire::CreateTopicsRequest::Assignment> assignments) {
        auto request = creation("a", -1, -1);
        request.topics[0].assignments = std::move(assignments);
        return error_of(request);
    };
    EXPECT_EQ(error({{0, {}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(error({{0, {7}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(error({{0, {1, 1}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(error({{0, {1}}, {0, {1}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(error({{0, {1}}, {2, {1}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(error({{-1, {1}}, {0, {1}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(error({{0, {1}}, {1, {1, 2}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(error({{0, {2}}}), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(error({{0, {1, 2}}}), ErrorCode::none);
    auto request = creation("a", 1, -1);
    request.topics[0].assignments = {{0, {1}}};
    EXPECT_EQ(error_of(request), ErrorCode::invalid_request);
}

TEST_F(CreateTopics, fenced_replica_is_not_in_sync) {
    add_broker(2, "", true);
    create("a", 1, 2);
    EXPECT_EQ(image->topic("a")->partitions[0]->isr, std::vector{NodeId(1)});
    EXPECT_EQ(image->topic("a")->partitions[0]->replicas.size(), 2U);
}

TEST_F(CreateTopics, without_an_active_broker_nothing_can_be_created) {
    image = metadata::Image::empty();
    add_broker(1, "", true);
    EXPECT_EQ(error_of(creation("a")), ErrorCode::invalid_replication_factor);
}

TEST_F(CreateTopics, internal_topic_gets_its_own_defaults) {
    create("__consumer_offsets", -1, -1);
    EXPECT_EQ(image->topic("__consumer_offsets")->partitions.size(), 50U);
    EXPECT_EQ(image->topic("__consumer_offsets")->partitions[0]->replicas.size(), 1U);
    EXPECT_EQ(image->topic_config("__consumer_offsets").at("cleanup.policy"), "compact");
}

TEST_F(CreateTopics, configured_factor_of_an_internal_topic_is_meant) {
    configure({{"offsets.topic.replication.factor", "3"}});
    EXPECT_EQ(error_of(creation("__consumer_offsets", -1, -1)), ErrorCode::invalid_replication_factor);
}

TEST_F(CreateTopics, ids_are_never_reserved_or_taken) {
    std::set<Uuid> ids;
    for (int i = 0; i < 200; ++i) {
        create("t" + std::to_string(i));
        const Uuid id = image->topic("t" + std::to_string(i))->id;
        EXPECT_TRUE(ids.insert(id).second);
        EXPECT_NE(id.to_string().front(), '-');
    }
}

TEST_F(CreateTopics, ten_thousand_partitions_fit_into_one_request_but_not_any_number) {
    EXPECT_EQ(decided(creation("a", 10'000)).records.size(), 10'001U);
    auto request = creation("a", 30'000);
    request.topics.push_back(creation("b", 30'000).topics[0]);
    const auto response = done(request);
    EXPECT_EQ(response.topics[0].error_code, ErrorCode::none);
    EXPECT_EQ(response.topics[1].error_code, ErrorCode::policy_violation);
}

}  // namespace
}  // namespace milena::controller
