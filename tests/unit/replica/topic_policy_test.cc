#include "replica/topic_policy.h"

#include <gtest/gtest.h>

namespace milena::replica {
namespace {

constexpr PartitionIndex zero{0};
constexpr PartitionIndex one{1};

TEST(ThrottledReplicasTest, none_are_throttled_without_a_name) {
    EXPECT_FALSE(ThrottledReplicas().contains(zero, NodeId{1}));
}

TEST(ThrottledReplicasTest, a_star_means_all) { EXPECT_TRUE(ThrottledReplicas({"*"}).contains(one, NodeId{7})); }

TEST(ThrottledReplicasTest, a_pair_means_the_partition_on_that_broker) {
    const ThrottledReplicas replicas({"0:1", "1:2"});
    EXPECT_TRUE(replicas.contains(zero, NodeId{1}));
    EXPECT_TRUE(replicas.contains(one, NodeId{2}));
    EXPECT_FALSE(replicas.contains(zero, NodeId{2}));
    EXPECT_FALSE(replicas.contains(one, NodeId{1}));
}

TEST(TopicPolicyTest, it_has_the_replicas_that_the_leaders_setting_names_and_not_the_followers) {
    settings::TopicConfig topic;
    topic.leader_replication_throttled_replicas = {"0:1"};
    topic.follower_replication_throttled_replicas = {"0:2"};
    const auto policy = topic_policy(topic, settings::BrokerConfig{});
    EXPECT_TRUE(policy->throttled_leaders.contains(zero, NodeId{1}));
    EXPECT_FALSE(policy->throttled_leaders.contains(zero, NodeId{2}));
}

}  // namespace
}  // namespace milena::replica
