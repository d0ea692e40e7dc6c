#include <gtest/gtest.h>

#include "unit/replica/table_fixture.h"

namespace milena::replica {
namespace {

constexpr NodeId other{2};

// Partitions with replicas on this node and on node 2, both of which are registered.
struct ReplicatedTableTest : PartitionTableTest {
    std::vector<FollowChange> followed;
    std::vector<IsrChange> asked;

    void begin() {
        start();
        table->when_following([this](std::vector<FollowChange> changes) {
            followed.insert(followed.end(), changes.begin(), changes.end());
        });
        table->when_isr_changes(
            [this](const IsrChange& change, const std::function<void(ErrorCode)>&) { asked.push_back(change); });
        wire::RegisterBrokerRecord one = metadata::broker(1, 10);
        wire::RegisterBrokerRecord two = metadata::broker(2, 20);
        one.fenced = false;
        two.fenced = false;
        apply({one, two, metadata::topic("orders", topic_id), partition(0, {1, 2}), partition(1, {2, 1})});
    }
    wire::PartitionRecord partition(int32_t index, std::vector<int32_t> replicas) const {
        wire::PartitionRecord record = metadata::partition(topic_id, index, std::move(replicas));
        record.directories = std::vector<Uuid>{directory_id, directory_id};
        return record;
    }
    wire::PartitionChangeRecord change(int32_t index, std::optional<int32_t> leader,
                                       std::optional<std::vector<int32_t>> isr = std::nullopt) const {
        wire::PartitionChangeRecord record;
        record.topic_id = topic_id;
        record.partition_id = index;
        if (leader) record.leader = *leader;
        if (isr) record.isr.emplace(*isr);
        return record;
    }
    PartitionKey key(int32_t index) const { return {topic_id, PartitionIndex{index}}; }
    Replica& replica(int32_t index) { return *table->find(key(index)); }
};

TEST_F(ReplicatedTableTest, one_partition_is_led_and_the_other_is_followed) {
    begin();
    EXPECT_TRUE(replica(0).is_leader());
    EXPECT_TRUE(replica(1).is_follower());
    EXPECT_EQ(followed, (std::vector{FollowChange{key(1), other, LeaderEpoch{0}, no_node}}));
}

TEST_F(ReplicatedTableTest, change_of_leader_is_told_in_both_directions) {
    begin();
    followed.clear();
    apply({change(0, 2), change(1, 1)});
    EXPECT_EQ(followed, (std::vector{FollowChange{key(0), other, LeaderEpoch{1}, no_node},
                                     FollowChange{key(1), no_node, LeaderEpoch{1}, other}}));
    EXPECT_TRUE(replica(1).is_leader());
}

TEST_F(ReplicatedTableTest, partition_without_a_leader_is_not_followed) {
    begin();
    followed.clear();
    apply({change(1, -1)});
    EXPECT_EQ(followed, (std::vector{FollowChange{key(1), no_node, LeaderEpoch{1}, other}}));
    EXPECT_FALSE(replica(1).is_follower());
}

TEST_F(ReplicatedTableTest, deleted_topic_is_followed_no_longer) {
    begin();
    followed.clear();
    wire::RemoveTopicRecord removal;
    removal.topic_id = topic_id;
    apply({removal});
    EXPECT_EQ(followed, (std::vector{FollowChange{key(1), no_node, LeaderEpoch{0}, other}}));
}

TEST_F(ReplicatedTableTest, replicas_in_a_failed_directory_lead_and_follow_nothing) {
    begin();
    followed.clear();
    ErrorCode told = ErrorCode::none;
    ASSERT_EQ(produce(topic_id, 0), ErrorCode::none);
    replica(0).when_acknowledged(Offset{0}, Acknowledgement::all_in_sync, [&](ErrorCode error) { told = error; });
    table->fail_directory(directory_id);
    EXPECT_EQ(told, ErrorCode::not_leader_or_follower);
    EXPECT_EQ(followed, (std::vector{FollowChange{key(1), no_node, LeaderEpoch{0}, other}}));
    EXPECT_EQ(table->use(key(1)).error, ErrorCode::kafka_storage_error);
    followed.clear();
    apply({change(0, 2), change(1, 1)});
    EXPECT_TRUE(followed.empty());
    EXPECT_FALSE(replica(0).is_follower());
    EXPECT_FALSE(replica(1).is_leader());
}

TEST_F(ReplicatedTableTest, failure_of_another_directory_changes_nothing) {
    begin();
    followed.clear();
    table->fail_directory(Uuid{9, 999});
    EXPECT_TRUE(replica(0).is_leader());
    EXPECT_TRUE(replica(1).is_follower());
    EXPECT_TRUE(followed.empty());
}

TEST_F(ReplicatedTableTest, smaller_set_in_sync_commits_what_waited_for_the_one_that_left) {
    begin();
    ASSERT_EQ(produce(topic_id, 0), ErrorCode::none);
    EXPECT_EQ(replica(0).high_watermark(), Offset{0});
    apply({change(0, std::nullopt, std::vector<int32_t>{1})});
    EXPECT_EQ(replica(0).high_watermark(), Offset{1});
    const ReplicationMetrics metrics = table->replication_metrics();
    EXPECT_EQ(metrics.leaders, 1U);
    EXPECT_EQ(metrics.under_replicated, 1U);
    EXPECT_EQ(metrics.isr_shrinks, 1U);
}

TEST_F(ReplicatedTableTest, follower_that_is_not_heard_of_is_to_leave_after_the_lag_time) {
    config->replica_lag_time_max_ms = 5000;
    begin();
    ASSERT_EQ(produce(topic_id, 0), ErrorCode::none);
    run_for(std::chrono::seconds(4));
    while (!table->look_after_replicas(1)) {
    }
    EXPECT_TRUE(asked.empty());
    run_for(std::chrono::seconds(2));
    while (!table->look_after_replicas(1)) {
    }
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0], (IsrChange{key(0), LeaderEpoch{0}, 0, {node}, {-1}}));
}

TEST_F(ReplicatedTableTest, high_watermark_of_the_checkpoint_is_known_after_a_restart) {
    begin();
    ASSERT_EQ(produce(topic_id, 0), ErrorCode::none);
    apply({change(0, std::nullopt, std::vector<int32_t>{1})});
    apply({change(0, std::nullopt, std::vector<int32_t>{1, 2})});
    ASSERT_EQ(produce(topic_id, 0), ErrorCode::none);
    restart(true);
    EXPECT_EQ(replica(0).high_watermark(), Offset{1});
    EXPECT_EQ(replica(0).log().log_end_offset(), Offset{2});
}

}  // namespace
}  // namespace milena::replica
