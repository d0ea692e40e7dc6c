#include "replica/isr.h"

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

using std::chrono::seconds;

constexpr Duration lag_time_max = seconds(30);

Instant at(int second) { return {seconds(second)}; }

struct IsrTest : testing::Test {
    Isr isr{NodeId{1}};

    IsrTest() { commit(0, {NodeId{1}, NodeId{2}}); }
    void commit(int partition_epoch, std::vector<NodeId> in_sync) {
        Leadership leadership;
        leadership.partition_epoch = partition_epoch;
        leadership.isr = std::move(in_sync);
        leadership.replicas = {NodeId{1}, NodeId{2}, NodeId{3}};
        isr.commit(leadership, at(0));
    }
    Isr::Follower& follower(int node) { return *isr.find(NodeId{node}); }
    void acknowledge(int node, int64_t safe_end, int64_t log_end, int second) {
        Isr::acknowledge(follower(node), Offset{safe_end}, Offset{log_end}, at(second));
    }
};

TEST_F(IsrTest, nothing_is_committed_before_all_in_sync_were_heard_of) {
    EXPECT_EQ(isr.committed_end(Offset{9}, 1), no_offset);
    acknowledge(2, 5, 9, 1);
    EXPECT_EQ(isr.committed_end(Offset{9}, 1), Offset{5});
}

TEST_F(IsrTest, what_is_not_safe_with_us_is_not_committed) {
    acknowledge(2, 9, 9, 1);
    EXPECT_EQ(isr.committed_end(Offset{4}, 1), Offset{4});
}

TEST_F(IsrTest, followers_that_are_not_in_sync_do_not_count) {
    acknowledge(2, 9, 9, 1);
    acknowledge(3, 1, 9, 1);
    EXPECT_EQ(isr.committed_end(Offset{9}, 1), Offset{9});
}

TEST_F(IsrTest, nothing_is_committed_by_fewer_than_are_asked_for) {
    acknowledge(2, 9, 9, 1);
    EXPECT_EQ(isr.committed_end(Offset{9}, 3), no_offset);
    EXPECT_EQ(isr.committed_end(Offset{9}, 2), Offset{9});
}

TEST_F(IsrTest, follower_that_is_being_added_counts_already) {
    acknowledge(2, 9, 9, 1);
    acknowledge(3, 7, 9, 1);
    isr.ask({NodeId{1}, NodeId{2}, NodeId{3}});
    EXPECT_EQ(isr.committed_end(Offset{9}, 1), Offset{7});
    isr.answered(Isr::Change::awaits_image, at(2));
    EXPECT_EQ(isr.committed_end(Offset{9}, 1), Offset{7});
}

TEST_F(IsrTest, follower_whose_addition_was_refused_counts_no_longer) {
    acknowledge(2, 9, 9, 1);
    acknowledge(3, 7, 9, 1);
    isr.ask({NodeId{1}, NodeId{2}, NodeId{3}});
    isr.answered(Isr::Change::none, at(2));
    EXPECT_EQ(isr.committed_end(Offset{9}, 1), Offset{9});
    EXPECT_TRUE(isr.is_quiet(at(2)));
    EXPECT_FALSE(isr.is_quiet(at(3)));
}

TEST_F(IsrTest, follower_that_is_to_go_counts_until_it_has_gone) {
    acknowledge(2, 3, 9, 1);
    isr.ask({NodeId{1}});
    EXPECT_EQ(isr.committed_end(Offset{9}, 1), Offset{3});
    commit(1, {NodeId{1}});
    EXPECT_EQ(isr.committed_end(Offset{9}, 1), Offset{9});
    EXPECT_EQ(isr.change(), Isr::Change::none);
}

TEST_F(IsrTest, follower_with_all_there_is_has_caught_up_however_long_ago_that_was) {
    acknowledge(2, 9, 9, 1);
    EXPECT_TRUE(follower(2).has_caught_up(Offset{9}, at(1000), lag_time_max));
    EXPECT_FALSE(follower(2).has_caught_up(Offset{10}, at(1000), lag_time_max));
}

TEST_F(IsrTest, follower_that_keeps_a_little_behind_has_caught_up) {
    for (int second = 1; second < 100; ++second) acknowledge(2, second * 10, second * 10 + 15, second);
    EXPECT_TRUE(follower(2).has_caught_up(Offset{10'000}, at(100), lag_time_max));
}

TEST_F(IsrTest, follower_that_falls_behind_more_and_more_has_not) {
    for (int second = 1; second < 100; ++second) acknowledge(2, second * 10, second * 30, second);
    EXPECT_FALSE(follower(2).has_caught_up(Offset{10'000}, at(100), lag_time_max));
}

TEST_F(IsrTest, follower_that_follows_anew_has_only_what_it_says) {
    acknowledge(2, 9, 9, 1);
    Isr::begin(follower(2), Offset{4}, Offset{0});
    EXPECT_EQ(isr.committed_end(Offset{9}, 1), Offset{4});
}

TEST_F(IsrTest, replica_that_was_removed_is_forgotten) {
    Leadership leadership;
    leadership.partition_epoch = 1;
    leadership.isr = leadership.replicas = {NodeId{1}, NodeId{3}};
    isr.commit(leadership, at(1));
    EXPECT_EQ(isr.find(NodeId{2}), nullptr);
    EXPECT_TRUE(follower(3).is_in_sync);
}

}  // namespace
}  // namespace milena::replica
