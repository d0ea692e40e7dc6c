#include "metadata/delta.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "unit/metadata/records_fixture.h"

namespace milena::metadata {
namespace {

class DeltaTest : public testing::Test {
  public:
    DeltaTest() {
        set_log_sink([this](LogLevel, std::string_view) { ++lines; });
    }
    ~DeltaTest() override { set_log_sink(nullptr); }

    const std::shared_ptr<const Image> one_topic =
        image_of({topic("orders", orders_id), partition(orders_id, 0), partition(orders_id, 1),
                  config(2, "orders", "retention.ms", "1"), broker(1, 5)});
    int lines = 0;
};

wire::PartitionChangeRecord change(int32_t index) {
    wire::PartitionChangeRecord record;
    record.partition_id = index;
    record.topic_id = orders_id;
    return record;
}

TEST_F(DeltaTest, new_topic_is_told_with_all_its_partitions) {
    const Delta delta = after(one_topic, {topic("events", events_id), partition(events_id, 0)});
    ASSERT_EQ(delta.topics.size(), 1U);
    EXPECT_EQ(delta.topics[0].before, nullptr);
    EXPECT_EQ(delta.topics[0].after->name, "events");
    EXPECT_EQ(delta.topics[0].partitions, std::vector{PartitionIndex(0)});
    EXPECT_EQ(delta.before, one_topic);
}

TEST_F(DeltaTest, deleted_topic_takes_its_settings_along) {
    const Delta delta = after(one_topic, {wire::RemoveTopicRecord{.topic_id = orders_id}});
    ASSERT_EQ(delta.topics.size(), 1U);
    EXPECT_EQ(delta.topics[0].after, nullptr);
    EXPECT_EQ(delta.topics[0].partitions.size(), 2U);
    EXPECT_EQ(delta.after->topic("orders"), nullptr);
    EXPECT_EQ(delta.after->topic(orders_id), nullptr);
    EXPECT_TRUE(delta.after->topic_config("orders").empty());
    EXPECT_TRUE(delta.after->configs->empty());
}

TEST_F(DeltaTest, name_deleted_and_created_again_belongs_to_the_new_topic) {
    const Delta delta = after(one_topic, {wire::RemoveTopicRecord{.topic_id = orders_id}, topic("orders", events_id),
                                          config(2, "orders", "retention.ms", "2"), partition(events_id, 0)});
    EXPECT_EQ(delta.topics.size(), 2U);
    EXPECT_EQ(delta.after->topic("orders")->id, events_id);
    EXPECT_EQ(delta.after->topic(orders_id), nullptr);
    EXPECT_EQ(delta.after->topic_config("orders").at("retention.ms"), "2");
}

TEST_F(DeltaTest, name_recreated_whatever_the_order_of_the_ids) {
    const Uuid smaller{0, 500};
    const Delta delta = after(one_topic, {wire::RemoveTopicRecord{.topic_id = orders_id}, topic("orders", smaller)});
    EXPECT_EQ(delta.after->topic("orders")->id, smaller);
    EXPECT_EQ(delta.after->topics->by_id.size(), 1U);
}

TEST_F(DeltaTest, topic_created_and_deleted_at_once_leaves_nothing) {
    const Delta delta = after(one_topic, {topic("events", events_id), partition(events_id, 0),
                                          wire::RemoveTopicRecord{.topic_id = events_id}});
    EXPECT_TRUE(delta.topics.empty());
    EXPECT_TRUE(delta.after->same_state(*one_topic));
}

TEST_F(DeltaTest, only_the_changed_partition_is_told) {
    auto record = change(1);
    record.isr.emplace();
    const Delta delta = after(one_topic, {record});
    ASSERT_EQ(delta.topics.size(), 1U);
    EXPECT_EQ(delta.topics[0].partitions, std::vector{PartitionIndex(1)});
    EXPECT_EQ(delta.topics[0].before->partitions[0], delta.topics[0].after->partitions[0]);
    EXPECT_TRUE(delta.after->partition(orders_id, PartitionIndex(1))->isr.empty());
}

TEST_F(DeltaTest, naming_a_leader_begins_a_leader_epoch_even_for_the_same_leader) {
    auto record = change(0);
    record.leader = 1;
    const auto image = after(one_topic, {record}).after;
    EXPECT_EQ(image->partition(orders_id, PartitionIndex(0))->leader_epoch, LeaderEpoch(1));
    EXPECT_EQ(image->partition(orders_id, PartitionIndex(0))->partition_epoch, 1);
}

TEST_F(DeltaTest, other_changes_keep_the_leader_epoch) {
    auto record = change(0);
    record.isr.emplace(std::vector<int32_t>{1});
    const auto image = after(one_topic, {record}).after;
    EXPECT_EQ(image->partition(orders_id, PartitionIndex(0))->leader_epoch, LeaderEpoch(0));
    EXPECT_EQ(image->partition(orders_id, PartitionIndex(0))->partition_epoch, 1);
}

TEST_F(DeltaTest, new_replicas_without_directories_are_unassigned) {
    auto record = change(0);
    record.replicas.emplace(std::vector<int32_t>{1, 2});
    const auto image = after(one_topic, {record}).after;
    const std::vector<Uuid> expected{directory_id, unassigned_directory};
    EXPECT_EQ(image->partition(orders_id, PartitionIndex(0))->directories, expected);
}

TEST_F(DeltaTest, elr_is_cleared_where_there_is_one) {
    auto record = change(0);
    record.eligible_leader_replicas.emplace(std::vector<int32_t>{1});
    const auto with_elr = after(one_topic, {record}).after;
    const Delta delta = after(with_elr, {wire::ClearElrRecord{.topic_name = ""}});
    EXPECT_TRUE(delta.after->partition(orders_id, PartitionIndex(0))->elr.empty());
    ASSERT_EQ(delta.topics.size(), 1U);
    EXPECT_EQ(delta.topics[0].partitions, std::vector{PartitionIndex(0)});
    EXPECT_TRUE(after(with_elr, {wire::ClearElrRecord{.topic_name = "orders"}}).after->same_state(*delta.after));
}

TEST_F(DeltaTest, null_config_removes_it_and_the_last_one_the_resource) {
    const Delta delta = after(one_topic, {config(2, "orders", "retention.ms", std::nullopt)});
    EXPECT_TRUE(delta.after->configs->empty());
    EXPECT_TRUE(delta.configs.contains({ConfigResourceType::topic, "orders"}));
}

TEST_F(DeltaTest, broker_changes_need_the_right_epoch) {
    wire::BrokerRegistrationChangeRecord record;
    record.broker_id = 1;
    record.broker_epoch = 5;
    record.fenced = int8_t{-1};
    EXPECT_FALSE(after(one_topic, {record}).after->broker(NodeId(1))->is_fenced);
    EXPECT_EQ(lines, 0);
    record.broker_epoch = 4;
    EXPECT_TRUE(after(one_topic, {record}).after->broker(NodeId(1))->is_fenced);
    EXPECT_EQ(lines, 1);
}

TEST_F(DeltaTest, what_makes_no_sense_is_skipped_with_a_line) {
    auto unknown = change(0);
    unknown.topic_id = events_id;
    const Delta delta = after(
        one_topic, {unknown, change(7), topic("orders", events_id), topic("other", orders_id), partition(events_id, 0),
                    wire::RemoveTopicRecord{.topic_id = events_id}, wire::UnregisterBrokerRecord{.broker_id = 9},
                    wire::ClearElrRecord{.topic_name = "nothing"}, partition(orders_id, -1)});
    EXPECT_TRUE(delta.after->same_state(*one_topic));
    EXPECT_EQ(lines, 9);
}

TEST_F(DeltaTest, partition_behind_a_gap_is_skipped) {
    const Delta delta = after(one_topic, {partition(orders_id, 1'000'000'000), partition(orders_id, 2)});
    EXPECT_EQ(delta.after->topic("orders")->partitions.size(), 3U);
    EXPECT_EQ(lines, 1);
}

TEST_F(DeltaTest, everything_is_new_to_who_sees_the_first_image) {
    const Delta delta = everything(one_topic);
    ASSERT_EQ(delta.topics.size(), 1U);
    EXPECT_EQ(delta.topics[0].partitions.size(), 2U);
    EXPECT_TRUE(delta.configs.contains({ConfigResourceType::topic, "orders"}));
    EXPECT_TRUE(delta.brokers.contains(NodeId(1)));
    EXPECT_TRUE(delta.features_changed);
    EXPECT_EQ(delta.after, one_topic);
}

TEST_F(DeltaTest, records_without_meaning_for_the_cluster_change_nothing) {
    const Delta delta = after(one_topic, {wire::NoOpRecord{}, wire::ZkMigrationStateRecord{}});
    EXPECT_TRUE(delta.is_empty());
    EXPECT_EQ(delta.after->offset, Offset(100));
}

// A snapshot stands for many deltas.
TEST_F(DeltaTest, difference_is_what_the_records_between_would_have_told) {
    const Delta told = after(one_topic, {topic("events", events_id), partition(events_id, 0), partition(orders_id, 2),
                                         config(2, "orders", "retention.ms", "2"), broker(2, 9)});
    const Delta found = difference(one_topic, told.after);
    ASSERT_EQ(found.topics.size(), 2U);
    for (const TopicChange& change : found.topics) {
        const bool is_new = change.after->name == "events";
        EXPECT_EQ(change.before == nullptr, is_new);
        EXPECT_EQ(change.partitions, std::vector{PartitionIndex(is_new ? 0 : 2)});
    }
    EXPECT_EQ(found.configs, told.configs);
    EXPECT_EQ(found.brokers, told.brokers);
}

TEST_F(DeltaTest, difference_tells_what_has_gone_with_all_its_partitions) {
    const Delta found = difference(one_topic, Image::empty());
    ASSERT_EQ(found.topics.size(), 1U);
    EXPECT_EQ(found.topics[0].after, nullptr);
    EXPECT_EQ(found.topics[0].partitions.size(), 2U);
    EXPECT_EQ(found.configs.size(), 1U);
    EXPECT_EQ(found.brokers.size(), 1U);
}

TEST_F(DeltaTest, difference_of_equal_images_names_no_topic) {
    const Delta found = difference(one_topic, one_topic);
    EXPECT_TRUE(found.topics.empty());
    EXPECT_TRUE(found.configs.empty());
    EXPECT_TRUE(found.brokers.empty());
}

}  // namespace
}  // namespace milena::metadata
