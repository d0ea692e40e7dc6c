#include <gtest/gtest.h>

#include "unit/replica/copy.h"

namespace milena::replica {
namespace {

using std::chrono::seconds;

struct Watcher final : ReplicaWatcher {
    int moves = 0;
    std::vector<ErrorCode> ends;
    void moved(uint32_t) override { ++moves; }
    void ended(uint32_t, ErrorCode reason) override { ends.push_back(reason); }
};

// One leader of three replicas, the others are played by the test.
struct LeaderTest : ReplicationFixture {
    Watcher watchers[4];

    ~LeaderTest() override { copies.clear(); }
    void begin(std::initializer_list<int> isr) {
        open(3);
        replica(1).become_leader(leadership(5, 1, isr));
    }
    ReplicaContext& replica_context(int node) { return copy(node).context; }
    Admission subscribe(int node, int64_t from, int last_epoch = -1, int epoch = 5) {
        Subscription subscription;
        subscription.key = copied_key;
        subscription.leader_epoch = LeaderEpoch{epoch};
        subscription.fetch_offset = Offset{from};
        subscription.last_fetched_epoch = LeaderEpoch{last_epoch};
        return replica(1).admit({NodeId{node}, node * 100, &watchers[node], 0}, subscription);
    }
    void acknowledge(int node, int64_t safe_end, int epoch = 5, int64_t log_start = 0) {
        Ack ack;
        ack.key = copied_key;
        ack.leader_epoch = LeaderEpoch{epoch};
        ack.safe_end = Offset{safe_end};
        ack.log_start_offset = Offset{log_start};
        replica(1).acknowledge(NodeId{node}, watchers[node], ack);
    }
    void produce(int count) {
        for (int i = 0; i < count; ++i) ASSERT_EQ(copy(1).produce("value").error, ErrorCode::none);
    }
};

TEST_F(LeaderTest, append_is_committed_when_all_in_sync_have_it) {
    begin({1, 2});
    produce(3);
    subscribe(2, 0);
    ErrorCode told = ErrorCode::unknown_server_error;
    replica(1).when_acknowledged(Offset{2}, Acknowledgement::all_in_sync, [&](ErrorCode error) { told = error; });
    acknowledge(2, 2);
    EXPECT_EQ(replica(1).high_watermark(), Offset{2});
    EXPECT_EQ(told, ErrorCode::unknown_server_error);
    acknowledge(2, 3);
    EXPECT_EQ(replica(1).high_watermark(), Offset{3});
    EXPECT_EQ(told, ErrorCode::none);
}

TEST_F(LeaderTest, what_is_not_committed_is_read_only_by_who_asks_for_it) {
    begin({1, 2});
    produce(3);
    subscribe(2, 0);
    acknowledge(2, 1);
    const auto end_for = [&](bool is_uncommitted) {
        std::optional<Offset> end;
        FetchRequest request;
        request.bytes_max = 1 << 20;
        request.is_uncommitted = is_uncommitted;
        replica(1).fetch(request, [&](const FetchOutcome& outcome) { end = outcome.next_offset; });
        run_for(seconds(1));
        return end;
    };
    EXPECT_EQ(end_for(false), Offset{1});
    EXPECT_EQ(end_for(true), Offset{3});
}

TEST_F(LeaderTest, consumer_is_sent_to_a_follower_that_is_close_to_him_and_gets_nothing_here) {
    begin({1, 2});
    produce(1);
    subscribe(2, 0);
    acknowledge(2, 1);
    const auto answer_if_close = [&](std::initializer_list<int> close) {
        FetchOutcome outcome;
        FetchRequest request;
        request.bytes_max = 1 << 20;
        request.close_brokers = std::make_shared<const std::vector<NodeId>>(nodes(close));
        replica(1).fetch(request, [&](FetchOutcome got) { outcome = std::move(got); });
        run_for(seconds(1));
        return outcome;
    };
    const FetchOutcome sent_away = answer_if_close({2, 3});
    EXPECT_EQ(sent_away.closer_replica, NodeId{2});
    EXPECT_EQ(sent_away.bytes, 0U);
    EXPECT_EQ(sent_away.high_watermark, Offset{1});
    for (const FetchOutcome& served : {answer_if_close({3}), answer_if_close({1, 2}), answer_if_close({})}) {
        EXPECT_EQ(served.closer_replica, no_node);
        EXPECT_GT(served.bytes, 0U);
    }
}

TEST_F(LeaderTest, leader_alone_in_sync_commits_by_itself) {
    begin({1});
    produce(1);
    EXPECT_EQ(replica(1).high_watermark(), Offset{1});
}

TEST_F(LeaderTest, nothing_is_committed_below_min_insync_replicas) {
    topic.min_insync_replicas = 2;
    begin({1});
    EXPECT_EQ(copy(1).produce("value").error, ErrorCode::not_enough_replicas);
    EXPECT_EQ(copy(1).produce("value", false).error, ErrorCode::none);
    EXPECT_EQ(replica(1).high_watermark(), Offset{0});
    subscribe(2, 0);
    acknowledge(2, 1);
    replica(1).become_leader(leadership(5, 2, {1, 2}));
    EXPECT_EQ(replica(1).high_watermark(), Offset{1});
}

TEST_F(LeaderTest, stranger_is_told_that_his_view_of_the_replicas_is_another_one) {
    begin({1, 2});
    EXPECT_EQ(subscribe(3, 0).error, ErrorCode::none);
    copies.pop_back();
    replica(1).become_leader(leadership(5, 2, {1, 2}));
    EXPECT_EQ(watchers[3].ends, std::vector{ErrorCode::not_leader_or_follower});
    EXPECT_EQ(subscribe(3, 0).error, ErrorCode::unknown_leader_epoch);
}

TEST_F(LeaderTest, epoch_of_the_follower_is_compared) {
    begin({1, 2});
    EXPECT_EQ(subscribe(2, 0, -1, 4).error, ErrorCode::fenced_leader_epoch);
    EXPECT_EQ(subscribe(2, 0, -1, 6).error, ErrorCode::unknown_leader_epoch);
    replica(1).resign(LeaderEpoch{6});
    EXPECT_EQ(subscribe(2, 0, -1, 6).error, ErrorCode::not_leader_or_follower);
    acknowledge(2, 0, 4);
}

TEST_F(LeaderTest, follower_learns_where_the_logs_part) {
    begin({1, 2});
    produce(3);
    replica(1).become_leader(leadership(7, 2, {1, 2}));
    produce(2);
    const auto longer = subscribe(2, 4, 5, 7).diverging;
    EXPECT_EQ(longer, std::optional(storage::EpochEnd{LeaderEpoch{5}, Offset{3}}));
    const auto other_epoch = subscribe(2, 4, 6, 7).diverging;
    EXPECT_EQ(other_epoch, std::optional(storage::EpochEnd{LeaderEpoch{5}, Offset{3}}));
    const auto without_epochs = subscribe(2, 9, -1, 7).diverging;
    EXPECT_EQ(without_epochs, std::optional(storage::EpochEnd{LeaderEpoch{7}, Offset{5}}));
    EXPECT_TRUE(subscribe(2, 3, 5, 7).is_granted());
    EXPECT_TRUE(subscribe(2, 5, 7, 7).is_granted());
}

TEST_F(LeaderTest, follower_that_wants_what_was_deleted_is_out_of_range) {
    begin({1});
    produce(3);
    ASSERT_TRUE(replica(1).delete_records(Offset{2}).has_value());
    EXPECT_EQ(subscribe(2, 1).error, ErrorCode::offset_out_of_range);
    EXPECT_TRUE(subscribe(2, 2).is_granted());
}

TEST_F(LeaderTest, deletion_is_over_when_the_copies_of_all_living_brokers_have_followed) {
    begin({1, 2});
    replica_context(1).active_brokers = {{NodeId{1}, 100}, {NodeId{2}, 200}, {NodeId{3}, 300}};
    produce(3);
    subscribe(2, 0);
    subscribe(3, 0);
    acknowledge(2, 3);
    ASSERT_TRUE(replica(1).delete_records(Offset{2}).has_value());
    std::vector<ErrorCode> told;
    replica(1).when_deleted(Offset{2}, [&](ErrorCode error) { told.push_back(error); });
    acknowledge(2, 3, 5, 2);
    EXPECT_TRUE(told.empty());
    acknowledge(3, 3, 5, 1);
    EXPECT_EQ(replica(1).low_watermark(), Offset{1});
    EXPECT_TRUE(told.empty());
    acknowledge(3, 3, 5, 2);
    EXPECT_EQ(replica(1).low_watermark(), Offset{2});
    EXPECT_EQ(told, std::vector{ErrorCode::none});
}

TEST_F(LeaderTest, deletion_waits_for_no_copy_whose_broker_is_gone) {
    begin({1, 2});
    replica_context(1).active_brokers = {{NodeId{1}, 100}, {NodeId{2}, 200}};
    produce(3);
    subscribe(2, 0);
    acknowledge(2, 3, 5, 0);
    ASSERT_TRUE(replica(1).delete_records(Offset{3}).has_value());
    std::vector<ErrorCode> told;
    replica(1).when_deleted(Offset{3}, [&](ErrorCode error) { told.push_back(error); });
    replica(1).look_after();
    EXPECT_TRUE(told.empty());
    replica_context(1).active_brokers.erase(NodeId{2});
    replica(1).look_after();
    EXPECT_EQ(told, std::vector{ErrorCode::none});
}

TEST_F(LeaderTest, only_the_last_stream_of_a_follower_counts) {
    begin({1, 2});
    produce(1);
    subscribe(2, 0);
    Watcher later;
    Subscription again;
    again.key = copied_key;
    again.leader_epoch = LeaderEpoch{5};
    replica(1).admit({NodeId{2}, 200, &later, 0}, again);
    EXPECT_EQ(watchers[2].ends.size(), 1U);
    acknowledge(2, 1);
    EXPECT_EQ(replica(1).high_watermark(), Offset{0});
    replica(1).dismiss(NodeId{2}, later);
}

TEST_F(LeaderTest, watcher_is_told_of_appends_and_of_the_high_watermark) {
    begin({1, 2});
    subscribe(2, 0);
    produce(1);
    EXPECT_EQ(watchers[2].moves, 1);
    acknowledge(2, 1);
    EXPECT_EQ(watchers[2].moves, 2);
    replica(1).become_follower(LeaderEpoch{6}, NodeId{2});
    EXPECT_EQ(watchers[2].ends, std::vector{ErrorCode::not_leader_or_follower});
}

TEST_F(LeaderTest, follower_that_was_late_for_too_long_is_to_go) {
    begin({1, 2});
    produce(1);
    run_for(seconds(29));
    replica(1).look_after();
    EXPECT_TRUE(asked.empty());
    run_for(seconds(2));
    replica(1).look_after();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0], (IsrChange{copied_key, LeaderEpoch{5}, 1, nodes({1}), {-1}}));
    EXPECT_EQ(replica(1).high_watermark(), Offset{0});
    replica(1).become_leader(leadership(5, 2, {1}));
    EXPECT_EQ(replica(1).high_watermark(), Offset{1});
    EXPECT_EQ(copy(1).context.isr_shrinks, 1U);
}

