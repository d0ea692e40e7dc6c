#include <gtest/gtest.h>

#include "base/log.h"
#include "unit/replica/copy.h"

namespace milena::replica {
namespace {

using std::chrono::seconds;

// Node 1 leads by itself, and the test carries what node 2 gets.
struct FollowerTest : ReplicationFixture {
    std::vector<std::string> loud;

    FollowerTest() {
        set_log_sink([this](LogLevel level, std::string_view line) {
            if (level == LogLevel::error) loud.emplace_back(line);
        });
    }
    ~FollowerTest() override { set_log_sink(nullptr); }

    void begin() {
        open(2);
        replica(1).become_leader(leadership(5, 1, {1}));
        replica(2).become_follower(LeaderEpoch{5}, NodeId{1});
    }
    void produce(int count) {
        for (int i = 0; i < count; ++i) ASSERT_EQ(copy(1).produce("value").error, ErrorCode::none);
    }
    // What the leader has from there on.
    PartitionFrame frame(int64_t from, int epoch = 5) {
        PartitionFrame frame;
        frame.key = copied_key;
        frame.leader_epoch = LeaderEpoch{epoch};
        frame.high_watermark = replica(1).high_watermark();
        frame.log_start_offset = replica(1).log().log_start_offset();
        replica(1).log().read({.from = Offset{from}, .limit = replica(1).log().log_end_offset(), .bytes_max = 1 << 20},
                              [&](Result<storage::ReadBatches> read) { frame.records = read->parts; });
        run_for(seconds(1));
        return frame;
    }
    PartitionFrame parting(int epoch, int64_t end, int leader_epoch) {
        PartitionFrame frame;
        frame.key = copied_key;
        frame.leader_epoch = LeaderEpoch{leader_epoch};
        frame.diverging = storage::EpochEnd{LeaderEpoch{epoch}, Offset{end}};
        return frame;
    }
    // There is nothing at the leader where the follower wants to go on.
    PartitionFrame deleted_up_to(int64_t log_start, int leader_epoch = 5) {
        PartitionFrame frame;
        frame.key = copied_key;
        frame.leader_epoch = LeaderEpoch{leader_epoch};
        frame.error = ErrorCode::offset_out_of_range;
        frame.log_start_offset = Offset{log_start};
        return frame;
    }
    // As soon as it may.
    Subscription subscribe(int epoch = 5) {
        for (;;) {
            const auto subscription = replica(2).begin_following(LeaderEpoch{epoch});
            if (subscription.has_value()) return *subscription;
            check(subscription.error() == ErrorCode::operation_not_attempted);
            run_for(std::chrono::milliseconds(10));
        }
    }
    ErrorCode follow(const PartitionFrame& frame) {
        const auto step = replica(2).follow(frame);
        return step.has_value() ? ErrorCode::none : step.error();
    }
    // The leader's one batch has the records 0 to 4, of which those below 3 are deleted; the follower goes on at 3.
    void begin_within_a_batch() {
        begin();
        wire::RecordBatchBuilder builder({});
        for (int i = 0; i < 5; ++i) builder.add({});
        ASSERT_TRUE(replica(1).append(Bytes::from(builder.build())).has_value());
        ASSERT_TRUE(replica(1).delete_records(Offset{3}).has_value());
        subscribe();
        ASSERT_TRUE(replica(2).follow(deleted_up_to(3)).has_value());
        subscribe();
    }
    // As many records, all committed.
    void follow_all(int count) {
        begin();
        produce(count);
        subscribe();
        ASSERT_EQ(follow(frame(0)), ErrorCode::none);
    }
};

TEST_F(FollowerTest, client_of_another_epoch_is_told_that_before_it_is_sent_to_the_leader) {
    begin();
    EXPECT_EQ(replica(2).check_leader_epoch(LeaderEpoch{4}), ErrorCode::fenced_leader_epoch);
    EXPECT_EQ(replica(2).check_leader_epoch(LeaderEpoch{6}), ErrorCode::unknown_leader_epoch);
    EXPECT_EQ(replica(2).check_leader_epoch(LeaderEpoch{5}), ErrorCode::not_leader_or_follower);
    EXPECT_EQ(replica(2).check_leader_epoch(no_leader_epoch), ErrorCode::not_leader_or_follower);
    EXPECT_EQ(replica(2).check_leader_epoch(LeaderEpoch{5}, false), ErrorCode::none);
}

TEST_F(FollowerTest, records_and_the_high_watermark_are_taken_over) {
    follow_all(3);
    EXPECT_EQ(replica(2).log().log_end_offset(), Offset{3});
    EXPECT_EQ(replica(2).high_watermark(), Offset{3});
    EXPECT_EQ(copy(2).content(Offset{3}), copy(1).content(Offset{3}));
    EXPECT_EQ(subscribe().last_fetched_epoch, LeaderEpoch{5});
}

// Else nobody would hear of them before the next ones come.
TEST_F(FollowerTest, records_that_a_full_disk_took_of_a_frame_are_safe) {
    topic.segment_bytes = 300;
    begin();
    produce(8);
    subscribe();
    PartitionFrame first = frame(0);
    ASSERT_EQ(first.records.size(), 1);
    const size_t batch_bytes = first.records[0].size() / 4;
    first.records[0] = first.records[0].slice(0, 2 * batch_bytes);
    ASSERT_EQ(follow(first), ErrorCode::none);
    PartitionFrame rest = frame(2);
    const PartitionFrame next_segment = frame(4);
    rest.records.insert(rest.records.end(), next_segment.records.begin(), next_segment.records.end());
    copy(2).disk().limit_capacity(copy(2).disk().used_bytes() + 2 * batch_bytes);
    EXPECT_EQ(follow(rest), ErrorCode::kafka_storage_error);
    EXPECT_EQ(replica(2).log().log_end_offset(), Offset{4});
    EXPECT_EQ(replica(2).safe_end(), Offset{4});
}

TEST_F(FollowerTest, high_watermark_is_at_most_the_log_end) {
    begin();
    subscribe();
    PartitionFrame ahead = frame(0);
    ahead.high_watermark = Offset{7};
    EXPECT_EQ(follow(ahead), ErrorCode::none);
    EXPECT_EQ(replica(2).high_watermark(), Offset{0});
}

TEST_F(FollowerTest, frame_of_another_epoch_is_refused) {
    begin();
    produce(1);
    subscribe();
    EXPECT_EQ(follow(frame(0, 4)), ErrorCode::fenced_leader_epoch);
    EXPECT_EQ(replica(2).begin_following(LeaderEpoch{4}).error(), ErrorCode::fenced_leader_epoch);
    EXPECT_EQ(replica(2).begin_following(LeaderEpoch{6}).error(), ErrorCode::unknown_leader_epoch);
    EXPECT_EQ(replica(1).begin_following(LeaderEpoch{5}).error(), ErrorCode::not_leader_or_follower);
}

TEST_F(FollowerTest, what_comes_behind_something_lost_is_refused_until_it_is_begun_again) {
    begin();
    produce(1);
    subscribe();
    PartitionFrame torn = frame(0);
    torn.records[0] = torn.records[0].slice(0, 70);
    EXPECT_EQ(follow(torn), ErrorCode::corrupt_message);
    produce(1);
    EXPECT_EQ(follow(frame(1)), ErrorCode::operation_not_attempted);
    EXPECT_EQ(replica(2).log().log_end_offset(), Offset{0});
    EXPECT_EQ(subscribe().fetch_offset, Offset{0});
    EXPECT_EQ(follow(frame(0)), ErrorCode::none);
    EXPECT_EQ(replica(2).log().log_end_offset(), Offset{2});
}

TEST_F(FollowerTest, log_is_cut_where_the_leader_says_that_they_part) {
    follow_all(3);
    // It led for a while, and nobody followed.
    replica(2).become_leader(leadership(6, 2, {1, 2}));
    ASSERT_EQ(copy(2).produce("other").error, ErrorCode::none);
    ASSERT_EQ(copy(2).produce("other").error, ErrorCode::none);
    replica(2).become_follower(LeaderEpoch{7}, NodeId{1});
    EXPECT_EQ(subscribe(7).last_fetched_epoch, LeaderEpoch{6});
    const auto step = replica(2).follow(parting(5, 3, 7));
    ASSERT_TRUE(step.has_value());
    EXPECT_EQ(*step, Replica::Step::begin_anew);
    EXPECT_EQ(replica(2).log().log_end_offset(), Offset{3});
    EXPECT_EQ(replica(2).high_watermark(), Offset{3});
    EXPECT_TRUE(loud.empty());
    EXPECT_EQ(subscribe(7).last_fetched_epoch, LeaderEpoch{5});
}

TEST_F(FollowerTest, log_is_cut_where_its_own_part_of_the_epoch_ends) {
    follow_all(2);
    replica(2).become_leader(leadership(6, 2, {1, 2}));
    ASSERT_EQ(copy(2).produce("other").error, ErrorCode::none);
    replica(2).become_follower(LeaderEpoch{8}, NodeId{1});
    subscribe(8);
    // The leader has more of epoch 5 than this log.
    ASSERT_TRUE(replica(2).follow(parting(5, 9, 8)).has_value());
    EXPECT_EQ(replica(2).log().log_end_offset(), Offset{2});
}

TEST_F(FollowerTest, giving_up_committed_records_is_said_loudly) {
    follow_all(3);
    replica(2).become_follower(LeaderEpoch{9}, NodeId{1});
    subscribe(9);
    ASSERT_TRUE(replica(2).follow(parting(5, 1, 9)).has_value());
    EXPECT_EQ(replica(2).high_watermark(), Offset{1});
    ASSERT_EQ(loud.size(), 1U);
    EXPECT_NE(loud[0].find("committed records given up"), std::string::npos);
}

// Else, if a crash takes all log starts back, there would be other records here than elsewhere.
TEST_F(FollowerTest, nothing_is_kept_of_a_log_that_parts_below_the_log_start_of_the_leader) {
    follow_all(4);
    replica(2).become_follower(LeaderEpoch{9}, NodeId{1});
    subscribe(9);
    PartitionFrame parting_below = parting(5, 2, 9);
    parting_below.log_start_offset = Offset{2};
    ASSERT_TRUE(replica(2).follow(parting_below).has_value());
    EXPECT_EQ(replica(2).log().log_start_offset(), Offset{2});
    EXPECT_EQ(subscribe(9).fetch_offset, Offset{2});
    EXPECT_EQ(replica(2).high_watermark(), Offset{2});
}

TEST_F(FollowerTest,
       nothing_is_kept_of_a_log_that_ends_where_the_leaders_starts_with_an_epoch_that_this_no_longer_has) {
    follow_all(2);
    produce(1);
    replica(1).become_leader(leadership(9, 2, {1}));
    produce(1);
    ASSERT_TRUE(replica(1).delete_records(Offset{3}).has_value());
    replica(2).become_follower(LeaderEpoch{9}, NodeId{1});
    const auto admitted = [&](Offset fetch_offset, LeaderEpoch last_epoch) {
        Subscription subscription{.key = copied_key, .leader_epoch = LeaderEpoch{9}, .fetch_offset = fetch_offset};
        subscription.last_fetched_epoch = last_epoch;
        return replica(1).admit({.node = NodeId{2}}, subscription).error;
    };
    EXPECT_EQ(admitted(Offset{3}, LeaderEpoch{5}), ErrorCode::offset_out_of_range);
    EXPECT_EQ(admitted(Offset{3}, no_leader_epoch), ErrorCode::none);
    EXPECT_EQ(admitted(Offset{4}, LeaderEpoch{9}), ErrorCode::none);
    subscribe(9);
    ASSERT_TRUE(replica(2).follow(deleted_up_to(2, 9)).has_value());
    EXPECT_EQ(subscribe(9).last_fetched_epoch, no_leader_epoch);
    EXPECT_EQ(replica(2).log().log_start_offset(), Offset{2});
}

TEST_F(FollowerTest, nothing_follows_a_cut_before_it_is_durable_and_the_checkpoint_files_know) {
    follow_all(3);
    copy(2).checkpoint();
    run_for(seconds(1));
    ASSERT_EQ(replica(2).log().recovery_point(), Offset{3});
    std::vector<std::function<void(ErrorCode)>> saves;
    copy(2).context.save_offsets = [&](const PartitionKey&, std::function<void(ErrorCode)> done) {
        EXPECT_FALSE(replica(2).log().is_syncing());
        saves.push_back(std::move(done));
    };
    replica(2).become_follower(LeaderEpoch{9}, NodeId{1});
    subscribe(9);
    ASSERT_TRUE(replica(2).follow(parting(5, 1, 9)).has_value());
    EXPECT_EQ(replica(2).begin_following(LeaderEpoch{9}).error(), ErrorCode::operation_not_attempted);
    EXPECT_TRUE(saves.empty());
    run_for(seconds(1));
    ASSERT_EQ(saves.size(), 1U);
    saves[0](ErrorCode::kafka_storage_error);
    EXPECT_EQ(replica(2).begin_following(LeaderEpoch{9}).error(), ErrorCode::operation_not_attempted);
    run_for(seconds(1));
    ASSERT_EQ(saves.size(), 2U);
    saves[1](ErrorCode::none);
    EXPECT_TRUE(replica(2).begin_following(LeaderEpoch{9}).has_value());
}

TEST_F(FollowerTest, who_leads_right_behind_a_cut_takes_records_when_it_is_durable) {
    follow_all(3);
    replica(2).become_follower(LeaderEpoch{9}, NodeId{1});
    subscribe(9);
    ASSERT_TRUE(replica(2).follow(parting(5, 1, 9)).has_value());
    replica(2).become_leader(leadership(10, 2, {1, 2}));
    EXPECT_EQ(copy(2).produce("value").error, ErrorCode::not_leader_or_follower);
    run_for(seconds(1));
    EXPECT_EQ(copy(2).produce("value").error, ErrorCode::none);
}

// Recovery cuts too; and the process before may have cut without having made it durable.
TEST_F(FollowerTest, who_leads_after_a_crash_takes_records_when_nothing_can_come_back) {
    begin();
    produce(3);
    const auto come_back = [&](int epoch, size_t torn_bytes, std::initializer_list<NodeId> replicas) {
        copy(1).crash(false);
        const auto file =
            copy(1).disk().open("/data/orders-0/" + std::string(20, '0') + ".log", env::OpenMode::read_write);
        const Bytes torn = Bytes::copy_of(std::string(torn_bytes, 'x'));
        if (torn_bytes > 0) {
            ASSERT_TRUE((*file)->write_at((*file)->size(), std::span(&torn, 1)).has_value());
        }
        copy(1).start();
        Leadership own = leadership(epoch, epoch, {1});
        own.replicas = replicas;
        replica(1).become_leader(own);
    };
    come_back(6, 0, {NodeId{1}});
    EXPECT_EQ(copy(1).produce("value", false).error, ErrorCode::none) << "there are no other copies";
    come_back(7, 10, {NodeId{1}});
    EXPECT_EQ(copy(1).produce("value", false).error, ErrorCode::not_leader_or_follower);
    run_for(seconds(1));
    EXPECT_EQ(copy(1).produce("value", false).error, ErrorCode::none);
    come_back(8, 0, {NodeId{1}, NodeId{2}});
    EXPECT_EQ(copy(1).produce("value", false).error, ErrorCode::not_leader_or_follower);
    run_for(seconds(1));
    EXPECT_EQ(copy(1).produce("value", false).error, ErrorCode::none);
}

TEST_F(FollowerTest, log_begins_where_the_leaders_does_if_that_has_deleted_what_comes_next) {
    begin();
    produce(4);
    subscribe();
    ASSERT_TRUE(replica(1).delete_records(Offset{3}).has_value());
    ASSERT_TRUE(replica(2).follow(deleted_up_to(3)).has_value());
    EXPECT_EQ(subscribe().fetch_offset, Offset{3});
    EXPECT_EQ(follow(frame(3)), ErrorCode::none);
    EXPECT_EQ(replica(2).log().log_start_offset(), Offset{3});
    EXPECT_EQ(replica(2).log().log_end_offset(), Offset{4});
    EXPECT_EQ(replica(2).high_watermark(), Offset{4});
    EXPECT_TRUE(loud.empty());
}

TEST_F(FollowerTest, log_that_begins_within_a_batch_begins_with_all_of_it) {
    begin_within_a_batch();
    EXPECT_EQ(follow(frame(3)), ErrorCode::none);
    EXPECT_EQ(replica(2).log().log_start_offset(), Offset{3});
    EXPECT_EQ(replica(2).log().log_end_offset(), Offset{5});
    EXPECT_EQ(replica(2).high_watermark(), Offset{5});
}

TEST_F(FollowerTest, log_that_begins_within_a_batch_stays_where_it_is_until_the_disk_takes_that) {
    begin_within_a_batch();
    copy(2).disk().limit_capacity(copy(2).disk().used_bytes());
    EXPECT_EQ(follow(frame(3)), ErrorCode::kafka_storage_error);
    EXPECT_EQ(replica(2).log().log_start_offset(), Offset{3});
    EXPECT_EQ(replica(2).log().log_end_offset(), Offset{3});
    copy(2).disk().heal();
    run_for(seconds(1));
    EXPECT_EQ(subscribe().fetch_offset, Offset{3});
    EXPECT_EQ(follow(frame(3)), ErrorCode::none);
    EXPECT_EQ(replica(2).log().log_start_offset(), Offset{3});
    EXPECT_EQ(replica(2).log().log_end_offset(), Offset{5});
    EXPECT_EQ(replica(2).log().end_offset_for(LeaderEpoch{5}).end_offset, Offset{5});
}

TEST_F(FollowerTest, deleted_records_are_deleted_here_too) {
    follow_all(4);
    ASSERT_TRUE(replica(1).delete_records(Offset{2}).has_value());
    EXPECT_EQ(follow(frame(4)), ErrorCode::none);
    EXPECT_EQ(replica(2).log().log_start_offset(), Offset{2});
}

TEST_F(FollowerTest, consumer_may_read_here_if_it_says_so) {
    follow_all(2);
    FetchRequest request;
    request.from = Offset{0};
    request.bytes_max = 1 << 20;
    request.current_leader_epoch = LeaderEpoch{5};
    std::optional<FetchOutcome> outcome;
    const auto take = [&](FetchOutcome got) { outcome = std::move(got); };
    replica(2).fetch(request, take);
    EXPECT_EQ(outcome->error, ErrorCode::not_leader_or_follower);
    request.leader_only = false;
    replica(2).fetch(request, take);
    run_for(seconds(1));
    EXPECT_EQ(outcome->error, ErrorCode::none);
    EXPECT_EQ(outcome->next_offset, Offset{2});
}

TEST_F(FollowerTest, consumer_that_waits_here_is_woken_by_the_high_watermark) {
    begin();
    subscribe();
    int woken = 0;
    replica(2).when_readable(Offset{0}, [&](ErrorCode) { ++woken; });
    produce(1);
    PartitionFrame news = frame(0);
    news.high_watermark = Offset{0};
    EXPECT_EQ(follow(news), ErrorCode::none);
    EXPECT_EQ(woken, 0);
    EXPECT_EQ(follow(frame(1)), ErrorCode::none);
    EXPECT_EQ(woken, 1);
}

TEST_F(FollowerTest, nothing_is_written_to_a_follower) {
    follow_all(1);
    EXPECT_EQ(copy(2).produce("value").error, ErrorCode::not_leader_or_follower);
    EXPECT_EQ(replica(2).delete_records(Offset{1}).error(), ErrorCode::not_leader_or_follower);
}

TEST_F(FollowerTest, what_is_followed_is_safe_when_it_is_durable_where_that_is_asked_for) {
    topic.flush_messages = 1;
    begin();
    run_for(seconds(1));
    subscribe();
    produce(1);
    const PartitionFrame news = frame(0);
    EXPECT_EQ(follow(news), ErrorCode::none);
    EXPECT_EQ(replica(2).safe_end(), Offset{0});
    run_for(seconds(1));
    EXPECT_EQ(replica(2).safe_end(), Offset{1});
    EXPECT_EQ(replica(2).log().durable_offset(), Offset{1});
}

TEST_F(FollowerTest, high_watermark_that_was_known_before_is_kept_as_far_as_the_log_goes) {
    follow_all(3);
    copy(2).checkpoint();
    run_for(seconds(1));
    copy(2).crash(false);
    copy(2).start();
    EXPECT_EQ(replica(2).high_watermark(), Offset{3});
    replica(2).remember_high_watermark(Offset{9});
    EXPECT_EQ(replica(2).high_watermark(), Offset{3});
}

}  // namespace
}  // namespace milena::replica
