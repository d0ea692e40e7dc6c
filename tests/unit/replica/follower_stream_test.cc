#include "replica/follower_stream.h"

#include <gtest/gtest.h>

#include "unit/replica/copy.h"

namespace milena::replica {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Partitions that node 1 leads and node 2 follows, the follower being played by the test.
struct FollowerStreamTest : ReplicationFixture {
    std::vector<std::unique_ptr<Copy>> led;  // by partition
    FollowerStreamLimits limits;
    std::unique_ptr<FollowerStream> stream;
    int wakes = 0;

    void begin(int partitions) {
        const auto policy = topic_policy(topic, broker);
        for (int i = 0; i < partitions; ++i) {
            led.push_back(std::make_unique<Copy>(NodeId{1}, world, codecs, policy, key(i)));
            lead(i, 5);
        }
        connect();
    }
    void lead(int partition, int epoch) {
        Leadership leadership;
        leadership.epoch = LeaderEpoch{epoch};
        leadership.isr = leadership.replicas = nodes({1, 2});
        led[static_cast<size_t>(partition)]->replica().become_leader(leadership);
    }
    void connect() {
        stream = std::make_unique<FollowerStream>(
            FollowerStream::Peer{NodeId{2}},
            [this](const PartitionKey& wanted) {
                const auto at = static_cast<size_t>(wanted.partition.value);
                if (at >= led.size()) return PartitionTable::Found{nullptr, ErrorCode::not_leader_or_follower};
                return led[at]->find()(wanted);
            },
            world.clock, limits, [this] { ++wakes; });
    }
    static PartitionKey key(int partition) { return {copied_key.topic_id, PartitionIndex{partition}}; }
    static Subscription from(int partition, int64_t offset, int epoch = 5) {
        Subscription subscription;
        subscription.key = key(partition);
        subscription.leader_epoch = LeaderEpoch{epoch};
        subscription.fetch_offset = Offset{offset};
        return subscription;
    }
    void subscribe(std::vector<Subscription> subscriptions, uint64_t granted = 1 << 20) {
        FollowerFrame frame;
        frame.subscribe = std::move(subscriptions);
        frame.bytes_granted = granted;
        stream->receive(frame);
    }
    void acknowledge(int partition, int64_t safe_end) {
        FollowerFrame frame;
        frame.acks.push_back({key(partition), LeaderEpoch{5}, Offset{safe_end}, Offset{0}});
        stream->receive(frame);
    }
    void produce(int partition, int count, size_t bytes = 10) {
        for (int i = 0; i < count; ++i)
            ASSERT_EQ(led[static_cast<size_t>(partition)]->produce(std::string(bytes, 'x')).error, ErrorCode::none);
    }
    // All frames until there is nothing, with what comes from the device.
    std::vector<PartitionFrame> all(size_t bytes_max = 1 << 20) {
        std::vector<PartitionFrame> got;
        for (int i = 0; i < 20; ++i) {
            while (auto frame = stream->next_frame(bytes_max))
                for (PartitionFrame& partition : frame->partitions) got.push_back(std::move(partition));
            run_for(milliseconds(50));
            stream->tick();
        }
        return got;
    }
    static int64_t end_of(const PartitionFrame& frame) {
        Offset end = no_offset;
        for (const Bytes& part : frame.records) {
            wire::BatchCursor cursor(part.span());
            for (auto batch = cursor.next(); batch.has_value() && batch->has_value(); batch = cursor.next())
                end = (*batch)->header.next_offset();
        }
        return end.value;
    }
    static int64_t end_of(const std::vector<PartitionFrame>& frames, int partition) {
        int64_t end = -1;
        for (const PartitionFrame& frame : frames)
            if (frame.key == key(partition)) end = std::max(end, end_of(frame));
        return end;
    }
};

TEST_F(FollowerStreamTest, one_frame_has_what_is_new_in_all_partitions) {
    begin(3);
    for (int i = 0; i < 3; ++i) produce(i, i + 1);
    subscribe({from(0, 0), from(1, 0), from(2, 0)});
    const auto got = all();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(end_of(got, i), i + 1);
}

TEST_F(FollowerStreamTest, first_frame_of_a_partition_comes_without_records_too) {
    begin(1);
    subscribe({from(0, 0)});
    const auto got = all();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].error, ErrorCode::none);
    EXPECT_EQ(got[0].high_watermark, Offset{0});
}

TEST_F(FollowerStreamTest, append_wakes_once_until_there_is_nothing) {
    begin(1);
    subscribe({from(0, 0)});
    all();
    wakes = 0;
    produce(0, 3);
    EXPECT_EQ(wakes, 1);
    EXPECT_EQ(end_of(all(), 0), 3);
    wakes = 0;
    produce(0, 1);
    EXPECT_EQ(wakes, 1);
}

