#include "replica/cleaner.h"

#include <gtest/gtest.h>

#include "unit/replica/replica_fixture.h"

namespace milena::replica {
namespace {

using std::chrono::milliseconds;

struct CleanerTest : Fixture {
    settings::BrokerConfig config;
    settings::TopicConfig topic;
    Cleaner cleaner{world.clock};
    std::unique_ptr<Replica> replica;

    CleanerTest() {
        config.log_cleaner_backoff_ms = 15'000;
        config.log_cleaner_io_max_bytes_per_second = 1e9;
        config.log_cleaner_dedupe_buffer_size = 1 << 20;
        config.log_cleaner_io_buffer_size = 1 << 19;
        config.log_cleaner_io_buffer_load_factor = 0.9;
        topic.is_compacted = true;
        topic.segment_bytes = 2000;
    }
    void start() {
        cleaner.configure(config, 1);
        const auto policy = topic_policy(topic, config);
        replica = std::make_unique<Replica>(PartitionKey{topic_id, PartitionIndex{0}}, open_log(policy->log), policy,
                                            context);
        replica->become_leader(leadership(0));
    }
    void produce(const std::string& key) {
        wire::RecordBatchBuilder builder({});
        const std::string text(100, 'x');
        builder.add({world.clock.wall(), std::as_bytes(std::span(key)), std::as_bytes(std::span(text)), {}});
        ProduceRequest request;
        request.batch = Bytes::from(builder.build());
        request.now = world.clock.wall();
        EXPECT_EQ(replica->produce(request, codecs).error, ErrorCode::none);
    }
    void make_dirty() {
        for (int i = 0; i < 100; ++i) produce("key" + std::to_string(i % 5));
    }
    // Whether a round finds the log worth a pass, which has begun then.
    bool begins() {
        cleaner.consider(*replica);
        if (!cleaner.end_round().has_value()) return false;
        cleaner.begin(replica.get());
        return true;
    }
    Duration run_pass() {
        const Instant begin = world.clock.now();
        while (cleaner.current().has_value()) run_for(cleaner.move_on(replica.get()));
        return world.clock.now() - begin;
    }
};

TEST_F(CleanerTest, compacts_a_log_that_is_dirty_enough_and_then_leaves_it_alone) {
    start();
    EXPECT_FALSE(begins());
    make_dirty();
    const uint64_t before = replica->log().bytes();
    ASSERT_TRUE(begins());
    run_pass();
    EXPECT_LT(replica->log().bytes(), before / 2);
    EXPECT_EQ(cleaner.metrics().passes, 1U);
    EXPECT_EQ(cleaner.metrics().dirty_ratio_max, 1.0);
    EXPECT_LT(cleaner.metrics().last_recopy_ratio, 0.5);
    EXPECT_GT(cleaner.metrics().last_pass, Duration{});
    EXPECT_FALSE(begins());
    EXPECT_EQ(cleaner.metrics().dirty_ratio_max, 0.0);
}

TEST_F(CleanerTest, a_log_below_the_dirty_ratio_waits_unless_it_is_overdue) {
    topic.min_cleanable_dirty_ratio = 1.0;
    topic.max_compaction_lag_ms = 60'000;
    start();
    make_dirty();
    EXPECT_FALSE(begins());
    run_for(std::chrono::minutes(2));
    EXPECT_TRUE(begins());
}

TEST_F(CleanerTest, only_logs_with_the_policy_compact_are_looked_at) {
    topic.is_compacted = false;
    start();
    make_dirty();
    EXPECT_FALSE(begins());
}

TEST_F(CleanerTest, a_pass_keeps_to_the_rate) {
    config.log_cleaner_io_max_bytes_per_second = 10'000;
    start();
    make_dirty();
    ASSERT_TRUE(begins());
    const Duration took = run_pass();
    const CleanerMetrics metrics = cleaner.metrics();
    const auto bytes = static_cast<double>(metrics.bytes_read + metrics.bytes_written);
    EXPECT_GE(std::chrono::duration<double>(took).count(), bytes / 10'000 * 0.9);
}

TEST_F(CleanerTest, a_log_with_damaged_records_is_not_tried_again) {
    start();
    make_dirty();
    ASSERT_TRUE(replica->log().sync_now().has_value());
    const auto file = disk.open("/data/orders-0/00000000000000000000.log", env::OpenMode::read_write).value();
    const Bytes damage = Bytes::copy_of(std::string("?"));
    ASSERT_TRUE(file->write_at(100, std::span(&damage, 1)).has_value());
    ASSERT_TRUE(begins());
    run_pass();
    EXPECT_EQ(cleaner.metrics().passes_failed, 1U);
    EXPECT_EQ(cleaner.metrics().uncleanable_partitions, 1U);
    EXPECT_FALSE(begins());
    cleaner.forget(replica->key());
    EXPECT_EQ(cleaner.metrics().uncleanable_partitions, 0U);
}

TEST_F(CleanerTest, goes_on_when_its_log_has_gone) {
    start();
    make_dirty();
    ASSERT_TRUE(begins());
    EXPECT_EQ(cleaner.move_on(nullptr), milliseconds(15'000));
    EXPECT_FALSE(cleaner.current().has_value());
}

}  // namespace
}  // namespace milena::replica
