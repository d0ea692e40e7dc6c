#include "base/big_endian.h"
#include "unit/storage/log_fixture.h"

namespace milena::storage {
namespace {

using Map = std::map<int64_t, std::string>;

class LogRead : public LogFixture {
  public:
    // Batches of two records: offsets 0-1, 2-3, …; several segments if `config` says so.
    void fill(int batches, size_t record_bytes = 100) {
        ASSERT_TRUE(open().has_value());
        add(batches, record_bytes);
    }
    void add(int batches, size_t record_bytes = 100) {
        for (int i = 0; i < batches; ++i) {
            const std::string text = std::to_string(i) + ":" + std::string(record_bytes, 'x');
            ASSERT_TRUE(append({text, text}).has_value());
        }
    }
};

TEST_F(LogRead, begins_with_the_batch_that_contains_the_offset) {
    fill(500);
    for (const int64_t from : {0, 1, 2, 377, 378, 999}) {
        const auto batches = read({Offset(from), log->log_end_offset(), 1, true});
        ASSERT_TRUE(batches.has_value());
        ASSERT_EQ(batches->parts.size(), 1U);
        const auto header = wire::parse_batch_header(batches->parts[0].span()).value();
        EXPECT_EQ(header.base_offset.value, from / 2 * 2);
        EXPECT_EQ(batches->parts[0].size(), header.size_bytes());
        EXPECT_EQ(batches->next_offset.value, from / 2 * 2 + 2);
    }
}

TEST_F(LogRead, keeps_to_the_size_limit_unless_one_batch_is_needed) {
    fill(10);
    const auto all = read({Offset(0), Offset(20), 1 << 20});
    ASSERT_TRUE(all.has_value());
    const size_t one = all->bytes / 10;
    EXPECT_EQ(read({Offset(0), Offset(20), one * 3})->bytes, one * 3);
    EXPECT_EQ(read({Offset(0), Offset(20), one * 4 - 1})->bytes, one * 3);
    EXPECT_EQ(read({Offset(0), Offset(20), one - 1})->bytes, 0U);
    EXPECT_EQ(read({Offset(0), Offset(20), one - 1, true})->bytes, one);
}

TEST_F(LogRead, stops_before_a_batch_that_reaches_the_limit) {
    fill(10);
    EXPECT_EQ(read({Offset(0), Offset(6)})->next_offset, Offset(6));
    EXPECT_EQ(read({Offset(0), Offset(7)})->next_offset, Offset(6));
    EXPECT_EQ(read({Offset(0), Offset(100)})->next_offset, Offset(20));
    EXPECT_TRUE(read({Offset(6), Offset(6)})->parts.empty());
    EXPECT_TRUE(read({Offset(6), Offset(7), 1 << 20, true})->parts.empty());
}

TEST_F(LogRead, refuses_offsets_outside_of_the_log) {
    fill(10);
    ASSERT_TRUE(log->advance_log_start(Offset(5)).has_value());
    EXPECT_EQ(read({Offset(4), Offset(20)}).error(), ErrorCode::offset_out_of_range);
    EXPECT_EQ(read({Offset(21), Offset(20)}).error(), ErrorCode::offset_out_of_range);
    EXPECT_TRUE(read({Offset(20), Offset(20)})->parts.empty());
    EXPECT_EQ(records().begin()->first, 5);
}

TEST_F(LogRead, goes_on_from_segment_to_segment) {
    config.segment_bytes = 1000;
    fill(40);
    EXPECT_GT(log->segment_count(), 5U);
    EXPECT_EQ(records().size(), 80U);
    reopen_cleanly();
    EXPECT_EQ(records().size(), 80U);
    for (const int64_t from : {79, 50, 10}) {
        const auto batches = read({Offset(from), Offset(80), 1, true});
        EXPECT_EQ(batches->next_offset.value, from / 2 * 2 + 2);
    }
}

// Small batches and large ones, over several segments. Both may stop early: one where its memory ends, the other before
// small batches.
TEST_F(LogRead, refers_to_what_it_would_have_read) {
    config.segment_bytes = 200'000;
    ASSERT_TRUE(open().has_value());
    for (int i = 0; i < 12; ++i) {
        add(5, 4000U * static_cast<size_t>(i % 4));
        add(2, 15'000);
    }
    int ranges = 0;
    const Offset end = log->log_end_offset();
    for (Offset from; from < end; from = from + 1)
        for (const size_t bytes_max : {1U, 33'000U, 100'000U, 1'000'000U})
            for (const Offset limit : {end, Offset(end.value - 7)}) {
                const auto plain = read({from, limit, bytes_max, from.value % 2 == 0});
                const auto referred = log->read_now({from, limit, bytes_max, from.value % 2 == 0, true});
                if (!referred) continue;
                ASSERT_TRUE(referred->has_value());
                ASSERT_GE((*referred)->bytes, std::min(plain->bytes, size_t{64} << 10));
                EXPECT_LE((*referred)->next_offset, std::max(from, limit));
                if (!(*referred)->range) continue;
                ++ranges;
                EXPECT_TRUE((*referred)->bytes <= bytes_max || (*referred)->bytes == plain->bytes);
                const auto all = read({from, (*referred)->next_offset, 1U << 20, true});
                ASSERT_EQ(all->parts.size(), 1U);
                EXPECT_EQ((*referred)->next_offset, all->next_offset);
                EXPECT_EQ(sim::SimDisk::content_of(*(*referred)->range), all->parts[0]);
            }
    EXPECT_GT(ranges, 100);
}

// The simulated system lets go of a page now and then, between two looks as well: then it is copied.
TEST_F(LogRead, refers_to_what_had_to_be_brought_into_memory) {
    config.segment_bytes = 500'000;
    ASSERT_TRUE(open().has_value());
    add(60, 15'000);
    int ranges = 0;
    int copies = 0;
    const Offset end = log->log_end_offset();
    for (Offset from; from < end; from = from + 1) {
        const ReadRequest request{from, end, 200'000, true, true};
        if (const auto now = log->read_now(request)) {
            EXPECT_TRUE((*now)->range || (*now)->bytes < (64U << 10)) << "copied, not loaded";
            continue;
        }
        std::optional<Result<ReadBatches>> cold;
        log->read_cold(request, [&cold](Result<ReadBatches> batches) { cold = std::move(batches); });
        EXPECT_FALSE(cold);
        run();
        ASSERT_TRUE(cold && cold->has_value());
        const ReadBatches& batches = cold->value();
        const auto all = read({from, batches.next_offset, 1U << 20, true});
        ASSERT_EQ(all->parts.size(), 1U);
        ++(batches.range ? ranges : copies);
        EXPECT_EQ(batches.range ? sim::SimDisk::content_of(*batches.range) : batches.parts.at(0), all->parts[0]);
    }
    EXPECT_GT(ranges, 5);
    EXPECT_GT(copies, 1);
}

// The index says where a long range ends, but only the records are believed.
TEST_F(LogRead, refers_to_whole_batches_where_the_index_is_wrong) {
    ASSERT_TRUE(open().has_value());
    add(60, 15'000);
    reopen_cleanly();
    auto index = disk.open("/data/orders-3/00000000000000000000.index", env::OpenMode::read_write).value();
    std::vector<std::byte> entries(index->size());
    ASSERT_EQ(index->read_at(0, entries).value(), entries.size());
    for (size_t at = 4; at < entries.size(); at += 8)
        store_big_endian(entries.data() + at, load_big_endian<int32_t>(entries.data() + at) + 1);
    const Bytes wrong = Bytes::from(std::move(entries));
    ASSERT_TRUE(index->write_at(0, std::span(&wrong, 1)).has_value());
    const ReadRequest request{Offset(0), log->log_end_offset(), 1U << 20, true, true};
    const auto all = read({Offset(0), log->log_end_offset(), 1U << 20, true});
    int ranges = 0;
    for (int attempt = 0; attempt < 20; ++attempt) {
        const auto referred = log->read_now(request);
        if (!referred || !(*referred)->range) continue;
        ++ranges;
        const size_t bytes = (*referred)->bytes;
        EXPECT_EQ(sim::SimDisk::content_of(*(*referred)->range), all->parts.at(0).slice(0, bytes));
        EXPECT_EQ((*referred)->next_offset, read({Offset(0), (*referred)->next_offset, bytes, true})->next_offset);
    }
    EXPECT_GT(ranges, 5);
}

TEST_F(LogRead, copies_where_batches_are_small) {
    ASSERT_TRUE(open().has_value());
    add(2000);
    const auto batches = log->read_now({Offset(0), log->log_end_offset(), 1U << 20, false, true});
    ASSERT_TRUE(batches.has_value() && batches->has_value());
    EXPECT_FALSE((*batches)->range);
    EXPECT_GT((*batches)->bytes, 100'000U);
}

TEST_F(LogRead, needs_no_file_at_the_tail) {
    cache_bytes = 1 << 20;
    start();
    ASSERT_TRUE(open().has_value());
    ASSERT_TRUE(log->read_now({Offset(0), Offset(0)}).has_value());
    add(100);
    disk.fail_below("/data");
    const auto batches = log->read_now({Offset(100), log->log_end_offset()});
    ASSERT_TRUE(batches.has_value() && batches->has_value());
    EXPECT_EQ((*batches)->next_offset, Offset(200));
    EXPECT_EQ((*batches)->parts.size(), 50U);
}

TEST_F(LogRead, serves_what_the_cache_has_lost_from_the_file) {
    cache_bytes = 4000;
    start();
    fill(100);
    EXPECT_EQ(records().size(), 200U);
    EXPECT_LE(cache->bytes(), 4000U);
}

TEST_F(LogRead, survives_a_destroyed_index) {
    fill(500);
    reopen_cleanly();
    const Map before = records();
    for (const std::string name : {"00000000000000000000.index", "00000000000000000000.timeindex"}) {
        auto file = disk.open("/data/orders-3/" + name, env::OpenMode::read_write).value();
        std::vector<std::byte> garbage(file->size(), std::byte{0x5a});
        const Bytes bytes = Bytes::from(std::move(garbage));
        ASSERT_TRUE(file->write_at(0, std::span(&bytes, 1)).has_value());
    }
    EXPECT_EQ(records(), before);
    EXPECT_EQ(read({Offset(700), log->log_end_offset(), 1, true})->next_offset, Offset(702));
    reopen_after_kill();
    EXPECT_EQ(records(), before);
    EXPECT_EQ(read({Offset(700), log->log_end_offset(), 1, true})->next_offset, Offset(702));
}

TEST_F(LogRead, rebuilds_a_missing_index_on_open) {
    config.segment_bytes = 20'000;
    fill(500);
    const std::string indexes[] = {"00000000000000000000.index", "00000000000000000000.timeindex"};
    const std::string before[] = {content(indexes[0]), content(indexes[1])};
    EXPECT_FALSE(before[0].empty());
    for (const std::string& name : indexes) ASSERT_TRUE(disk.remove("/data/orders-3/" + name).has_value());
    reopen_cleanly();
    EXPECT_EQ(content(indexes[0]), before[0]);
    EXPECT_EQ(content(indexes[1]), before[1]);
}

TEST_F(LogRead, tolerates_the_zeros_that_kafka_allocates) {
    fill(500);
    reopen_cleanly();
    for (const std::string name : {"00000000000000000000.index", "00000000000000000000.timeindex"}) {
        auto file = disk.open("/data/orders-3/" + name, env::OpenMode::read_write).value();
        const Bytes zeros = Bytes::from(std::vector<std::byte>(120'000));
        ASSERT_TRUE(file->write_at(file->size(), std::span(&zeros, 1)).has_value());
    }
    EXPECT_EQ(read({Offset(700), log->log_end_offset(), 1, true})->next_offset, Offset(702));
    ASSERT_TRUE(append({"last"}).has_value());
    EXPECT_EQ(records().at(1000), "last");
    EXPECT_LT(content("00000000000000000000.index").size(), 1000U);
}

TEST_F(LogRead, never_serves_a_batch_with_a_damaged_header) {
    fill(3);
    {
        auto file = disk.open("/data/orders-3/00000000000000000000.log", env::OpenMode::read_write).value();
        const Bytes bad = Bytes::copy_of("\xff");
        const uint64_t second = file->size() / 3;
        ASSERT_TRUE(file->write_at(second + wire::batch_field::magic, std::span(&bad, 1)).has_value());
    }
    EXPECT_EQ(read({Offset(0), Offset(6)})->next_offset, Offset(2));
    EXPECT_EQ(read({Offset(2), Offset(6)}).error(), ErrorCode::kafka_storage_error);
    EXPECT_FALSE(directory->has_failed());
}

TEST_F(LogRead, that_waits_for_the_device_survives_the_log) {
    fill(200);
    int answers = 0;
    for (int i = 0; i < 100; ++i)
        log->read({Offset(i), Offset(400)}, [&](Result<ReadBatches> batches) {
            ++answers;
            const ErrorCode error = batches.has_value() ? ErrorCode::none : batches.error();
            EXPECT_TRUE(error == ErrorCode::none || error == ErrorCode::not_leader_or_follower);
        });
    EXPECT_LT(answers, 100);
    log.reset();
    run();
    EXPECT_EQ(answers, 100);
}

TEST_F(LogRead, that_waits_for_the_device_does_not_see_what_was_truncated_meanwhile) {
    fill(200);
    int late = 0;
    bool is_truncated = false;
    for (int i = 0; i < 100; ++i)
        log->read({Offset(i), Offset(400)}, [&](Result<ReadBatches> batches) {
            if (!is_truncated) return;
            ++late;
            const bool is_early = batches.has_value() && batches->next_offset <= Offset(50);
            EXPECT_TRUE(is_early || batches.error() == ErrorCode::offset_out_of_range);
        });
    ASSERT_TRUE(log->truncate_to(Offset(50)).has_value());
    is_truncated = true;
    run();
    EXPECT_GT(late, 0);
}

class LogTimestamps : public LogFixture {
  public:
    std::optional<TimestampOffset> find(int64_t at_least) {
        std::optional<TimestampOffset> found;
        log->find_by_timestamp(Timestamp(at_least), [&](auto outcome) { found = outcome.value(); });
        run();
        return found;
    }
    std::optional<TimestampOffset> find_max() {
        std::optional<TimestampOffset> found;
        log->find_max_timestamp([&](auto outcome) { found = outcome.value(); });
        run();
        return found;
    }
};

TEST_F(LogTimestamps, finds_the_first_record_that_is_not_earlier) {
    config.segment_bytes = 20'000;
    config.segment_ms = std::chrono::hours(1);
    ASSERT_TRUE(open().has_value());
    const wire::Codec codecs_used[] = {wire::Codec::none, wire::Codec::lz4, wire::Codec::zstd};
    for (int i = 0; i < 300; ++i)
        ASSERT_TRUE(
            append(batch_of({std::string(200, 'a'), "b", "c"}, {.codec = codecs_used[i % 3]}, Timestamp(1000 + 10 * i)))
                .has_value());
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(find(0), (TimestampOffset{Timestamp(1000), Offset(0), LeaderEpoch(0)}));
        EXPECT_EQ(find(1001), (TimestampOffset{Timestamp(1001), Offset(1), LeaderEpoch(0)}));
        EXPECT_EQ(find(1003), (TimestampOffset{Timestamp(1010), Offset(3), LeaderEpoch(0)}));
        EXPECT_EQ(find(3992), (TimestampOffset{Timestamp(3992), Offset(899), LeaderEpoch(0)}));
        EXPECT_EQ(find(3993), std::nullopt);
        for (int i = 0; i < 300; i += 7) EXPECT_EQ(find(1000 + 10 * i)->offset, Offset(3 * i));
        EXPECT_EQ(find_max(), (TimestampOffset{Timestamp(3992), Offset(899), LeaderEpoch(0)}));
        reopen_cleanly();
    }
    ASSERT_TRUE(log->advance_log_start(Offset(10)).has_value());
    EXPECT_EQ(find(0)->offset, Offset(10));
}

TEST_F(LogTimestamps, finds_the_first_of_the_largest) {
    ASSERT_TRUE(open().has_value());
    EXPECT_EQ(find_max(), std::nullopt);
    for (const int64_t time : {5000, 9000, 7000, 9000, 100})
        ASSERT_TRUE(append(batch_of({"a"}, {}, Timestamp(time))).has_value());
    EXPECT_EQ(find_max(), (TimestampOffset{Timestamp(9000), Offset(1), LeaderEpoch(0)}));
    EXPECT_EQ(find(6000)->offset, Offset(1));
    reopen_after_kill();
    EXPECT_EQ(find_max(), (TimestampOffset{Timestamp(9000), Offset(1), LeaderEpoch(0)}));
}

TEST_F(LogTimestamps, are_looked_up_while_the_log_changes_or_goes) {
    config.segment_bytes = 1000;
    ASSERT_TRUE(open().has_value());
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(append(batch_of({std::string(200, 'a')}, {}, Timestamp(i))).has_value());
    int found = 0;
    int told = 0;
    for (int round = 0; round < 50; ++round) {
        reopen_cleanly();
        for (int i = 0; i < 3; ++i)
            log->find_by_timestamp(Timestamp(250), [&](const Result<std::optional<TimestampOffset>>& outcome) {
                if (outcome.has_value())
                    found += *outcome == TimestampOffset{Timestamp(250), Offset(250), LeaderEpoch(0)};
                else
                    told += outcome.error() == ErrorCode::not_leader_or_follower;
            });
        if (round % 2 == 0) run();
        log.reset();
        run();
        ASSERT_TRUE(open().has_value());
    }
    EXPECT_GT(told, 0);
    EXPECT_EQ(found + told, 150);
}

TEST_F(LogTimestamps, survive_a_time_index_that_lies) {
    ASSERT_TRUE(open().has_value());
    for (int i = 0; i < 300; ++i)
        ASSERT_TRUE(append(batch_of({std::string(200, 'a')}, {}, Timestamp(1000 + i))).has_value());
    reopen_cleanly();
    std::string index = content("00000000000000000000.timeindex");
    ASSERT_GE(index.size(), 36U);
    for (size_t at = 8; at < index.size() - 12; at += 12) index[at + 3] = static_cast<char>(index[at + 3] + 7);
    ASSERT_TRUE(env::replace_file(disk, "/data/orders-3/00000000000000000000.timeindex", index).has_value());
    for (int i = 0; i < 300; i += 13) EXPECT_EQ(find(1000 + i)->offset, Offset(i));
}

}  // namespace
}  // namespace milena::storage
