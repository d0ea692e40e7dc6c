#include "storage/partition_log.h"

#include "unit/storage/log_fixture.h"

namespace milena::storage {
namespace {

class PartitionLogTest : public LogFixture {};
using Map = std::map<int64_t, std::string>;

TEST_F(PartitionLogTest, has_no_files_before_the_first_append) {
    ASSERT_TRUE(open().has_value());
    EXPECT_TRUE(files().empty());
    EXPECT_EQ(log->log_end_offset(), Offset(0));
    EXPECT_FALSE(log->needs_checkpoint());
}

TEST_F(PartitionLogTest, is_small_without_records) { EXPECT_LT(sizeof(PartitionLog), 800U); }

TEST_F(PartitionLogTest, gives_back_what_was_appended) {
    ASSERT_TRUE(open().has_value());
    const auto first = append({"a", "b"}, LeaderEpoch(5));
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->first_offset, Offset(0));
    EXPECT_EQ(first->last_offset, Offset(1));
    ASSERT_TRUE(append({"c"}, LeaderEpoch(6)).has_value());
    EXPECT_EQ(records(), (Map{{0, "a"}, {1, "b"}, {2, "c"}}));
    EXPECT_EQ(log->epochs().to_text(), "0\n2\n5 0\n6 2\n");
    EXPECT_EQ(files(), (std::vector<std::string>{"00000000000000000000.index", "00000000000000000000.log",
                                                 "00000000000000000000.timeindex", "partition.metadata"}));
    EXPECT_EQ(content("partition.metadata"), "version: 0\ntopic_id: " + topic_id.to_string());
}

TEST_F(PartitionLogTest, tells_about_how_many_bytes_come_after_an_offset) {
    config.segment_bytes = 10'000;
    ASSERT_TRUE(open().has_value());
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(append({std::string(100, 'x')}).has_value());
    ASSERT_GT(log->segment_count(), 1U);
    EXPECT_EQ(log->bytes_from(Offset(0)), log->bytes());
    EXPECT_EQ(log->bytes_from(Offset(-1)), log->bytes());
    EXPECT_NEAR(static_cast<double>(log->bytes_from(Offset(100))), static_cast<double>(log->bytes()) * 2 / 3, 300);
    EXPECT_NEAR(static_cast<double>(log->bytes_from(Offset(299))), static_cast<double>(log->bytes()) / 300, 30);
    EXPECT_EQ(log->bytes_from(Offset(300)), 0U);
}

TEST_F(PartitionLogTest, opens_again_after_a_clean_shutdown_without_reading_records) {
    ASSERT_TRUE(open().has_value());
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(append({std::string(100, 'x'), std::to_string(i)}).has_value());
    const Map before = records();
    reopen_cleanly();
    EXPECT_EQ(log->log_end_offset(), Offset(600));
    EXPECT_EQ(log->durable_offset(), Offset(600));
    EXPECT_EQ(records(), before);
    EXPECT_EQ(log->latest_epoch(), LeaderEpoch(0));
    ASSERT_TRUE(append({"next"}).has_value());
    EXPECT_EQ(records().at(600), "next");
}

TEST_F(PartitionLogTest, loses_nothing_when_the_process_is_killed) {
    ASSERT_TRUE(open().has_value());
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(append({std::string(200, 'x'), std::to_string(i)}).has_value());
    checkpoint();
    EXPECT_EQ(recovery_point, Offset(200));
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(append({std::string(200, 'y')}, LeaderEpoch(3)).has_value());
    const Map before = records();
    reopen_after_kill();
    EXPECT_EQ(records(), before);
    EXPECT_EQ(log->epochs().to_text(), "0\n2\n0 0\n3 200\n");
    EXPECT_EQ(log->recovery_point(), Offset(200));
}

TEST_F(PartitionLogTest, asks_for_the_device_every_so_many_bytes) {
    ASSERT_TRUE(open().has_value());
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(append({std::string(1000, 'x')}).has_value());
    EXPECT_TRUE(disk.writebacks.empty());
    environment->writeback_bytes = 10'000;
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(append({std::string(1000, 'x')}).has_value());
    ASSERT_GE(disk.writebacks.size(), 9U);
    EXPECT_LE(disk.writebacks.size(), 11U);
    uint64_t next = 0;
    for (const sim::SimDisk::Range& range : disk.writebacks) {
        EXPECT_EQ(range.position, next);
        EXPECT_GE(range.bytes, 10'000U);
        next += range.bytes;
    }
}

TEST_F(PartitionLogTest, is_cut_at_a_torn_batch) {
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(append({"a", "b"}).has_value());
    disk.crash_at_write(1);
    EXPECT_EQ(append({std::string(5000, 'z')}).error(), ErrorCode::kafka_storage_error);
    EXPECT_TRUE(directory->has_failed());
    reopen_after_kill();
    EXPECT_EQ(records(), (Map{{0, "a"}, {1, "b"}}));
    ASSERT_TRUE(append({"c"}).has_value());
    reopen_after_kill();
    EXPECT_EQ(records(), (Map{{0, "a"}, {1, "b"}, {2, "c"}}));
}

TEST_F(PartitionLogTest, is_cut_at_a_flipped_bit_beyond_the_recovery_point) {
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(append({"a"}).has_value());
    ASSERT_TRUE(disk.flip_bit(".log"));
    reopen_after_kill();
    EXPECT_EQ(log->log_end_offset(), Offset(0));
    ASSERT_TRUE(append({"b"}).has_value());
    EXPECT_EQ(records(), (Map{{0, "b"}}));
}

TEST_F(PartitionLogTest, keeps_what_was_synced_when_power_is_lost) {
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(append({"a"}).has_value());
    ASSERT_TRUE(log->sync_now().has_value());
    EXPECT_EQ(log->durable_offset(), Offset(1));
    ASSERT_TRUE(append({"b"}).has_value());
    log.reset();
    disk.lose_power();
    start();
    ASSERT_TRUE(open().has_value());
    EXPECT_EQ(records().at(0), "a");
}

TEST_F(PartitionLogTest, rolls_when_a_segment_is_full) {
    config.segment_bytes = 1000;
    ASSERT_TRUE(open().has_value());
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(append({std::string(300, 'x')}).has_value());
    EXPECT_EQ(log->segment_count(), 5U);
    EXPECT_EQ(records().size(), 10U);
    reopen_after_kill();
    EXPECT_EQ(log->segment_count(), 5U);
    EXPECT_EQ(records().size(), 10U);
}

TEST_F(PartitionLogTest, rolls_by_the_time_of_the_records) {
    config.segment_ms = Milliseconds(1000);
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(append(batch_of({"a"}, {}, day_one)).has_value());
    ASSERT_TRUE(append(batch_of({"b"}, {}, day_one + 900)).has_value());
    EXPECT_EQ(log->segment_count(), 1U);
    ASSERT_TRUE(append(batch_of({"c"}, {}, day_one + 1001)).has_value());
    EXPECT_EQ(log->segment_count(), 2U);
}

TEST_F(PartitionLogTest, refuses_a_batch_larger_than_a_segment) {
    config.segment_bytes = 1000;
    ASSERT_TRUE(open().has_value());
    EXPECT_EQ(append({std::string(1000, 'x')}).error(), ErrorCode::record_list_too_large);
}

TEST_F(PartitionLogTest, refuses_the_directory_of_another_topic) {
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(append({"a"}).has_value());
    log.reset();
    topic_id = Uuid{7, 7};
    EXPECT_EQ(open().error(), ErrorCode::inconsistent_topic_id);
}

TEST_F(PartitionLogTest, follows_with_the_offsets_and_epochs_of_the_leader) {
    ASSERT_TRUE(open().has_value());
    const wire::BatchOptions at_10{.base_offset = Offset(10), .partition_leader_epoch = LeaderEpoch(2)};
    const wire::BatchOptions at_12{.base_offset = Offset(12), .partition_leader_epoch = LeaderEpoch(4)};
    const std::vector<Bytes> batches = {batch_of({"a", "b"}, at_10), batch_of({"c"}, at_12)};
    const auto appended = log->append_as_follower(batches);
    ASSERT_TRUE(appended.has_value());
    EXPECT_EQ(appended->first_offset, Offset(10));
    EXPECT_EQ(appended->last_offset, Offset(12));
    EXPECT_EQ(log->log_end_offset(), Offset(13));
    EXPECT_EQ(log->end_offset_for(LeaderEpoch(3)), (EpochEnd{LeaderEpoch(2), Offset(12)}));
    EXPECT_EQ(log->append_as_follower(batches).error(), ErrorCode::offset_out_of_range);
}

TEST_F(PartitionLogTest, follower_refuses_a_damaged_batch) {
    ASSERT_TRUE(open().has_value());
    const Bytes batch = batch_of({"hello"});
    std::vector<std::byte> damaged(batch.span().begin(), batch.span().end());
    damaged.back() ^= std::byte{1};
    const std::vector<Bytes> batches = {Bytes::from(std::move(damaged))};
    EXPECT_EQ(log->append_as_follower(batches).error(), ErrorCode::corrupt_message);
    const std::vector<Bytes> half = {batch.slice(0, batch.size() - 1)};
    EXPECT_EQ(log->append_as_follower(half).error(), ErrorCode::corrupt_message);
    EXPECT_TRUE(files().empty());
}

TEST_F(PartitionLogTest, full_disk_refuses_appends_and_serves_reads_until_there_is_space) {
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(append({"a"}).has_value());
    disk.limit_capacity(disk.used_bytes() + 200);
    EXPECT_EQ(append({std::string(1000, 'x')}).error(), ErrorCode::kafka_storage_error);
    EXPECT_TRUE(directory->is_full());
    EXPECT_FALSE(directory->has_failed());
    EXPECT_EQ(records(), (Map{{0, "a"}}));
    disk.heal();
    disk.limit_capacity(UINT64_MAX);
    ASSERT_TRUE(append({"b"}).has_value());
    EXPECT_EQ(records(), (Map{{0, "a"}, {1, "b"}}));
    reopen_after_kill();
    EXPECT_EQ(records(), (Map{{0, "a"}, {1, "b"}}));
}

TEST_F(PartitionLogTest, what_a_full_disk_took_of_a_refused_append_does_not_end_the_log) {
    config.segment_bytes = 400;
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(append({std::string(200, 'a')}).has_value());
    disk.limit_capacity(disk.used_bytes() + 50);
    EXPECT_FALSE(append({"refused"}).has_value());
    disk.heal();
    ASSERT_TRUE(append({std::string(300, 'b')}).has_value());  // goes to a segment of its own
    ASSERT_EQ(log->segment_count(), 2U);
    reopen_after_kill();
    EXPECT_EQ(log->log_end_offset(), Offset(2));
}

TEST_F(PartitionLogTest, a_checkpoint_on_a_full_disk_is_a_sync) {
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(append({"a"}, LeaderEpoch(1)).has_value());
    disk.limit_capacity(disk.used_bytes());
    std::optional<Result<void>> outcome;
    log->checkpoint([&](Result<void> done) { outcome = done; });
    run();
    ASSERT_TRUE(outcome.has_value() && outcome->has_value());
    EXPECT_EQ(log->durable_offset(), Offset(1));
    EXPECT_EQ(log->recovery_point(), Offset(0));
    disk.heal();
    checkpoint();
    EXPECT_EQ(log->recovery_point(), Offset(1));
}

TEST_F(PartitionLogTest, failed_disk_takes_the_directory_away) {
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(append({"a"}).has_value());
    disk.fail_below("/data");
    EXPECT_EQ(append({"b"}).error(), ErrorCode::kafka_storage_error);
    EXPECT_TRUE(directory->has_failed());
    disk.heal();
    EXPECT_EQ(append({"b"}).error(), ErrorCode::kafka_storage_error);
    EXPECT_EQ(read({Offset(0), Offset(1)}).error(), ErrorCode::kafka_storage_error);
}

TEST_F(PartitionLogTest, failed_sync_is_final) {
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(append({"a"}).has_value());
    disk.fail_syncs(true);
    std::optional<Result<void>> outcome;
    log->sync([&](Result<void> done) { outcome = done; });
    run();
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->error(), ErrorCode::kafka_storage_error);
    disk.fail_syncs(false);
    EXPECT_TRUE(directory->has_failed());
    EXPECT_EQ(log->sync_now().error(), ErrorCode::kafka_storage_error);
    EXPECT_EQ(log->durable_offset(), Offset(0));
}

TEST_F(PartitionLogTest, syncs_asked_for_meanwhile_share_the_next_round) {
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(append({"a"}).has_value());
    int done_count = 0;
    const auto count = [&](Result<void> done) { done_count += done.has_value() ? 1 : 0; };
    log->sync(count);
    ASSERT_TRUE(append({"b"}).has_value());
    log->sync(count);
    log->sync(count);
    EXPECT_EQ(log->durable_offset(), Offset(0));
    run();
    EXPECT_EQ(done_count, 3);
    EXPECT_EQ(log->durable_offset(), Offset(2));
    EXPECT_FALSE(log->undurable_since().has_value());
}

TEST_F(PartitionLogTest, waiters_of_a_destroyed_log_are_told) {
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(append({"a"}).has_value());
    std::vector<ErrorCode> outcomes;
    const auto note = [&](Result<void> done) { outcomes.push_back(done ? ErrorCode::none : done.error()); };
    log->sync(note);
    log->sync(note);
    log.reset();
    run();
    EXPECT_EQ(outcomes, (std::vector{ErrorCode::not_leader_or_follower, ErrorCode::none}));
}

TEST_F(PartitionLogTest, removal_renames_the_directory_and_removes_it_later) {
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(append({"a"}).has_value());
    ASSERT_TRUE(log->remove().has_value());
    log.reset();
    auto left = list_partitions(disk, "/data").value();
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].state, PartitionDirectory::State::deleted);
    directory->remove_due(world.clock.now(), 10);
    EXPECT_EQ(list_partitions(disk, "/data").value().size(), 1U);
    directory->remove_due(world.clock.now() + config.file_delete_delay_ms, 10);
    EXPECT_TRUE(list_partitions(disk, "/data").value().empty());
}

}  // namespace
}  // namespace milena::storage
