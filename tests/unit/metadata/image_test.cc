#include "metadata/image.h"

#include <gtest/gtest.h>

#include "unit/metadata/records_fixture.h"

namespace milena::metadata {
namespace {

TEST(Image, empty_image_has_nothing) {
    const auto image = Image::empty();
    EXPECT_EQ(image->topic("orders"), nullptr);
    EXPECT_EQ(image->broker(NodeId(1)), nullptr);
    EXPECT_TRUE(image->topic_config("orders").empty());
    EXPECT_EQ(image->offset, no_offset);
}

TEST(Image, topic_is_found_by_name_and_by_id) {
    const auto image = image_of({topic("orders", orders_id), partition(orders_id, 0), topic("events", events_id)});
    ASSERT_NE(image->topic("orders"), nullptr);
    EXPECT_EQ(image->topic("orders"), image->topic(orders_id));
    EXPECT_EQ(image->topic(events_id)->name, "events");
    EXPECT_EQ(image->topic("order"), nullptr);
}

TEST(Image, topics_are_in_the_order_of_their_names) {
    const auto image = image_of({topic("b", orders_id), topic("a", events_id), topic("c", directory_id)});
    std::string names;
    for (const auto& t : image->topics->by_name) names += t->name;
    EXPECT_EQ(names, "abc");
}

TEST(Image, partition_out_of_range_is_null) {
    const auto image = image_of({topic("orders", orders_id), partition(orders_id, 0)});
    EXPECT_NE(image->partition(orders_id, PartitionIndex(0)), nullptr);
    EXPECT_EQ(image->partition(orders_id, PartitionIndex(1)), nullptr);
    EXPECT_EQ(image->partition(orders_id, PartitionIndex(-1)), nullptr);
    EXPECT_EQ(image->partition(events_id, PartitionIndex(0)), nullptr);
}

TEST(Image, directory_of_a_broker_without_a_replica_is_unassigned) {
    const auto image = image_of({topic("orders", orders_id), partition(orders_id, 0, {1, 2})});
    const PartitionImage& p = *image->partition(orders_id, PartitionIndex(0));
    EXPECT_EQ(p.directory_of(NodeId(2)), directory_id);
    EXPECT_EQ(p.directory_of(NodeId(3)), unassigned_directory);
    EXPECT_FALSE(p.has_replica(NodeId(3)));
}

TEST(Image, images_share_what_did_not_change) {
    const auto first = image_of({topic("orders", orders_id), partition(orders_id, 0), broker(1, 5)});
    const auto second = after(first, {topic("events", events_id), partition(events_id, 0)}).after;
    EXPECT_EQ(first->topic("orders"), second->topic("orders"));
    EXPECT_EQ(first->brokers, second->brokers);
    EXPECT_EQ(first->topic("events"), nullptr);
    const auto third = after(second, {config(2, "orders", "retention.ms", "1")}).after;
    EXPECT_EQ(second->topics, third->topics);
}

TEST(Image, one_more_topic_beside_ten_thousand_copies_none_of_them) {
    Records records;
    for (uint64_t i = 0; i < 10'000; ++i) records.emplace_back(topic("t" + std::to_string(i), Uuid{9, i}));
    const auto before = image_of(records);
    const auto image = after(before, {topic("orders", orders_id)}).after;
    EXPECT_EQ(image->topics->by_name.size(), 10'001U);
    EXPECT_EQ(image->topic(Uuid{9, 1234})->name, "t1234");
    EXPECT_EQ(image->topic("t1234"), before->topic("t1234"));
}

}  // namespace
}  // namespace milena::metadata
