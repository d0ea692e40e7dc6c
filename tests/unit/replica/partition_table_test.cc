#include "replica/partition_table.h"

#include <gtest/gtest.h>

#include "metadata/delta.h"
#include "unit/replica/table_fixture.h"

namespace milena::replica {
namespace {

TEST_F(PartitionTableTest, new_topic_is_led_here_and_takes_writes_without_having_had_files) {
    start();
    apply(topic("orders", topic_id, 2));
    EXPECT_TRUE(names().empty());
    EXPECT_EQ(produce(topic_id, 1), ErrorCode::none);
    EXPECT_EQ(names(), std::vector<std::string>{"orders-1"});
}

TEST_F(PartitionTableTest, partition_of_another_shard_is_not_here) {
    const uint32_t owner = shard_of({topic_id, PartitionIndex{0}}, 2);
    start(1 - owner, 2);
    apply(topic("orders", topic_id, 1));
    EXPECT_EQ(produce(topic_id), ErrorCode::not_leader_or_follower);
}

TEST_F(PartitionTableTest, deleted_topic_loses_its_directory_after_the_delay) {
    config->topic_defaults.file_delete_delay_ms = 1000;
    start();
    apply(topic("orders", topic_id, 1));
    ASSERT_EQ(produce(topic_id), ErrorCode::none);
    wire::RemoveTopicRecord removal;
    removal.topic_id = topic_id;
    apply({removal});
    EXPECT_EQ(produce(topic_id), ErrorCode::not_leader_or_follower);
    ASSERT_EQ(names().size(), 1U);
    EXPECT_TRUE(names()[0].ends_with("-delete"));
    run_for(std::chrono::seconds(2));
    table->look_after_directories(10);
    EXPECT_TRUE(names().empty());
}

TEST_F(PartitionTableTest, topic_of_the_same_name_begins_empty) {
    start();
    apply(topic("orders", topic_id, 1));
    ASSERT_EQ(produce(topic_id), ErrorCode::none);
    wire::RemoveTopicRecord removal;
    removal.topic_id = topic_id;
    apply({removal});
    const Uuid second{3, 4};
    apply(topic("orders", second, 1));
    EXPECT_EQ(table->find({second, PartitionIndex{0}})->log().log_end_offset(), Offset{0});
}

TEST_F(PartitionTableTest, records_are_there_again_after_a_crash) {
    start();
    apply(topic("orders", topic_id, 1));
    ASSERT_EQ(produce(topic_id), ErrorCode::none);
    restart(false);
    EXPECT_EQ(table->find({topic_id, PartitionIndex{0}})->high_watermark(), Offset{1});
}

TEST_F(PartitionTableTest, what_a_crash_left_is_seen_once_it_is_durable_where_that_is_asked_for) {
    start();
    apply(topic("orders", topic_id, 1));
    ASSERT_EQ(produce(topic_id), ErrorCode::none);
    config->topic_defaults.flush_messages = 1;
    const uint64_t before = disk.blocking_syncs();
    restart(false);
    EXPECT_EQ(disk.blocking_syncs(), before) << "a start waits for no device";
    const Replica* replica = table->use({topic_id, PartitionIndex{0}}).replica;
    EXPECT_EQ(replica->log().log_end_offset(), Offset{1});
    EXPECT_EQ(replica->high_watermark(), Offset{0});
    EXPECT_TRUE(replica->is_catching_up());
    run_for(std::chrono::seconds(1));
    EXPECT_EQ(replica->high_watermark(), Offset{1});
    EXPECT_FALSE(replica->is_catching_up());
    EXPECT_EQ(replica->log().durable_offset(), Offset{1});
}

TEST_F(PartitionTableTest, a_checkpoint_reaches_every_log_that_needs_one) {
    constexpr int32_t partitions = 200;
    start();
    apply(topic("orders", topic_id, partitions));
    for (int32_t i = 0; i < partitions; i += 2) ASSERT_EQ(produce(topic_id, i), ErrorCode::none);
    table->checkpoint();
    table->checkpoint();
    run_for(std::chrono::seconds(5));
    for (int32_t i = 0; i < partitions; ++i)
        EXPECT_EQ(table->find({topic_id, PartitionIndex{i}})->log().recovery_point(), Offset{1 - i % 2}) << i;
}

TEST_F(PartitionTableTest, a_table_may_go_while_its_logs_are_made_durable) {
    start();
    apply(topic("orders", topic_id, 100));
    for (int32_t i = 0; i < 100; ++i) ASSERT_EQ(produce(topic_id, i), ErrorCode::none);
    table->checkpoint();
    table.reset();
    run_for(std::chrono::seconds(1));
    EXPECT_FALSE(directory.has_failed());
}

TEST_F(PartitionTableTest, all_logs_are_durable_before_they_are_closed) {
    start();
    apply(topic("orders", topic_id, 100));
    for (int32_t i = 0; i < 100; ++i) ASSERT_EQ(produce(topic_id, i), ErrorCode::none);
    bool is_done = false;
    table->flush_all([&] { is_done = true; });
    EXPECT_EQ(produce(topic_id), ErrorCode::not_leader_or_follower);
    run_for(std::chrono::seconds(5));
    EXPECT_TRUE(is_done);
    const uint64_t before = disk.blocking_syncs();
    EXPECT_TRUE(table->close_all());
    EXPECT_EQ(disk.blocking_syncs(), before);
}

// What a crash left unsound would be trusted by the next start.
TEST_F(PartitionTableTest, who_ends_before_the_first_image_has_not_closed_its_logs) {
    make();
    EXPECT_FALSE(table->close_all());
}

TEST_F(PartitionTableTest, clean_shutdown_leaves_nothing_to_recover) {
    start();
    apply(topic("orders", topic_id, 1));
    ASSERT_EQ(produce(topic_id), ErrorCode::none);
    restart(true);
    EXPECT_TRUE(inventory.was_closed_cleanly);
    EXPECT_EQ(inventory.closed_by, 7);
    EXPECT_EQ(table->find({topic_id, PartitionIndex{0}})->log().recovery_point(), Offset{1});
}

TEST(Inventories, process_has_closed_all_directories_cleanly_only_if_all_of_them_say_so) {
    const auto closed = [](std::vector<int64_t> epochs) {
        Inventories inventories;
        for (const int64_t epoch : epochs) {
            DirectoryInventory one;
            one.was_closed_cleanly = true;
            one.closed_by = epoch;
            inventories.push_back(std::make_shared<const DirectoryInventory>(std::move(one)));
        }
        return closed_by(inventories);
    };
    EXPECT_EQ(closed({5}), 5);
    EXPECT_EQ(closed({5, 5, 5}), 5);
    EXPECT_EQ(closed({5, 5, 4}), -1);
    EXPECT_EQ(closed({5, -1}), -1);
    EXPECT_EQ(closed({-1, 5}), -1);
    EXPECT_EQ(closed({-9}), -1);
    EXPECT_EQ(closed({}), -1);
}

TEST_F(PartitionTableTest, files_without_a_topic_are_set_aside_and_kept) {
    start();
    apply(topic("orders", topic_id, 1));
    ASSERT_EQ(produce(topic_id), ErrorCode::none);
    records.clear();
    restart(false);
    ASSERT_EQ(names().size(), 1U);
    EXPECT_TRUE(names()[0].ends_with("-stray"));
}

TEST_F(PartitionTableTest, files_of_a_partition_that_has_moved_away_meanwhile_are_set_aside) {
    start();
    apply(topic("orders", topic_id, 2));
    ASSERT_EQ(produce(topic_id, 0), ErrorCode::none);
    ASSERT_EQ(produce(topic_id, 1), ErrorCode::none);
    wire::PartitionChangeRecord moved;
    moved.topic_id = topic_id;
    moved.partition_id = 1;
    moved.replicas.emplace(std::vector<int32_t>{2});
    moved.isr.emplace(std::vector<int32_t>{2});
    moved.directories.emplace(std::vector<Uuid>{metadata::unassigned_directory});
    moved.leader = 2;
    records.emplace_back(moved);
    restart(false);
    ASSERT_EQ(names().size(), 2U);
    EXPECT_EQ(names()[0], "orders-0");
    EXPECT_TRUE(names()[1].ends_with("-stray")) << names()[1];
}

TEST_F(PartitionTableTest, failed_directory_answers_storage_error) {
    start();
    apply(topic("orders", topic_id, 1));
    disk.fail_below("/data");
    EXPECT_EQ(produce(topic_id), ErrorCode::kafka_storage_error);
    EXPECT_EQ(table->use({topic_id, PartitionIndex{0}}).error, ErrorCode::kafka_storage_error);
    EXPECT_TRUE(table->has_failed(directory_id));
}

TEST_F(PartitionTableTest, cluster_is_asked_to_assign_a_directory_that_it_does_not_know) {
    start();
    std::vector<Placement> placed;
    table->when_placed([&](const std::vector<Placement>& placements) {
        placed.insert(placed.end(), placements.begin(), placements.end());
    });
    apply(topic("orders", topic_id, 1));
    EXPECT_TRUE(placed.empty());
    const Uuid unknown_id{3, 3};
    apply(metadata::topic_records("unknown", unknown_id, 2, metadata::unassigned_directory));
    const Uuid lost_id{4, 4};
    apply(metadata::topic_records("lost", lost_id, 1, Uuid{9, 999}));
    EXPECT_EQ(placed, (std::vector<Placement>{{{unknown_id, PartitionIndex{0}}, directory_id},
                                              {{unknown_id, PartitionIndex{1}}, directory_id},
                                              {{lost_id, PartitionIndex{0}}, directory_id}}));
    apply(topic("other", Uuid{5, 5}, 1));
    EXPECT_EQ(placed.size(), 3U);
}

TEST_F(PartitionTableTest, replica_that_may_lie_in_a_directory_that_is_offline_is_not_made_anew) {
    are_directories_offline = true;
    start();
    std::vector<Placement> placed;
    table->when_placed([&](const std::vector<Placement>& placements) { placed = placements; });
    apply(metadata::topic_records("elsewhere", topic_id, 1, Uuid{9, 999}));
    EXPECT_EQ(table->use({topic_id, PartitionIndex{0}}).error, ErrorCode::kafka_storage_error);
    EXPECT_TRUE(names().empty());
    EXPECT_TRUE(placed.empty());
    const Uuid unassigned_id{3, 3};
    apply(metadata::topic_records("new", unassigned_id, 1, metadata::unassigned_directory));
    EXPECT_EQ(produce(unassigned_id), ErrorCode::none);
    wire::RemoveTopicRecord removal;
    removal.topic_id = topic_id;
    apply({removal});
    EXPECT_EQ(table->size(), 1U);
}

TEST_F(PartitionTableTest, full_disk_refuses_appends_and_takes_them_again_when_there_is_space) {
    start();
    apply(topic("orders", topic_id, 1));
    ASSERT_EQ(produce(topic_id), ErrorCode::none);
    disk.limit_capacity(disk.used_bytes());
    EXPECT_EQ(produce(topic_id), ErrorCode::kafka_storage_error);
    EXPECT_FALSE(table->has_failed(directory_id));
    disk.heal();
    table->look_after_directories(1);
    EXPECT_EQ(produce(topic_id), ErrorCode::none);
}

TEST_F(PartitionTableTest, changed_setting_reaches_the_replicas_of_the_topic) {
    start();
    apply(topic("orders", topic_id, 1));
    wire::ConfigRecord setting;
    setting.resource_type = static_cast<int8_t>(metadata::ConfigResourceType::topic);
    setting.resource_name = "orders";
    setting.name = "retention.ms";
    setting.value = "60000";
    apply({setting});
    EXPECT_EQ(table->find({topic_id, PartitionIndex{0}})->log().config().retention_ms, Milliseconds(60'000));
}

TEST_F(PartitionTableTest, higher_leader_epoch_is_taken_over) {
    start();
    apply(topic("orders", topic_id, 1));
    wire::PartitionChangeRecord change;
    change.topic_id = topic_id;
    change.partition_id = 0;
    change.leader = node.value;
    apply({change});
    EXPECT_EQ(table->find({topic_id, PartitionIndex{0}})->leader_epoch(), LeaderEpoch{1});
}

TEST_F(PartitionTableTest, up_to_where_a_log_was_compacted_is_in_the_checkpoint_of_its_directory) {
    config->topic_defaults.is_compacted = true;
    config->topic_defaults.segment_bytes = 500;
    config->log_cleaner_io_max_bytes_per_second = 1e9;
    config->log_cleaner_dedupe_buffer_size = 1 << 20;
    start();
    apply(topic("orders", topic_id, 1));
    Replica& replica = *table->find({topic_id, PartitionIndex{0}});
    const std::string text(50, 'k');
    for (int i = 0; i < 20; ++i) {
        wire::RecordBatchBuilder builder({});
        builder.add({world.clock.wall(), std::as_bytes(std::span(text)), std::as_bytes(std::span(text)), {}});
        ProduceRequest request;
        request.batch = Bytes::from(builder.build());
        request.now = world.clock.wall();
        ASSERT_EQ(replica.produce(request, codecs).error, ErrorCode::none);
    }
    EXPECT_TRUE(table->offsets_in(directory_id).cleaned.empty());
    while (table->cleaner_metrics().passes == 0) run_for(table->clean_logs(8));
    const DirectoryOffsets offsets = table->offsets_in(directory_id);
    ASSERT_EQ(offsets.cleaned.size(), 1U);
    EXPECT_GT(offsets.cleaned.front().offset, Offset{10});
    ASSERT_TRUE(write_offsets(disk, "/data", offsets).has_value());
    const auto found = take_inventory(disk, "/data");
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->partitions.at({"orders", PartitionIndex{0}}).cleaned_to, offsets.cleaned.front().offset);
}

}  // namespace
}  // namespace milena::replica