// Cut off from all others, so that the controller may have had another one elected.
TEST_F(LeaderTest, who_waits_at_a_leader_that_nobody_hears_is_sent_to_look_for_another) {
    begin({1, 2});
    subscribe(2, 0);
    produce(2);
    acknowledge(2, 1);
    replica_context(1).heard_by_controller = world.clock.now();
    ErrorCode told = ErrorCode::none;
    replica(1).when_acknowledged(Offset{1}, Acknowledgement::all_in_sync, [&](ErrorCode error) { told = error; });
    const auto look_for = [&](int count) {
        for (; count > 0; --count) {
            run_for(seconds(1));
            replica(1).look_after();
        }
    };
    const auto fetched = [&](int64_t from) {
        ErrorCode error = ErrorCode::unknown_server_error;
        FetchRequest request;
        request.from = Offset{from};
        request.bytes_max = 1 << 20;
        replica(1).fetch(request, [&](const FetchOutcome& outcome) { error = outcome.error; });
        return error;
    };
    look_for(9);
    EXPECT_EQ(told, ErrorCode::none);
    EXPECT_EQ(fetched(1), ErrorCode::none);
    EXPECT_EQ(copy(1).produce("value").error, ErrorCode::none);
    look_for(1);
    EXPECT_EQ(told, ErrorCode::not_leader_or_follower);
    EXPECT_EQ(copy(1).produce("value").error, ErrorCode::not_leader_or_follower);
    EXPECT_EQ(fetched(1), ErrorCode::not_leader_or_follower);
    // It may still be right that it leads: what needs nobody else goes on.
    EXPECT_EQ(fetched(0), ErrorCode::none);
    EXPECT_EQ(copy(1).produce("value", false).error, ErrorCode::none);

    acknowledge(2, 2);
    look_for(1);
    EXPECT_EQ(copy(1).produce("value").error, ErrorCode::none);
}

