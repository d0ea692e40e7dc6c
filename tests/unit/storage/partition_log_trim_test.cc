#include "unit/storage/log_fixture.h"

namespace milena::storage {
namespace {

using Map = std::map<int64_t, std::string>;

class LogTrim : public LogFixture {
  public:
    void fill(int batches) {
        ASSERT_TRUE(open().has_value());
        for (int i = 0; i < batches; ++i) ASSERT_TRUE(append({std::string(300, 'x'), std::to_string(i)}).has_value());
    }
    Map first(int64_t count) {
        Map all = records();
        all.erase(all.lower_bound(count), all.end());
        return all;
    }
};

TEST_F(LogTrim, truncation_forgets_what_lies_beyond_and_goes_on_there) {
    config.segment_bytes = 1000;
    fill(20);
    const Map expected = first(22);
    ASSERT_TRUE(log->truncate_to(Offset(22)).value());
    EXPECT_EQ(log->log_end_offset(), Offset(22));
    EXPECT_EQ(records(), expected);
    EXPECT_FALSE(log->truncate_to(Offset(22)).value());
    ASSERT_TRUE(append({"new"}, LeaderEpoch(1)).has_value());
    EXPECT_EQ(records().at(22), "new");
    reopen_after_kill();
    EXPECT_EQ(records().at(22), "new");
    EXPECT_EQ(records().size(), 23U);
    EXPECT_EQ(log->epochs().to_text(), "0\n2\n0 0\n1 22\n");
}

TEST_F(LogTrim, truncation_drops_the_batch_that_contains_the_offset) {
    fill(20);
    ASSERT_TRUE(log->truncate_to(Offset(23)).value());
    EXPECT_EQ(log->log_end_offset(), Offset(22));
    reopen_after_kill();
    EXPECT_EQ(log->log_end_offset(), Offset(22));
}

TEST_F(LogTrim, truncation_moves_the_durable_point_and_the_epochs_back) {
    fill(2);
    ASSERT_TRUE(append({"a"}, LeaderEpoch(4)).has_value());
    checkpoint();
    EXPECT_EQ(log->recovery_point(), Offset(5));
    ASSERT_TRUE(log->truncate_to(Offset(2)).value());
    EXPECT_EQ(log->durable_offset(), Offset(2));
    EXPECT_EQ(log->recovery_point(), Offset(2));
    EXPECT_EQ(log->latest_epoch(), LeaderEpoch(0));
    EXPECT_TRUE(log->needs_checkpoint());
}

TEST_F(LogTrim, truncation_below_the_first_segment_starts_anew) {
    config.segment_bytes = 1000;
    fill(20);
    ASSERT_TRUE(log->delete_old_segments(Offset(0)).has_value());
    ASSERT_TRUE(log->advance_log_start(Offset(20)).has_value());
    ASSERT_GT(log->delete_old_segments(log->log_end_offset()).value(), 0U);
    ASSERT_TRUE(log->truncate_to(Offset(7)).value());
    EXPECT_EQ(log->log_start_offset(), Offset(7));
    EXPECT_EQ(log->log_end_offset(), Offset(7));
    ASSERT_TRUE(append({"a"}).has_value());
    EXPECT_EQ(records(), (Map{{7, "a"}}));
}

TEST_F(LogTrim, an_emptied_log_remembers_where_it_goes_on) {
    fill(3);
    ASSERT_TRUE(log->truncate_fully_and_start_at(Offset(1000)).has_value());
    EXPECT_EQ(log->log_start_offset(), Offset(1000));
    EXPECT_TRUE(records().empty());
    reopen_after_kill();
    EXPECT_EQ(log->log_end_offset(), Offset(1000));
    ASSERT_TRUE(append({"a"}).has_value());
    EXPECT_EQ(records(), (Map{{1000, "a"}}));
}

TEST_F(LogTrim, an_untouched_log_can_start_anywhere) {
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(log->truncate_fully_and_start_at(Offset(0)).has_value());
    EXPECT_TRUE(files().empty());
    ASSERT_TRUE(log->truncate_fully_and_start_at(Offset(50)).has_value());
    reopen_after_kill();
    EXPECT_EQ(log->log_end_offset(), Offset(50));
}

TEST_F(LogTrim, deleted_records_are_gone_for_readers_and_their_segments_for_good) {
    config.segment_bytes = 1000;
    fill(20);
    EXPECT_EQ(log->advance_log_start(Offset(41)).error(), ErrorCode::offset_out_of_range);
    ASSERT_TRUE(log->advance_log_start(Offset(25)).has_value());
    EXPECT_EQ(records().begin()->first, 25);
    const size_t before = log->segment_count();
    EXPECT_EQ(log->delete_old_segments(Offset(40)).value(), 6U);
    EXPECT_EQ(log->segment_count(), before - 6);
    EXPECT_EQ(log->log_start_offset(), Offset(25));
    EXPECT_EQ(log->epochs().to_text(), "0\n1\n0 25\n");
    EXPECT_EQ(log->earliest(), (TimestampOffset{no_timestamp, Offset(25), LeaderEpoch(0)}));
    EXPECT_FALSE(directory->remove_due(world.clock.now() + config.file_delete_delay_ms, 1000));
    for (const std::string& name : files()) EXPECT_EQ(name.find("deleted"), std::string::npos) << name;
    log_start = Offset(25);
    reopen_after_kill();
    EXPECT_EQ(records().size(), 15U);
    EXPECT_EQ(log->log_start_offset(), Offset(25));
}

TEST_F(LogTrim, retention_by_size_keeps_at_least_that_much) {
    config.segment_bytes = 1000;
    config.retention_bytes = 3000;
    fill(20);
    ASSERT_GT(log->delete_old_segments(log->log_end_offset()).value(), 0U);
    EXPECT_GE(log->bytes(), 3000U);
    EXPECT_LT(log->bytes(), 4000U);
    EXPECT_EQ(log->delete_old_segments(log->log_end_offset()).value(), 0U);
}

TEST_F(LogTrim, retention_by_time_takes_the_last_segment_too) {
    config.segment_bytes = 1000;
    config.retention_ms = std::chrono::hours(1);
    fill(20);
    EXPECT_EQ(log->delete_old_segments(log->log_end_offset()).value(), 0U);
    run(std::chrono::hours(2));
    EXPECT_EQ(log->delete_old_segments(log->log_end_offset()).value(), 10U);
    EXPECT_EQ(log->log_start_offset(), Offset(40));
    EXPECT_EQ(log->segment_count(), 1U);
    reopen_after_kill();
    EXPECT_EQ(log->log_end_offset(), Offset(40));
}

TEST_F(LogTrim, retention_after_reopening_goes_by_the_time_index) {
    config.segment_bytes = 1000;
    config.retention_ms = std::chrono::hours(1);
    fill(20);
    run(std::chrono::minutes(50));
    ASSERT_TRUE(append({"young"}).has_value());
    reopen_cleanly();
    EXPECT_EQ(log->delete_old_segments(log->log_end_offset()).value(), 0U);
    run(std::chrono::minutes(50));
    EXPECT_EQ(log->delete_old_segments(log->log_end_offset()).value(), 9U);
}

TEST_F(LogTrim, records_without_timestamps_are_as_old_as_their_file) {
    config.segment_bytes = 1000;
    config.retention_ms = std::chrono::hours(1);
    ASSERT_TRUE(open().has_value());
    const auto fill_untimed = [&](int batches) {
        for (int i = 0; i < batches; ++i)
            ASSERT_TRUE(append(batch_of({std::string(300, 'x')}, {}, no_timestamp)).has_value());
    };
    fill_untimed(6);
    run(std::chrono::minutes(50));
    fill_untimed(4);
    EXPECT_EQ(log->delete_old_segments(log->log_end_offset()).value(), 0U);
    reopen_cleanly();
    run(std::chrono::minutes(50));
    const size_t before = log->segment_count();
    EXPECT_EQ(log->delete_old_segments(log->log_end_offset()).value(), 3U);
    EXPECT_EQ(log->segment_count(), before - 3);
    run(std::chrono::hours(2));
    EXPECT_GT(log->delete_old_segments(log->log_end_offset()).value(), 0U);
    EXPECT_EQ(log->log_start_offset(), log->log_end_offset());
}

TEST_F(LogTrim, no_record_goes_because_a_damaged_time_index_calls_it_old) {
    config.segment_bytes = 1000;
    config.retention_ms = std::chrono::hours(1);
    fill(20);
    reopen_cleanly();
    {
        auto file = disk.open("/data/orders-3/00000000000000000000.timeindex", env::OpenMode::read_write).value();
        const Bytes bad = Bytes::copy_of(std::string_view("\0", 1));  // the timestamp's third byte: months ago
        ASSERT_TRUE(file->write_at(file->size() - 12 + 2, std::span(&bad, 1)).has_value());
    }
    EXPECT_EQ(log->delete_old_segments(log->log_end_offset()).value(), 0U);
    run(std::chrono::hours(2));
    EXPECT_EQ(log->delete_old_segments(log->log_end_offset()).value(), 10U);
}

TEST_F(LogTrim, retention_never_passes_the_high_watermark) {
    config.segment_bytes = 1000;
    config.retention_ms = std::chrono::hours(1);
    fill(20);
    run(std::chrono::hours(2));
    EXPECT_EQ(log->delete_old_segments(Offset(11)).value(), 2U);
    EXPECT_EQ(log->log_start_offset(), Offset(8));
}

TEST_F(LogTrim, a_topic_that_is_only_compacted_keeps_its_old_segments) {
    config.segment_bytes = 1000;
    config.retention_ms = std::chrono::hours(1);
    config.retention_bytes = 1000;
    config.deletes_old_segments = false;
    fill(20);
    run(std::chrono::hours(2));
    EXPECT_EQ(log->delete_old_segments(log->log_end_offset()).value(), 0U);
}

}  // namespace
}  // namespace milena::storage
