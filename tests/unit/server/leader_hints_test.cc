#include "server/handlers/leader_hints.h"

#include <gtest/gtest.h>

namespace milena::server {
namespace {

constexpr NodeId known{1};
constexpr NodeId fenced{2};

metadata::BrokerImage broker(NodeId id) {
    metadata::BrokerImage made;
    made.id = id;
    made.endpoints.push_back({.name = "PLAINTEXT", .host = "host", .port = 9092});
    made.rack = "rack";
    made.is_fenced = id == fenced;
    return made;
}

metadata::PartitionImage led_by(NodeId leader, int32_t epoch) {
    metadata::PartitionImage partition;
    partition.leader = leader;
    partition.leader_epoch = LeaderEpoch(epoch);
    return partition;
}

struct LeaderHints : testing::Test {
    std::vector<wire::NodeEndpoint> endpoints;

    wire::CurrentLeader hint(const metadata::PartitionImage& partition, bool is_replica = false) {
        metadata::Image image = *metadata::Image::empty();
        const std::map<NodeId, metadata::BrokerImage> brokers{{known, broker(known)}, {fenced, broker(fenced)}};
        image.brokers = std::make_shared<const std::map<NodeId, metadata::BrokerImage>>(brokers);
        return leader_hint(ClusterView(image, "PLAINTEXT"), partition, is_replica ? nullptr : &endpoints);
    }
};

TEST_F(LeaderHints, tell_who_leads_and_each_leader_once_where_it_is) {
    const metadata::PartitionImage first = led_by(known, 4);
    const metadata::PartitionImage second = led_by(known, 5);
    EXPECT_EQ(hint(first).leader_id, 1);
    EXPECT_EQ(hint(second).leader_epoch, 5);
    ASSERT_EQ(endpoints.size(), 1U);
    EXPECT_EQ(endpoints[0].node_id, 1);
    EXPECT_EQ(endpoints[0].host, "host");
    EXPECT_EQ(endpoints[0].port, 9092);
    EXPECT_EQ(endpoints[0].rack, "rack");
}

TEST_F(LeaderHints, do_not_tell_a_replica_where_the_leader_is) {
    const metadata::PartitionImage partition = led_by(known, 4);
    EXPECT_EQ(hint(partition, true).leader_id, 1);
    EXPECT_TRUE(endpoints.empty());
}

TEST_F(LeaderHints, have_no_address_of_a_leader_that_cannot_be_reached) {
    const metadata::PartitionImage partition = led_by(fenced, 4);
    EXPECT_EQ(hint(partition).leader_id, 2);
    EXPECT_TRUE(endpoints.empty());
}

TEST_F(LeaderHints, are_not_given_of_itself_by_a_leader_that_may_be_fenced) {
    const metadata::PartitionImage partition = led_by(known, 4);
    EXPECT_TRUE(is_sent_away(ErrorCode::not_leader_or_follower, partition, known, true));
    EXPECT_FALSE(is_sent_away(ErrorCode::not_leader_or_follower, partition, known, false));
    EXPECT_FALSE(is_sent_away(ErrorCode::not_leader_or_follower, partition, fenced, true));
    EXPECT_FALSE(is_sent_away(ErrorCode::fenced_leader_epoch, partition, known, true));
}

}  // namespace
}  // namespace milena::server