TEST_F(LeaderTest, reader_at_a_leader_without_followers_that_nobody_hears_is_sent_away) {
    begin({1, 2});
    subscribe(2, 0);
    replica_context(1).heard_by_controller = world.clock.now();
    run_for(seconds(10));
    EXPECT_FALSE(replica(1).is_forsaken());
    replica(1).dismiss(NodeId{2}, watchers[2]);
    EXPECT_TRUE(replica(1).is_forsaken());
    replica_context(1).heard_by_controller = world.clock.now();
    EXPECT_FALSE(replica(1).is_forsaken());
}

TEST_F(LeaderTest, leader_whose_followers_hear_it_goes_on_without_a_controller) {
    begin({1, 2});
    subscribe(2, 0);
    replica_context(1).heard_by_controller = world.clock.now();
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(copy(1).produce("value").error, ErrorCode::none) << i;
        run_for(seconds(1));
        replica(1).look_after();
        acknowledge(2, i + 1);
    }
    EXPECT_EQ(replica(1).high_watermark(), Offset{20});
}

TEST_F(LeaderTest, idle_follower_with_all_there_is_stays) {
    begin({1, 2});
    produce(1);
    subscribe(2, 0);
    acknowledge(2, 1);
    run_for(seconds(1000));
    replica(1).look_after();
    EXPECT_TRUE(asked.empty());
}

