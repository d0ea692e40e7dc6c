#include "replica/lag_reader.h"

#include <gtest/gtest.h>

#include "unit/replica/table_fixture.h"

namespace milena::replica {
namespace {

using std::chrono::seconds;

struct LagReaderTest : PartitionTableTest {
    std::unique_ptr<LagReader> reader;

    LagReaderTest() {
        start();
        apply(topic("orders", topic_id, 1));
        reader = std::make_unique<LagReader>(*table, world.clock, codecs);
        reader->begin();
    }
    // A batch with so many records, one second of time between two of them.
    void produce_batch(int count, wire::Codec codec = wire::Codec::none) {
        wire::RecordBatchBuilder builder({.codec = codec});
        for (int i = 0; i < count; ++i) {
            wire::NewRecord record;
            record.timestamp = world.clock.wall();
            builder.add(record);
            run_for(seconds(1));
        }
        ProduceRequest request;
        request.batch = Bytes::from(builder.build(codecs.compressor));
        request.now = world.clock.wall();
        ASSERT_EQ(table->use(key()).replica->produce(request, codecs).error, ErrorCode::none);
    }
    PartitionKey key() const { return {topic_id, PartitionIndex(0)}; }
    LagReader::Lag lag(int64_t committed) {
        const auto found = reader->lag(key(), Offset(committed));
        EXPECT_TRUE(found.has_value());
        return found.value_or(LagReader::Lag{-1, std::nullopt});
    }
};

TEST_F(LagReaderTest, group_at_the_end_is_behind_by_nothing) {
    produce_batch(3);
    run_for(seconds(100));
    EXPECT_EQ(lag(3).records, 0);
    EXPECT_EQ(lag(3).time, Milliseconds(0));
}

TEST_F(LagReaderTest, time_is_the_age_of_the_first_uncommitted_record) {
    produce_batch(3);
    EXPECT_EQ(lag(0).time, seconds(3));
    EXPECT_EQ(lag(2).records, 1);
    EXPECT_EQ(lag(2).time, seconds(1));
    run_for(seconds(10));
    EXPECT_EQ(lag(2).time, seconds(11));
}

TEST_F(LagReaderTest, first_uncommitted_record_is_found_within_a_compressed_batch) {
    produce_batch(3, wire::Codec::zstd);
    EXPECT_EQ(lag(1).time, seconds(2));
}

TEST_F(LagReaderTest, clock_that_went_back_makes_no_negative_time) {
    produce_batch(1);
    world.clock.jump_wall(-seconds(60));
    EXPECT_EQ(lag(0).time, Milliseconds(0));
}

TEST_F(LagReaderTest, records_that_are_gone_count_and_the_time_begins_with_the_first_that_is_there) {
    produce_batch(2);
    produce_batch(2);
    ASSERT_TRUE(table->use(key()).replica->delete_records(Offset(2)).has_value());
    EXPECT_EQ(lag(0).records, 4);
    EXPECT_EQ(lag(0).time, seconds(2));
    ASSERT_TRUE(table->use(key()).replica->delete_records(Offset(4)).has_value());
    EXPECT_EQ(lag(0).records, 4);
    EXPECT_EQ(lag(0).time, Milliseconds(0));
}

TEST_F(LagReaderTest, commit_beyond_the_end_is_shown_as_kafka_shows_it) {
    produce_batch(1);
    EXPECT_EQ(lag(5).records, -4);
    EXPECT_EQ(lag(5).time, Milliseconds(0));
}

TEST_F(LagReaderTest, partition_that_is_not_here_has_no_lag) {
    EXPECT_FALSE(reader->lag({topic_id, PartitionIndex(1)}, Offset(0)).has_value());
}

// The page cache of the simulated disk has lost what is asked for every eighth time.
struct RestartedLagReaderTest : LagReaderTest {
    static constexpr int times = 100;

    RestartedLagReaderTest() {
        produce_batch(2);
        restart(true);
        renew();
    }
    void renew() {
        reader = std::make_unique<LagReader>(*table, world.clock, codecs);
        reader->begin();
    }
};

TEST_F(RestartedLagReaderTest, device_is_not_waited_for_and_the_time_known_once_it_has_answered) {
    int waited = 0;
    for (int i = 0; i < times; ++i, renew()) {
        const LagReader::Lag at_once = lag(0);
        EXPECT_EQ(at_once.records, 2);
        waited += at_once.time ? 0 : 1;
        run_for(seconds(1));
        EXPECT_TRUE(lag(0).time.has_value());
    }
    EXPECT_GT(waited, 0);
    EXPECT_LT(waited, times);
}

TEST_F(RestartedLagReaderTest, record_is_read_once_while_the_commit_stays_where_it_is) {
    lag(0);
    run_for(seconds(1));
    for (int i = 0; i < times; ++i) {
        reader->begin();
        EXPECT_TRUE(lag(0).time.has_value());
    }
}

TEST_F(RestartedLagReaderTest, answer_of_the_device_to_a_reader_that_is_gone_is_dropped) {
    for (int i = 0; i < times; ++i, renew()) lag(0);
    run_for(seconds(1));
}

}  // namespace
}  // namespace milena::replica
