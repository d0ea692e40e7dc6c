#include "controller/broker_placement.h"

#include "controller/placement.h"
#include "unit/controller/cluster_fixture.h"

namespace milena::controller {
namespace {

class BrokerPlacementTest : public ClusterFixture {
  public:
    BrokerPlacementTest() { start_all(4); }

    void put(int32_t id, BrokerPlacement placement) {
        EXPECT_TRUE(done(PlaceOnBroker{NodeId(id), placement}).has_value());
    }
    bool takes(int32_t id) { return takes_replicas(*image, broker(id)); }
};

TEST_F(BrokerPlacementTest, is_open_until_it_is_said_and_then_in_the_log) {
    EXPECT_EQ(placement_of(*image, NodeId(2)), BrokerPlacement::open);
    put(2, BrokerPlacement::cordoned);
    EXPECT_EQ(image->broker_config(NodeId(2)).at("milena.broker.placement"), "cordoned");
    EXPECT_FALSE(takes(2));
    EXPECT_TRUE(takes(3));
    put(2, BrokerPlacement::draining);
    EXPECT_EQ(draining_brokers(*image), std::set{NodeId(2)});
    put(2, BrokerPlacement::open);
    EXPECT_TRUE(image->broker_config(NodeId(2)).empty());
    EXPECT_TRUE(takes(2));
}

TEST_F(BrokerPlacementTest, order_that_is_followed_already_changes_nothing) {
    put(2, BrokerPlacement::cordoned);
    EXPECT_TRUE(decide(context(), PlaceOnBroker{NodeId(2), BrokerPlacement::cordoned}).records.empty());
}

TEST_F(BrokerPlacementTest, who_is_not_registered_is_refused) {
    const auto refused = done(PlaceOnBroker{NodeId(9), BrokerPlacement::cordoned});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error(), ErrorCode::broker_id_not_registered);
}

TEST_F(BrokerPlacementTest, new_topics_pass_cordoned_and_draining_brokers_by) {
    put(1, BrokerPlacement::cordoned);
    put(2, BrokerPlacement::draining);
    create("a", 20, 2);
    for (const auto& partition : image->topic("a")->partitions)
        for (const NodeId node : partition->replicas) EXPECT_GE(node, NodeId(3));
}

TEST_F(BrokerPlacementTest, by_hand_nothing_new_is_put_there_and_what_is_there_may_stay) {
    put(1, BrokerPlacement::cordoned);
    EXPECT_EQ(check_assignment(*image, {1, 2}, 0).error(),
              "The manual partition assignment includes broker 1, which is cordoned and gets no new replicas.");
    EXPECT_TRUE(check_assignment(*image, {1, 2}, 0, nodes({1, 3})).has_value());
}

TEST_F(BrokerPlacementTest, another_broker_by_the_same_id_begins_anew) {
    put(4, BrokerPlacement::draining);
    apply({wire::ConfigRecord{
        .resource_type = 4, .resource_name = "4", .name = "advertised.listeners", .value = "PLAINTEXT://there:1"}});
    fence(4);
    EXPECT_EQ(done(wire::UnregisterBrokerRequest{.broker_id = 4}).error_code, ErrorCode::none);
    start(4);
    EXPECT_TRUE(takes(4));
    EXPECT_TRUE(image->broker_config(NodeId(4)).empty());
}

}  // namespace
}  // namespace milena::controller