TEST_F(FollowerStreamTest, high_watermark_travels_when_only_it_has_moved) {
    begin(1);
    subscribe({from(0, 0)});
    produce(0, 2);
    all();
    acknowledge(0, 2);
    const auto got = all();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_TRUE(got[0].records.empty());
    EXPECT_EQ(got[0].high_watermark, Offset{2});
}

TEST_F(FollowerStreamTest, log_start_travels_when_only_it_has_moved) {
    begin(1);
    subscribe({from(0, 0)});
    produce(0, 2);
    all();
    acknowledge(0, 2);
    all();
    ASSERT_TRUE(led[0]->replica().delete_records(Offset{1}).has_value());
    const auto got = all();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].log_start_offset, Offset{1});
}

TEST_F(FollowerStreamTest, no_more_records_are_sent_than_were_granted) {
    begin(1);
    produce(0, 10, 1000);
    subscribe({from(0, 0)}, 3000);
    size_t bytes = 0;
    for (const PartitionFrame& frame : all())
        for (const Bytes& part : frame.records) bytes += part.size();
    EXPECT_GT(bytes, 2000U);
    EXPECT_LT(bytes, 4200U);
    subscribe({}, 1 << 20);
    EXPECT_EQ(end_of(all(), 0), 10);
}

TEST_F(FollowerStreamTest, batch_that_is_larger_than_the_window_is_sent_all_the_same) {
    begin(1);
    produce(0, 1, 5000);
    subscribe({from(0, 0)}, 10);
    EXPECT_EQ(end_of(all(), 0), 1);
    EXPECT_LT(stream->metrics().window_bytes, 0);
}

TEST_F(FollowerStreamTest, busy_partition_keeps_nobody_waiting) {
    limits.partition_bytes_max = 3000;
    begin(2);
    produce(0, 100, 1000);
    produce(1, 1, 1000);
    subscribe({from(0, 0), from(1, 0)}, 1 << 20);
    const auto got = all(3000);
    const auto second = std::ranges::find_if(
        got, [](const PartitionFrame& frame) { return frame.key == key(1) && !frame.records.empty(); });
    ASSERT_NE(second, got.end());
    EXPECT_LT(second - got.begin(), 12);
    EXPECT_EQ(end_of(got, 0), 100);
}

TEST_F(FollowerStreamTest, what_lies_on_the_device_is_read_a_little_at_a_time_and_sent) {
    limits.cold_reads_max = 1;
    begin(4);
    for (int i = 0; i < 4; ++i) produce(i, 50, 100);
    limits.partition_bytes_max = 2000;
    connect();
    subscribe({from(0, 0), from(1, 0), from(2, 0), from(3, 0)}, 1 << 20);
    const auto got = all();
    for (int i = 0; i < 4; ++i) EXPECT_EQ(end_of(got, i), 50);
    EXPECT_GT(stream->metrics().cold_reads, 0U);
}

TEST_F(FollowerStreamTest, reads_from_the_device_keep_to_their_rate) {
    limits.cold_bytes_per_second = 2000;
    begin(1);
    produce(0, 20, 1000);
    limits.partition_bytes_max = 2000;
    connect();
    subscribe({from(0, 0)}, 1 << 20);
    const Instant begun = world.clock.now();
    while (end_of(all(), 0) != 20) ASSERT_LT(world.clock.now() - begun, seconds(60));
    const uint64_t cold = stream->metrics().cold_reads;
    if (cold > 1) EXPECT_GT(world.clock.now() - begun, milliseconds(400) * static_cast<int>(cold - 1));
}

TEST_F(FollowerStreamTest, subscription_that_is_refused_ends_with_one_frame) {
    begin(1);
    produce(0, 1);
    subscribe({from(0, 0, 4), from(7, 0)});
    const auto got = all();
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got[0].error, ErrorCode::fenced_leader_epoch);
    EXPECT_EQ(got[0].leader_epoch, LeaderEpoch{4});
    EXPECT_EQ(got[1].error, ErrorCode::not_leader_or_follower);
    EXPECT_EQ(stream->metrics().partitions, 0U);
}

TEST_F(FollowerStreamTest, follower_learns_where_the_logs_part_and_gets_nothing_before_it_comes_again) {
    begin(1);
    produce(0, 2);
    lead(0, 6);
    Subscription ahead = from(0, 3, 6);
    ahead.last_fetched_epoch = LeaderEpoch{5};
    subscribe({ahead});
    produce(0, 1);
    const auto got = all();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].diverging, std::optional(storage::EpochEnd{LeaderEpoch{5}, Offset{2}}));
    subscribe({from(0, 2, 6)});
    EXPECT_EQ(end_of(all(), 0), 3);
}

