#include <gtest/gtest.h>

#include "storage/offset_map.h"
#include "storage/partition_log.h"
#include "unit/storage/clean_fixture.h"

namespace milena::storage {
namespace {

using SliceState = CleaningSlice::State;
using Records = std::map<int64_t, KeyedRecord>;

struct PartitionLogClean : CleanFixture {
    PartitionLogClean() { EXPECT_TRUE(open().has_value()); }

    Offset put_as(int64_t producer, int32_t sequence, const std::vector<KeyedRecord>& records,
                  bool is_transactional = false) {
        return put(records, {.producer_id = ProducerId(producer),
                             .producer_epoch = 0,
                             .base_sequence = sequence,
                             .is_transactional = is_transactional});
    }
    std::optional<KeyedRecord> record_of(const std::string& key) {
        std::optional<KeyedRecord> found;
        for (const auto& [offset, record] : keyed_records())
            if (record.key == key) found = record;
        return found;
    }
    size_t count_of(const std::string& key) {
        size_t count = 0;
        for (const auto& [offset, record] : keyed_records()) count += record.key == key ? 1 : 0;
        return count;
    }
};

TEST_F(PartitionLogClean, of_each_key_only_the_newest_record_stays) {
    put({{"a", "1"}, {"b", "1"}, {"a", "2"}});
    put({{"c", "1"}, {"a", "3"}});
    roll();
    put({{"b", "2"}});
    const Offset end = log->log_end_offset();
    const Offset active = log->cleanable(end)->first_uncleanable;
    clean_well();
    EXPECT_EQ(record_of("a"), (KeyedRecord{"a", "3"}));
    EXPECT_EQ(count_of("a"), 1U);
    EXPECT_EQ(count_of("b"), 2U);  // the second one is in the active segment
    EXPECT_EQ(keyed_records().at(1), (KeyedRecord{"b", "1"}));
    EXPECT_EQ(keyed_records().at(3), (KeyedRecord{"c", "1"}));
    EXPECT_EQ(log->log_end_offset(), end);
    EXPECT_EQ(stats.from, Offset(0));
    EXPECT_EQ(stats.to, active);
    EXPECT_EQ(log->cleaned_to(), active);
    EXPECT_EQ(log->cleanable(end)->cleanable_bytes, 0U);
}

TEST_F(PartitionLogClean, what_is_left_survives_a_restart_and_a_crash) {
    for (int i = 0; i < 50; ++i) put("key" + std::to_string(i % 7), std::to_string(i));
    roll();
    clean_well();
    const auto expected = keyed_records();
    reopen_cleanly();
    EXPECT_EQ(keyed_records(), expected);
    reopen_after_kill();
    EXPECT_EQ(keyed_records(), expected);
    for (const std::string& name : files()) EXPECT_FALSE(name.ends_with(".cleaned") || name.ends_with(".swap")) << name;
}

TEST_F(PartitionLogClean, small_segments_become_one) {
    for (int i = 0; i < 5; ++i) {
        put("key" + std::to_string(i), "value");
        roll();
    }
    const size_t before = log->segment_count();
    clean_well();
    EXPECT_EQ(log->segment_count(), 2U);
    EXPECT_EQ(stats.segments_read, before - 1);
    EXPECT_EQ(stats.segments_written, 1U);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(count_of("key" + std::to_string(i)), 1U);
}

TEST_F(PartitionLogClean, a_group_is_no_larger_than_a_segment_may_be) {
    for (int i = 0; i < 8; ++i) {
        put("key" + std::to_string(i), std::string(1000, 'v'));
        roll();
    }
    config.segment_bytes = 3000;
    log->configure(std::make_shared<LogConfig>(config));
    clean_well();
    EXPECT_GE(log->segment_count(), 5U);
    for (const std::string& name : files()) {
        if (name.ends_with(".log")) {
            EXPECT_LE(content(name).size(), 3000U) << name;
        }
    }
}

TEST_F(PartitionLogClean, a_tombstone_stays_for_delete_retention_and_then_goes) {
    config.delete_retention_ms = std::chrono::hours(1);
    put("a", "1");
    put({{"a", std::nullopt}});
    roll();
    const Timestamp cleaned_at = world.clock.wall();
    clean_well();
    EXPECT_EQ(count_of("a"), 1U);
    EXPECT_EQ(record_of("a"), (KeyedRecord{"a", std::nullopt}));
    std::optional<Timestamp> horizon;
    for (const StoredBatch& batch : batches())
        if (batch.header.has_delete_horizon()) horizon = batch.header.delete_horizon();
    ASSERT_TRUE(horizon.has_value());
    EXPECT_GE(*horizon, cleaned_at + 3'600'000);

    run(std::chrono::minutes(59));
    put("b", "1");
    roll();
    clean_well();
    EXPECT_EQ(count_of("a"), 1U);
    run(std::chrono::minutes(2));
    put("c", "1");
    roll();
    clean_well();
    EXPECT_EQ(count_of("a"), 0U);
}

TEST_F(PartitionLogClean, records_without_a_key_go) {
    put({{std::nullopt, "lost"}, {"a", "1"}});
    roll();
    clean_well();
    EXPECT_FALSE(keyed_records().contains(0));
    EXPECT_TRUE(keyed_records().contains(1));
    EXPECT_EQ(stats.records_without_key, 1U);
}

TEST_F(PartitionLogClean, batches_keep_offsets_codec_and_producer) {
    put({{"a", "1"}, {"b", "1"}, {"a", "2"}},
        {.codec = wire::Codec::zstd, .producer_id = ProducerId(9), .producer_epoch = 4, .base_sequence = 100});
    put("b", "2");
    roll();
    clean_well();
    const StoredBatch first = batches().front();
    EXPECT_EQ(first.header.base_offset, Offset(0));
    EXPECT_EQ(first.header.last_offset(), Offset(2));
    EXPECT_EQ(first.header.compression(), wire::Codec::zstd);
    EXPECT_EQ(first.header.producer_id, ProducerId(9));
    EXPECT_EQ(first.header.producer_epoch, 4);
    EXPECT_EQ(first.header.base_sequence, 100);
    EXPECT_EQ(first.header.last_sequence(), 102);
    ASSERT_EQ(first.records.size(), 1U);
    EXPECT_EQ(first.records.front().first, Offset(2));
}

TEST_F(PartitionLogClean, the_remembered_batches_of_a_producer_stay_without_their_records) {
    for (int i = 0; i < 8; ++i) put_as(1, i, {{"a", std::to_string(i)}});
    put("a", "last");
    roll();
    clean_well();
    std::vector<int32_t> sequences;
    for (const StoredBatch& batch : batches())
        if (batch.header.has_producer_id()) {
            sequences.push_back(batch.header.base_sequence);
            EXPECT_TRUE(batch.records.empty());
        }
    EXPECT_EQ(sequences, (std::vector<int32_t>{3, 4, 5, 6, 7}));
    for (const std::string& name : files())
        if (name.ends_with(".snapshot")) (void)disk.remove("/data/orders-3/" + name);
    reopen_after_kill();
    const Offset end = log->log_end_offset();
    EXPECT_EQ(put_as(1, 3, {{"a", "3"}}), Offset(3));  // was sent again
    EXPECT_EQ(put_as(1, 8, {{"a", "8"}}), end);        // the sequence goes on
}

TEST_F(PartitionLogClean, aborted_records_go_at_once_and_their_marker_after_delete_retention) {
    config.delete_retention_ms = std::chrono::hours(1);
    put("a", "committed");
    const Offset first = put_as(5, 0, {{"a", "aborted"}}, true);
    const Offset marker = end_transaction(ProducerId(5), false);
    for (int i = 1; i <= 5; ++i) put_as(5, i, {{"b", std::to_string(i)}}, true);
    end_transaction(ProducerId(5), true);
    roll();
    ASSERT_EQ(log->aborted_transactions(first, marker)->size(), 1U);
    clean_well();
    EXPECT_EQ(record_of("a"), (KeyedRecord{"a", "committed"}));
    const auto has_marker = [&] {
        for (const StoredBatch& batch : batches())
            if (batch.header.base_offset == marker) return true;
        return false;
    };
    // The pass that took the records had still met them; the next one gives the marker its horizon.
    EXPECT_TRUE(has_marker());
    put("c", "1");
    roll();
    clean_well();
    EXPECT_TRUE(has_marker());
    EXPECT_TRUE(log->aborted_transactions(Offset(0), log->log_end_offset())->empty());
    run(std::chrono::hours(2));
    put("d", "1");
    roll();
    clean_well();
    EXPECT_FALSE(has_marker());
}

TEST_F(PartitionLogClean, an_aborted_transaction_of_which_a_batch_stays_keeps_its_place_in_the_index) {
    put("a", "committed");
    put_as(5, 0, {{"a", "aborted"}}, true);
    end_transaction(ProducerId(5), false);
    roll();
    clean_well();
    // The batch is the last one of its producer, so it stays, without records.
    EXPECT_EQ(log->aborted_transactions(Offset(0), log->log_end_offset())->size(), 1U);
    EXPECT_EQ(record_of("a"), (KeyedRecord{"a", "committed"}));
}

TEST_F(PartitionLogClean, an_open_transaction_bounds_the_pass) {
    put("a", "1");
    roll();
    const Offset bound = log->log_end_offset() - 1;  // the filler that began the segment
    put_as(5, 0, {{"a", "open"}}, true);
    roll();
    put("a", "2");
    roll();
    EXPECT_EQ(log->cleanable(log->log_end_offset())->first_uncleanable, bound);
}

TEST_F(PartitionLogClean, records_younger_than_the_lag_are_left_alone) {
    config.min_compaction_lag_ms = std::chrono::hours(1);
    put("a", "1");
    put("a", "2");
    roll();
    EXPECT_EQ(log->cleanable(log->log_end_offset())->cleanable_bytes, 0U);
    run(std::chrono::hours(2));
    put("a", "3");
    EXPECT_GT(log->cleanable(log->log_end_offset())->cleanable_bytes, 0U);
}

TEST_F(PartitionLogClean, an_old_record_makes_the_log_overdue) {
    config.max_compaction_lag_ms = std::chrono::hours(1);
    put("a", "1");
    roll();
    EXPECT_FALSE(log->cleanable(log->log_end_offset())->is_overdue);
    run(std::chrono::hours(2));
    EXPECT_TRUE(log->cleanable(log->log_end_offset())->is_overdue);
}

TEST_F(PartitionLogClean, a_map_that_is_too_small_covers_the_log_in_several_passes) {
    limits.map_bytes = OffsetMap::entry_bytes * 12;
    for (int i = 0; i < 60; ++i) put("key" + std::to_string(i % 20), std::to_string(i));
    roll();
    clean_well();
    EXPECT_LT(stats.to, log->cleanable(log->log_end_offset())->first_uncleanable);
    EXPECT_EQ(record_of("key3"), (KeyedRecord{"key3", "43"}));
    for (int passes = 0; log->cleanable(log->log_end_offset())->cleanable_bytes > 0; ++passes) {
        ASSERT_LT(passes, 20);
        clean_well();
    }
    for (int i = 0; i < 20; ++i) {
        const std::string key = "key" + std::to_string(i);
        EXPECT_EQ(record_of(key), (KeyedRecord{key, std::to_string(40 + i)}));
        EXPECT_EQ(count_of(key), 1U);
    }
}

TEST_F(PartitionLogClean, a_read_under_way_gets_whole_batches_when_its_segment_is_replaced) {
    for (int i = 0; i < 200; ++i) put("key" + std::to_string(i % 3), std::string(200, 'v'));
    roll();
    reopen_after_kill();  // nothing is cached
    const Offset end = log->log_end_offset();
    log->begin_cleaning(*log->cleanable(end), limits);
    std::optional<Result<ReadBatches>> outcome;
    bool is_over = false;
    for (int i = 0; i < 100'000 && !is_over; ++i) {
        if (!outcome.has_value())
            log->read({Offset(0), end, 100'000, true}, [&](Result<ReadBatches> r) { outcome = r; });
        const auto slice = log->clean_some();
        ASSERT_TRUE(slice.has_value());
        is_over = slice->state == SliceState::done;
        run(std::chrono::microseconds(100));
        if (!outcome.has_value()) continue;
        ASSERT_TRUE(outcome->has_value()) << error_name(outcome->error());
        EXPECT_FALSE((*outcome)->parts.empty());
        for (const Bytes& part : (*outcome)->parts) {
            wire::BatchCursor cursor(part.span());
            while (const auto batch = cursor.next().value()) EXPECT_TRUE(wire::crc_matches(batch->bytes));
        }
        outcome.reset();
    }
    EXPECT_TRUE(is_over);
    EXPECT_EQ(count_of("key0"), 1U);
}

TEST_F(PartitionLogClean, truncation_ends_the_pass_and_makes_dirty_what_lies_beyond) {
    for (int i = 0; i < 20; ++i) put("a", std::to_string(i));
    roll();
    clean_well();
    ASSERT_GT(*log->cleaned_to(), Offset(15));
    put("a", "more");
    roll();
    log->begin_cleaning(*log->cleanable(log->log_end_offset()), limits);
    ASSERT_EQ(log->clean_some()->state, SliceState::working);
    ASSERT_TRUE(log->truncate_to(Offset(10)).has_value());
    EXPECT_EQ(log->clean_some()->state, SliceState::abandoned);
    EXPECT_LE(*log->cleaned_to(), log->log_end_offset());
    for (const std::string& name : files()) EXPECT_FALSE(name.ends_with(".cleaned")) << name;
}

TEST_F(PartitionLogClean, a_policy_without_compact_ends_the_pass) {
    put("a", "1");
    put("a", "2");
    roll();
    log->begin_cleaning(*log->cleanable(log->log_end_offset()), limits);
    config.is_compacted = false;
    log->configure(std::make_shared<LogConfig>(config));
    EXPECT_EQ(log->clean_some()->state, SliceState::abandoned);
    EXPECT_EQ(count_of("a"), 2U);
}

TEST_F(PartitionLogClean, retention_waits_for_the_pass_and_then_goes_on) {
    config.deletes_old_segments = true;
    config.retention_ms = std::chrono::hours(1);
    put("a", "1");
    roll();
    run(std::chrono::hours(3));
    put("b", "1");
    log->begin_cleaning(*log->cleanable(log->log_end_offset()), limits);
    EXPECT_EQ(log->delete_old_segments(log->log_end_offset()).value(), 0U);
    while (log->clean_some()->state != SliceState::done) run(std::chrono::milliseconds(1));
    EXPECT_EQ(log->delete_old_segments(log->log_end_offset()).value(), 1U);
}

TEST_F(PartitionLogClean, damaged_records_end_the_pass_and_nothing_is_replaced) {
    for (int i = 0; i < 20; ++i) put("a", std::to_string(i));
    roll();
    reopen_cleanly();
    const std::string before = content("00000000000000000000.log");
    {
        const auto file = disk.open("/data/orders-3/00000000000000000000.log", env::OpenMode::read_write).value();
        const Bytes damage = Bytes::copy_of(std::string("?"));
        ASSERT_TRUE(file->write_at(300, std::span(&damage, 1)).has_value());
    }
    const auto slice = clean();
    ASSERT_FALSE(slice.has_value());
    EXPECT_EQ(slice.error(), ErrorCode::corrupt_message);
    EXPECT_EQ(content("00000000000000000000.log").size(), before.size());
    for (const std::string& name : files()) EXPECT_FALSE(name.ends_with(".cleaned")) << name;
}

TEST_F(PartitionLogClean, a_full_disk_ends_the_pass_and_leaves_the_log_as_it_was) {
    for (int i = 0; i < 100; ++i) put("key" + std::to_string(i), std::string(500, 'v'));
    put("key0", "new");
    roll();
    const auto before = keyed_records();
    disk.limit_capacity(disk.used_bytes() + 10'000);
    EXPECT_FALSE(clean().has_value());
    EXPECT_FALSE(directory->has_failed());
    EXPECT_EQ(keyed_records(), before);
    disk.heal();
    clean_well();
    EXPECT_EQ(count_of("key0"), 1U);
}

TEST_F(PartitionLogClean, a_second_pass_over_a_clean_log_changes_nothing) {
    for (int i = 0; i < 30; ++i) put("key" + std::to_string(i % 4), std::to_string(i));
    roll();
    clean_well();
    const auto before = keyed_records();
    const std::string bytes = content("00000000000000000000.log");
    put("other", "1");
    roll();
    config.segment_bytes = static_cast<uint32_t>(bytes.size());  // nothing fits beside it
    log->configure(std::make_shared<LogConfig>(config));
    clean_well();
    for (const auto& [offset, record] : before) EXPECT_TRUE(keyed_records().contains(offset) || record.key == "filler");
    EXPECT_EQ(record_of("key1"), before.at(29));
}

}  // namespace
}  // namespace milena::storage