TEST_F(LeaderTest, follower_that_has_caught_up_is_asked_for_once) {
    begin({1});
    produce(2);
    subscribe(2, 0);
    acknowledge(2, 1);
    EXPECT_TRUE(asked.empty());
    acknowledge(2, 2);
    acknowledge(2, 2);
    replica(1).look_after();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0], (IsrChange{copied_key, LeaderEpoch{5}, 1, nodes({1, 2}), {-1, 200}}));
    produce(1);
    EXPECT_EQ(replica(1).high_watermark(), Offset{2}) << "the one that is being added counts";
    answers[0](ErrorCode::none);
    replica(1).become_leader(leadership(5, 2, {1, 2}));
    acknowledge(2, 3);
    EXPECT_EQ(replica(1).high_watermark(), Offset{3});
    EXPECT_EQ(copy(1).context.isr_expands, 1U);
}

TEST_F(LeaderTest, change_that_was_not_answered_is_asked_for_again_unchanged) {
    begin({1});
    subscribe(2, 0);
    acknowledge(2, 0);
    ASSERT_EQ(asked.size(), 1U);
    answers[0](ErrorCode::request_timed_out);
    produce(1);
    EXPECT_EQ(replica(1).high_watermark(), Offset{0}) << "it may have been agreed to";
    replica(1).look_after();
    ASSERT_EQ(asked.size(), 2U);
    EXPECT_EQ(asked[1], asked[0]);
}

TEST_F(LeaderTest, change_that_came_too_late_waits_for_the_image) {
    begin({1});
    subscribe(2, 0);
    acknowledge(2, 0);
    answers[0](ErrorCode::invalid_update_version);
    replica(1).look_after();
    produce(1);
    EXPECT_EQ(replica(1).high_watermark(), Offset{0});
    EXPECT_EQ(asked.size(), 1U);
    replica(1).become_leader(leadership(5, 2, {1}));
    ASSERT_EQ(asked.size(), 2U);
    EXPECT_EQ(asked[1].partition_epoch, 2);
}

