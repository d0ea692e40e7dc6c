#include "controller/describe_quorum.h"

#include <gtest/gtest.h>

#include "unit/raft/raft_cluster.h"

namespace milena::controller {
namespace {

using std::chrono::seconds;

struct DescribeQuorumTest : testing::Test {
    raft::RaftCluster cluster{1, 3, 1};        // the fourth one observes
    raft::RaftCluster::Node* asked = nullptr;  // null: the leader

    void begin() {
        cluster.start_all();
        ASSERT_TRUE(cluster.run_until(seconds(30), [&] { return cluster.leader() != nullptr; }));
        ASSERT_TRUE(cluster.propose(*cluster.leader(), "record"));
        cluster.run(seconds(5));
    }
    wire::DescribeQuorumResponse described(std::vector<int32_t> partitions = {0},
                                           std::string_view topic = "__cluster_metadata") {
        wire::DescribeQuorumRequest request;
        wire::DescribeQuorumRequest::Topic& of_topic = request.topics.emplace_back();
        of_topic.topic_name = topic;
        for (const int32_t index : partitions) of_topic.partitions.push_back({.partition_index = index});
        return describe_quorum(*(asked == nullptr ? cluster.leader() : asked)->raft, request);
    }
    wire::DescribeQuorumResponse::Partition only() { return described().topics.at(0).partitions.at(0); }
};

TEST_F(DescribeQuorumTest, all_voters_and_observers_are_at_the_end_and_have_just_been_there) {
    begin();
    const auto partition = only();
    EXPECT_EQ(partition.leader_id, cluster.leader()->id.value);
    EXPECT_EQ(partition.high_watermark, cluster.leader()->raft->high_watermark().value);
    ASSERT_EQ(partition.current_voters.size(), 3U);
    ASSERT_EQ(partition.observers.size(), 1U);
    EXPECT_EQ(partition.observers[0].replica_id, 4);
    const int64_t now = cluster.world.clock.wall().value;
    for (const auto& voter : partition.current_voters) {
        EXPECT_EQ(voter.log_end_offset, partition.high_watermark);
        EXPECT_GT(voter.last_caught_up_timestamp, now - 3000);
        EXPECT_LE(voter.last_caught_up_timestamp, now);
        if (voter.replica_id == partition.leader_id) EXPECT_EQ(voter.last_fetch_timestamp, now);
    }
}

TEST_F(DescribeQuorumTest, voter_that_is_down_stays_where_and_when_it_was_last_seen) {
    begin();
    NodeId down{1};
    if (cluster.leader()->id == down) down = NodeId{2};
    cluster.kill(down);
    const int64_t killed_at = cluster.world.clock.wall().value;
    const int64_t end_before = only().high_watermark;
    ASSERT_TRUE(cluster.propose(*cluster.leader(), "another"));
    cluster.run(seconds(5));
    for (const auto& voter : only().current_voters) {
        if (NodeId(voter.replica_id) != down) continue;
        EXPECT_EQ(voter.log_end_offset, end_before);
        EXPECT_LE(voter.last_fetch_timestamp, killed_at);
        EXPECT_LE(voter.last_caught_up_timestamp, killed_at);
    }
    EXPECT_GT(only().high_watermark, end_before);
}

TEST_F(DescribeQuorumTest, voter_that_was_never_heard_of_has_no_times) {
    ASSERT_EQ(cluster.start(NodeId{1}), "");
    ASSERT_EQ(cluster.start(NodeId{2}), "");
    ASSERT_TRUE(cluster.run_until(seconds(30), [&] { return cluster.leader() != nullptr; }));
    const auto voters = only().current_voters;
    ASSERT_EQ(voters.size(), 3U);
    EXPECT_EQ(voters[2].replica_id, 3);
    EXPECT_EQ(voters[2].log_end_offset, -1);
    EXPECT_EQ(voters[2].last_fetch_timestamp, -1);
    EXPECT_EQ(voters[2].last_caught_up_timestamp, -1);
}

TEST_F(DescribeQuorumTest, who_follows_or_observes_doesnt_say_how_things_are) {
    begin();
    for (const auto& [id, node] : cluster.nodes) {
        if (node.get() == cluster.leader()) continue;
        asked = node.get();
        const auto partition = only();
        EXPECT_EQ(partition.error_code, ErrorCode::not_leader_or_follower);
        EXPECT_TRUE(partition.current_voters.empty());
        EXPECT_EQ(described({1}).topics.at(0).partitions.at(0).error_code, ErrorCode::unknown_topic_or_partition);
    }
}

TEST_F(DescribeQuorumTest, any_other_partition_is_unknown) {
    begin();
    for (const auto& response : {described({1}), described({0, 1}), described({0}, "orders")})
        for (const auto& partition : response.topics.at(0).partitions)
            EXPECT_EQ(partition.error_code, ErrorCode::unknown_topic_or_partition);
}

}  // namespace
}  // namespace milena::controller
