#include "unit/controller/cluster_fixture.h"

namespace milena::controller {
namespace {

class Upkeeping : public ClusterFixture {
  public:
    Upkeeping() { start_all(3); }

    template <class Request>
    Upkeep kept_up(const Request& request) {
        const auto done_now = done(request);
        EXPECT_TRUE(done_now.has_value());
        return done_now.value_or({});
    }
};

TEST_F(Upkeeping, leadership_goes_back_to_preferred_replicas_in_sync) {
    add_partition({1, 2, 3}, {1, 2, 3}, 2);
    add_partition({1, 2, 3}, {2, 3}, 2);
    add_partition({1, 2, 3}, {1, 2, 3}, 1);
    EXPECT_EQ(kept_up(BalanceLeaders{}).count, 1U);
    EXPECT_EQ(partition(0).leader, NodeId(1));
    EXPECT_EQ(partition(1).leader, NodeId(2));
    EXPECT_EQ(partition(2).leader_epoch, LeaderEpoch(0));
    EXPECT_EQ(kept_up(BalanceLeaders{}).count, 0U);
}

TEST_F(Upkeeping, leaderships_are_moved_so_many_at_once) {
    for (int i = 0; i < 5; ++i) add_partition({1, 2, 3}, {1, 2, 3}, 2);
    const Upkeep first = kept_up(BalanceLeaders{.elections_max = 2});
    EXPECT_TRUE(first.count == 2 && first.are_more);
    kept_up(BalanceLeaders{.elections_max = 2});
    const Upkeep last = kept_up(BalanceLeaders{.elections_max = 2});
    EXPECT_TRUE(last.count == 1 && !last.are_more);
}

TEST_F(Upkeeping, unclean_leaders_are_elected_only_where_the_topic_allows_it) {
    add_partition({1, 2, 3}, {}, -1);
    EXPECT_EQ(kept_up(ElectUnclean{}).count, 0U);
    apply({metadata::config(2, "orders", "unclean.leader.election.enable", "true")});
    EXPECT_EQ(kept_up(ElectUnclean{}).count, 1U);
    EXPECT_EQ(partition().leader, NodeId(1));
    EXPECT_EQ(partition().leader_recovery_state, metadata::LeaderRecoveryState::recovering);
}

class GrowingTopics : public ClusterFixture {
  public:
    GrowingTopics() { start(1, "a"); }

    Upkeep grow(size_t partitions_max = 1000) {
        const auto grown = done(GrowInternalTopics{.partitions_max = partitions_max});
        EXPECT_TRUE(grown.has_value());
        return grown.value_or({});
    }
    const metadata::TopicImage& topic() { return *image->topic("__consumer_offsets"); }
};

TEST_F(GrowingTopics, grow_to_their_factor_when_brokers_join) {
    create("__consumer_offsets", -1, -1);
    EXPECT_EQ(grow().count, 0U);
    start(2, "a");
    start(3, "b");
    start(4, "c");
    EXPECT_EQ(grow().count, 50U);
    std::map<NodeId, int> replicas;
    for (const auto& p : topic().partitions) {
        EXPECT_EQ(p->replicas.size(), 3U);
        EXPECT_EQ(p->replicas.front(), NodeId(1));
        EXPECT_EQ(p->adding_replicas, nodes({3, 4})) << "racks that it isn't in yet";
        EXPECT_EQ(p->leader, NodeId(1));
        for (const NodeId node : p->replicas) ++replicas[node];
    }
    EXPECT_EQ(replicas[NodeId(3)], 50);
    EXPECT_EQ(grow().count, 0U) << "they are under way";
}

TEST_F(GrowingTopics, new_replicas_are_spread_over_the_brokers) {
    create("__consumer_offsets", -1, -1);
    for (const int32_t id : {2, 3, 4, 5}) start(id, "a");
    EXPECT_EQ(grow(20).count, 20U);
    EXPECT_TRUE(grow(20).are_more);
    EXPECT_EQ(grow(20).count, 10U);
    std::map<NodeId, int> replicas;
    for (const auto& p : topic().partitions)
        for (const NodeId node : p->replicas) ++replicas[node];
    for (const int32_t id : {2, 3, 4, 5}) EXPECT_EQ(replicas[NodeId(id)], 25);
}

TEST_F(GrowingTopics, other_topics_are_left_alone) {
    create("orders", 3, 1);
    start(2);
    start(3);
    EXPECT_EQ(grow().count, 0U);
}

}  // namespace
}  // namespace milena::controller