TEST_F(LeaderTest, refused_follower_is_asked_for_again_after_a_while) {
    begin({1});
    subscribe(2, 0);
    acknowledge(2, 0);
    answers[0](ErrorCode::ineligible_replica);
    produce(1);
    EXPECT_EQ(replica(1).high_watermark(), Offset{1});
    acknowledge(2, 1);
    replica(1).look_after();
    EXPECT_EQ(asked.size(), 1U);
    run_for(seconds(1));
    replica(1).look_after();
    EXPECT_EQ(asked.size(), 2U);
}

TEST_F(LeaderTest, answer_to_what_an_image_has_overtaken_changes_nothing) {
    begin({1});
    subscribe(2, 0);
    acknowledge(2, 0);
    replica(1).become_leader(leadership(5, 2, {1, 2}));
    answers[0](ErrorCode::ineligible_replica);
    produce(1);
    EXPECT_EQ(replica(1).high_watermark(), Offset{0});
}

TEST_F(LeaderTest, fenced_broker_and_earlier_registration_are_not_asked_for) {
    begin({1});
    copy(1).context.active_brokers.erase(NodeId{2});
    copy(1).context.active_brokers[NodeId{3}] = 301;
    subscribe(2, 0);
    subscribe(3, 0);
    acknowledge(2, 0);
    acknowledge(3, 0);
    EXPECT_TRUE(asked.empty());
    copy(1).context.active_brokers[NodeId{2}] = 200;
    replica(1).look_after();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].isr, nodes({1, 2}));
}

TEST_F(LeaderTest, follower_must_have_what_the_leader_began_with) {
    topic.min_insync_replicas = 2;
    begin({1});
    ASSERT_EQ(copy(1).produce("value", false).error, ErrorCode::none);
    replica(1).become_leader(leadership(6, 2, {1}));
    subscribe(2, 0, -1, 6);
    acknowledge(2, 0, 6);
    EXPECT_TRUE(asked.empty());
    acknowledge(2, 1, 6);
    EXPECT_EQ(asked.size(), 1U);
}

TEST_F(LeaderTest, high_watermark_waits_for_who_is_nearly_there_so_that_it_can_join) {
    begin({1});
    produce(1);
    subscribe(2, 0);
    acknowledge(2, 1);
    answers[0](ErrorCode::operation_not_attempted);
    produce(1);
    EXPECT_EQ(replica(1).high_watermark(), Offset{2});
    run_for(seconds(1));
    acknowledge(2, 1);
    produce(1);
    EXPECT_EQ(replica(1).high_watermark(), Offset{2});
    EXPECT_EQ(asked.size(), 1U);
    acknowledge(2, 3);
    EXPECT_EQ(replica(1).high_watermark(), Offset{3});
    EXPECT_EQ(asked.size(), 2U);
}

TEST_F(LeaderTest, high_watermark_waits_for_nobody_whose_stream_has_ended) {
    begin({1});
    produce(1);
    subscribe(2, 0);
    acknowledge(2, 1);
    answers[0](ErrorCode::operation_not_attempted);
    produce(1);
    run_for(seconds(1));
    acknowledge(2, 1);
    produce(1);
    EXPECT_EQ(replica(1).high_watermark(), Offset{2});
    replica(1).dismiss(NodeId{2}, watchers[2]);
    EXPECT_EQ(replica(1).high_watermark(), Offset{3});
}

TEST_F(LeaderTest, numbers_say_what_is_missing) {
    topic.min_insync_replicas = 2;
    begin({1, 2});
    EXPECT_TRUE(replica(1).is_under_replicated());
    EXPECT_TRUE(replica(1).is_at_min_isr());
    replica(1).become_leader(leadership(5, 2, {1}));
    EXPECT_TRUE(replica(1).is_under_min_isr());
    replica(1).become_leader(leadership(5, 3, {1, 2, 3}));
    EXPECT_FALSE(replica(1).is_under_replicated());
    EXPECT_FALSE(replica(1).is_at_min_isr());
}

}  // namespace
}  // namespace milena::replica
