#include "replica/leader_stream.h"

#include <gtest/gtest.h>

#include "unit/replica/copy.h"

namespace milena::replica {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// What the stream asks for is kept, and the test answers for the leader and for the owners.
struct LeaderStreamTest : testing::Test, FollowerPartitions {
    sim::SimClock clock;
    LeaderStreamLimits limits;
    int wakes = 0;
    std::vector<FollowStart> starts;
    std::vector<FollowedFrame> frames;
    LeaderStream stream{*this, clock, limits, [this] { ++wakes; }};

    void begin(std::vector<FollowStart> more) override { starts.insert(starts.end(), more.begin(), more.end()); }
    void receive(std::vector<FollowedFrame> more) override {
        for (FollowedFrame& frame : more) frames.push_back(std::move(frame));
    }

    void want(int epoch) {
        const LeaderStream::Wanted wanted{copied_key, LeaderEpoch{epoch}};
        stream.follow(std::span(&wanted, 1));
    }
    void wait(Duration duration) {
        clock.advance_to(clock.now() + duration);
        stream.tick();
    }
    FollowReport answer(int64_t end) const {
        FollowReport report;
        report.key = copied_key;
        report.leader_epoch = starts.back().leader_epoch;
        report.attempt = starts.back().attempt;
        report.safe_end = Offset{end};
        report.log_start_offset = Offset{0};
        return report;
    }
    void report(const FollowReport& report) { stream.report(std::span(&report, 1)); }
    void report_begun(int64_t end) {
        FollowReport report = answer(end);
        report.subscription = Subscription{copied_key, report.leader_epoch, Offset{end}, no_leader_epoch, Offset{0}};
        this->report(report);
    }
    void report_failed(ErrorCode error) {
        FollowReport report = answer(0);
        report.error = error;
        this->report(report);
    }
    void arrive(const PartitionFrame& frame) {
        LeaderFrame whole;
        whole.partitions.push_back(frame);
        for (const Bytes& part : frame.records) whole.records_bytes += part.size();
        stream.receive(whole);
    }
    static PartitionFrame frame(int epoch, size_t bytes = 0) {
        PartitionFrame frame;
        frame.key = copied_key;
        frame.leader_epoch = LeaderEpoch{epoch};
        if (bytes > 0) frame.records.push_back(Bytes::copy_of(std::string(bytes, 'x')));
        return frame;
    }
    static PartitionFrame last(int epoch, ErrorCode error) {
        PartitionFrame last = frame(epoch);
        last.error = error;
        return last;
    }
    FollowerFrame sent() {
        FollowerFrame all;
        while (const auto next = stream.next_frame()) {
            all.subscribe.insert(all.subscribe.end(), next->subscribe.begin(), next->subscribe.end());
            all.unsubscribe.insert(all.unsubscribe.end(), next->unsubscribe.begin(), next->unsubscribe.end());
            all.acks.insert(all.acks.end(), next->acks.begin(), next->acks.end());
            all.bytes_granted += next->bytes_granted;
        }
        return all;
    }
    // Connected, asked, answered, subscribed.
    void begin_at(int epoch, int64_t end) {
        stream.opened();
        want(epoch);
        report_begun(end);
        EXPECT_EQ(sent().subscribe.size(), 1U);
    }
};

TEST_F(LeaderStreamTest, owner_is_asked_and_its_answer_is_subscribed_and_acknowledged) {
    stream.opened();
    want(5);
    ASSERT_EQ(starts.size(), 1U);
    report_begun(7);
    const FollowerFrame frame = sent();
    ASSERT_EQ(frame.subscribe.size(), 1U);
    EXPECT_EQ(frame.subscribe[0].fetch_offset, Offset{7});
    ASSERT_EQ(frame.acks.size(), 1U);
    EXPECT_EQ(frame.acks[0].safe_end, Offset{7});
    EXPECT_EQ(frame.bytes_granted, limits.window_bytes);
}

TEST_F(LeaderStreamTest, nothing_begins_without_a_connection) {
    want(5);
    EXPECT_TRUE(starts.empty());
    stream.opened();
    EXPECT_EQ(starts.size(), 1U);
}

TEST_F(LeaderStreamTest, records_are_handed_on_and_what_became_safe_is_acknowledged_once) {
    begin_at(5, 0);
    arrive(frame(5, 100));
    ASSERT_EQ(frames.size(), 1U);
    wakes = 0;
    FollowReport taken = answer(3);
    taken.bytes = 100;
    report(taken);
    taken.bytes = 0;
    taken.safe_end = Offset{4};
    report(taken);
    EXPECT_EQ(wakes, 1);
    const FollowerFrame frame = sent();
    ASSERT_EQ(frame.acks.size(), 1U);
    EXPECT_EQ(frame.acks[0].safe_end, Offset{4});
    EXPECT_EQ(frame.bytes_granted, 100U);
}

TEST_F(LeaderStreamTest, window_is_granted_again_as_the_owners_take_in) {
    begin_at(5, 0);
    const size_t half = limits.window_bytes / 2;
    arrive(frame(5, half));
    EXPECT_EQ(sent().bytes_granted, 0U);
    FollowReport taken = answer(0);
    taken.bytes = half;
    report(taken);
    EXPECT_EQ(sent().bytes_granted, half);
}

TEST_F(LeaderStreamTest, records_that_nobody_wants_any_more_are_granted_again_at_once) {
    begin_at(5, 0);
    want(6);
    arrive(frame(5, limits.window_bytes / 2));
    EXPECT_TRUE(frames.empty());
    EXPECT_EQ(sent().bytes_granted, limits.window_bytes / 2);
}

TEST_F(LeaderStreamTest, truncated_partition_is_subscribed_anew) {
    begin_at(5, 9);
    PartitionFrame parting = frame(5);
    parting.diverging = storage::EpochEnd{LeaderEpoch{4}, Offset{6}};
    arrive(parting);
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_TRUE(frames[0].frame.diverging.has_value());
    report_begun(6);
    const FollowerFrame frame = sent();
    ASSERT_EQ(frame.subscribe.size(), 1U);
    EXPECT_EQ(frame.subscribe[0].fetch_offset, Offset{6});
    EXPECT_TRUE(frame.unsubscribe.empty());
}

TEST_F(LeaderStreamTest, leaders_refusal_is_tried_again_after_a_while_that_grows) {
    begin_at(5, 0);
    Duration before{};
    for (int i = 0; i < 10; ++i) {
        arrive(last(5, ErrorCode::unknown_leader_epoch));
        const auto due = stream.next_due();
        ASSERT_TRUE(due.has_value());
        const Duration pause = *due - clock.now();
        EXPECT_GE(pause, before);
        EXPECT_LE(pause, limits.backoff_max);
        before = pause;
        wait(pause);
        report_begun(0);
        sent();
    }
    EXPECT_EQ(before, limits.backoff_max);
}

TEST_F(LeaderStreamTest, new_epoch_begins_at_once) {
    begin_at(5, 0);
    arrive(last(5, ErrorCode::not_leader_or_follower));
    want(6);
    ASSERT_EQ(starts.back().leader_epoch, LeaderEpoch{6});
    report_begun(0);
    EXPECT_EQ(sent().subscribe.size(), 1U);
}

TEST_F(LeaderStreamTest, what_still_comes_of_an_earlier_epoch_changes_nothing) {
    begin_at(5, 0);
    want(6);
    report_begun(0);
    EXPECT_EQ(sent().subscribe.size(), 1U);
    arrive(last(5, ErrorCode::not_leader_or_follower));
    arrive(frame(5, 100));
    EXPECT_TRUE(frames.empty());
    EXPECT_FALSE(stream.next_due().has_value());
    EXPECT_EQ(stream.metrics().following, 1U);
}

TEST_F(LeaderStreamTest, owner_that_fails_is_begun_again_only_behind_the_leaders_last_frame) {
    begin_at(5, 0);
    arrive(frame(5, 100));
    arrive(frame(5, 100));
    report_failed(ErrorCode::kafka_storage_error);
    EXPECT_EQ(sent().unsubscribe.size(), 1U);
    frames.clear();
    arrive(frame(5, 100));
    EXPECT_TRUE(frames.empty()) << "it would lie behind a hole";
    wait(seconds(10));
    EXPECT_EQ(starts.size(), 1U);
    arrive(last(5, unsubscribed));
    wait(seconds(10));
    EXPECT_EQ(starts.size(), 2U);
    report_begun(0);
    EXPECT_EQ(sent().subscribe.size(), 1U);
    arrive(frame(5, 100));
    EXPECT_EQ(frames.size(), 1U);
}

TEST_F(LeaderStreamTest, reports_of_an_earlier_try_change_nothing) {
    begin_at(5, 0);
    FollowReport old = answer(5);
    want(6);
    report_begun(0);
    sent();
    old.error = ErrorCode::kafka_storage_error;
    report(old);
    EXPECT_TRUE(sent().is_empty());
}

TEST_F(LeaderStreamTest, broken_connection_begins_everything_anew) {
    begin_at(5, 3);
    arrive(frame(5, limits.window_bytes / 2));
    FollowReport late = answer(4);
    late.bytes = limits.window_bytes / 2;
    stream.closed();
    stream.opened();
    EXPECT_EQ(starts.size(), 2U);
    report(late);
    const FollowerFrame frame = sent();
    EXPECT_EQ(frame.bytes_granted, limits.window_bytes) << "what was under way before is not granted again";
    EXPECT_TRUE(frame.acks.empty());
}

TEST_F(LeaderStreamTest, partition_that_is_wanted_no_longer_is_forgotten_when_the_leader_has_heard) {
    begin_at(5, 0);
    want(-1);
    EXPECT_EQ(sent().unsubscribe.size(), 1U);
    EXPECT_EQ(stream.size(), 1U);
    arrive(last(5, unsubscribed));
    EXPECT_EQ(stream.size(), 0U);
}

TEST_F(LeaderStreamTest, partition_that_is_wanted_again_meanwhile_is_begun_behind_the_last_frame) {
    begin_at(5, 0);
    want(-1);
    want(5);
    EXPECT_EQ(starts.size(), 1U);
    arrive(last(5, unsubscribed));
    wait(seconds(1));
    EXPECT_EQ(starts.size(), 2U);
}

TEST_F(LeaderStreamTest, partition_that_the_leader_never_heard_of_is_forgotten_at_once) {
    stream.opened();
    want(5);
    report_begun(0);
    want(-1);
    EXPECT_EQ(stream.size(), 0U);
    EXPECT_TRUE(sent().subscribe.empty());
}

TEST_F(LeaderStreamTest, numbers_say_how_far_it_is) {
    begin_at(5, 0);
    arrive(frame(5, 100));
    const LeaderStreamMetrics metrics = stream.metrics();
    EXPECT_EQ(metrics.partitions, 1U);
    EXPECT_EQ(metrics.following, 1U);
    EXPECT_EQ(metrics.bytes_received, 100U);
    EXPECT_EQ(metrics.bytes_waiting, 100U);
}

}  // namespace
}  // namespace milena::replica
