#include "replica/closest_replica.h"

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

using std::chrono::seconds;

Isr::Follower follower(int node, int64_t log_start, int64_t safe_end, int caught_up_at = 0) {
    Isr::Follower made;
    made.node = NodeId{node};
    made.log_start_offset = Offset{log_start};
    made.safe_end = Offset{safe_end};
    made.caught_up_at = Instant{seconds(caught_up_at)};
    made.is_in_sync = true;
    return made;
}

NodeId closest(const std::vector<Isr::Follower>& followers, std::vector<NodeId> close, int64_t from) {
    return closest_replica(followers, close, Offset{from});
}

TEST(ClosestReplicaTest, it_is_one_of_those_that_are_close) {
    const std::vector followers{follower(2, 0, 10), follower(3, 0, 9)};
    EXPECT_EQ(closest(followers, {NodeId{3}, NodeId{7}}, 5), NodeId{3});
    EXPECT_EQ(closest(followers, {NodeId{7}}, 5), no_node);
    EXPECT_EQ(closest(followers, {}, 5), no_node);
}

TEST(ClosestReplicaTest, one_that_is_not_in_sync_serves_nobody) {
    std::vector followers{follower(2, 0, 10)};
    followers[0].is_in_sync = false;
    EXPECT_EQ(closest(followers, {NodeId{2}}, 5), no_node);
}

TEST(ClosestReplicaTest, it_has_what_is_asked_for) {
    const std::vector followers{follower(2, 4, 10)};
    EXPECT_EQ(closest(followers, {NodeId{2}}, 3), no_node);
    EXPECT_EQ(closest(followers, {NodeId{2}}, 4), NodeId{2});
    EXPECT_EQ(closest(followers, {NodeId{2}}, 10), NodeId{2});
    EXPECT_EQ(closest(followers, {NodeId{2}}, 11), no_node);
}

TEST(ClosestReplicaTest, the_furthest_one_is_chosen_then_the_one_that_was_last_caught_up_then_the_highest_id) {
    const std::vector all{NodeId{2}, NodeId{3}, NodeId{4}};
    EXPECT_EQ(closest({follower(2, 0, 10), follower(3, 0, 9, 5)}, all, 5), NodeId{2});
    EXPECT_EQ(closest({follower(2, 0, 10, 6), follower(3, 0, 10, 5)}, all, 5), NodeId{2});
    EXPECT_EQ(closest({follower(3, 0, 10, 5), follower(4, 0, 10, 5), follower(2, 0, 10, 5)}, all, 5), NodeId{4});
}

TEST(ClosestReplicaTest, one_that_was_never_heard_of_is_none) {
    std::vector followers{follower(2, -1, -1)};
    followers[0].caught_up_at.reset();
    EXPECT_EQ(closest(followers, {NodeId{2}}, 0), no_node);
}

}  // namespace
}  // namespace milena::replica