TEST_F(FollowerStreamTest, deleted_records_end_a_subscription_with_the_place_to_go_on) {
    begin(1);
    produce(0, 3);
    subscribe({from(0, 0)}, 0);
    all();
    Leadership alone;
    alone.epoch = LeaderEpoch{5};
    alone.partition_epoch = 1;
    alone.isr = nodes({1});
    alone.replicas = nodes({1, 2});
    led[0]->replica().become_leader(alone);
    ASSERT_TRUE(led[0]->replica().delete_records(Offset{2}).has_value());
    subscribe({}, 1 << 20);
    const auto got = all();
    ASSERT_FALSE(got.empty());
    EXPECT_EQ(got.back().error, ErrorCode::offset_out_of_range);
    EXPECT_EQ(got.back().log_start_offset, Offset{2});
}

TEST_F(FollowerStreamTest, end_of_the_leadership_is_told) {
    begin(1);
    subscribe({from(0, 0)});
    all();
    led[0]->replica().resign(LeaderEpoch{6});
    const auto got = all();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].error, ErrorCode::not_leader_or_follower);
    EXPECT_EQ(got[0].leader_epoch, LeaderEpoch{5});
}

TEST_F(FollowerStreamTest, who_unsubscribes_gets_one_last_frame_and_nothing_behind_it) {
    begin(1);
    subscribe({from(0, 0)});
    produce(0, 1);
    FollowerFrame leave;
    leave.unsubscribe.push_back(key(0));
    leave.unsubscribe.push_back(key(0));
    stream->receive(leave);
    produce(0, 1);
    const auto got = all();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].error, unsubscribed);
}

TEST_F(FollowerStreamTest, replica_and_stream_may_go_in_any_order) {
    begin(2);
    subscribe({from(0, 0), from(1, 0)});
    produce(0, 1);
    led[0]->crash(false);
    EXPECT_EQ(stream->metrics().partitions, 1U);
    all();
    stream.reset();
    produce(1, 1);
}

TEST_F(FollowerStreamTest, acknowledgements_commit) {
    begin(1);
    subscribe({from(0, 0)});
    produce(0, 2);
    all();
    acknowledge(0, 1);
    EXPECT_EQ(led[0]->replica().high_watermark(), Offset{1});
    acknowledge(0, 99);
    EXPECT_EQ(led[0]->replica().high_watermark(), Offset{2});
}

// The rate of what a follower gets that isn't in sync.
struct ThrottledStreamTest : FollowerStreamTest {
    // One partition, in which the follower isn't in sync; by the setting or not.
    void begin_behind(std::vector<std::string> throttled, std::initializer_list<int> isr = {1}) {
        topic.leader_replication_throttled_replicas = std::move(throttled);
        limits.partition_bytes_max = 1000;
        begin(1);
        led[0]->context.leader_throttle.limit(1000);
        Leadership leadership;
        leadership.epoch = LeaderEpoch{6};
        leadership.isr = nodes(isr);
        leadership.replicas = nodes({1, 2});
        led[0]->replica().become_leader(leadership);
        produce(0, 10, 900);
        subscribe({from(0, 0, 6)});
    }
};

TEST_F(ThrottledStreamTest, follower_that_is_not_in_sync_gets_records_at_the_rate) {
    begin_behind({"0:1"});
    const int64_t soon = end_of(all(), 0);  // after a second
    EXPECT_GE(soon, 1);
    EXPECT_LE(soon, 4);
    int64_t later = soon;
    for (int i = 0; i < 12; ++i) later = std::max(later, end_of(all(), 0));
    EXPECT_EQ(later, 10);
}

TEST_F(ThrottledStreamTest, nothing_waits_where_the_setting_names_another_replica) {
    begin_behind({"0:2", "1:1"});
    EXPECT_EQ(end_of(all(), 0), 10);
}

TEST_F(ThrottledStreamTest, follower_that_is_in_sync_does_not_wait) {
    begin_behind({"*"}, {1, 2});
    EXPECT_EQ(end_of(all(), 0), 10);
}

TEST_F(ThrottledStreamTest, high_watermark_does_not_wait) {
    begin_behind({"*"});
    all();
    produce(0, 1);
    const auto got = all();
    ASSERT_FALSE(got.empty());
    EXPECT_EQ(got.back().high_watermark, Offset{11});
}

TEST_F(ThrottledStreamTest, what_waits_goes_on_when_the_rate_is_lifted) {
    begin_behind({"*"});
    all();
    led[0]->context.leader_throttle.limit(ReplicationThrottle::unlimited);
    EXPECT_EQ(end_of(all(), 0), 10);
}

TEST_F(ThrottledStreamTest, partition_that_waits_can_be_given_up) {
    begin_behind({"*"});
    all();
    FollowerFrame frame;
    frame.unsubscribe.push_back(key(0));
    stream->receive(frame);
    const auto got = all();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].error, unsubscribed);
}

}  // namespace
}  // namespace milena::replica
