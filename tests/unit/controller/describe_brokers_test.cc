#include "controller/describe_brokers.h"

#include "unit/controller/weighed_fixture.h"

namespace milena::controller {
namespace {

class DescribeBrokers : public WeighedFixture {};

TEST_F(DescribeBrokers, every_registered_broker_is_there_with_what_it_has) {
    start(1, "west");
    start_all(3);
    add_partition({1, 2}, {1, 2}, 1);
    add_partition({2, 1}, {2}, 2);
    fence(3);
    const auto all = describe_brokers(*image, weights, "REPLICATION");
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[1].id, NodeId(2));
    EXPECT_EQ(all[1].replicas, 2U);
    EXPECT_EQ(all[1].leaders, 1U);
    EXPECT_EQ(all[1].state, BrokerState::active);
    EXPECT_EQ(all[2].state, BrokerState::fenced);
    EXPECT_EQ(all[2].host, "") << "it has no such listener";
    EXPECT_EQ(all[1].stored_bytes, std::nullopt) << "nobody has told";
}

TEST_F(DescribeBrokers, what_each_stores_and_takes_in_is_the_sum_of_what_leaders_have_told) {
    start_all(2);
    add_weighed({1, 2}, 700, 7);
    add_weighed({2}, 50, 5);
    tell();
    const auto all = describe_brokers(*image, weights, "");
    EXPECT_EQ(all[0].stored_bytes, 700U);
    EXPECT_EQ(all[1].stored_bytes, 750U);
    EXPECT_EQ(all[0].bytes_in_per_second, 7U);
    EXPECT_EQ(all[1].bytes_in_per_second, 5U);
}

TEST_F(DescribeBrokers, features_are_as_narrow_as_the_broker_that_knows_least) {
    auto record = metadata::broker(1, 1);
    record.features = {{"metadata.version", 7, 25}};
    apply({record});
    start(2);
    const auto all = describe_features(*image);
    const auto at = std::ranges::find(all, "metadata.version", &FeatureOverview::name);
    ASSERT_NE(at, all.end());
    EXPECT_EQ(*at, (FeatureOverview{"metadata.version", 7, 25, metadata::metadata_version_latest}));
}

TEST_F(DescribeBrokers, feature_that_a_broker_does_not_name_is_unknown_to_it) {
    auto record = metadata::broker(1, 1);
    record.features = {{"metadata.version", 7, 30}};
    apply({record});
    const auto all = describe_features(*image);
    const auto at = std::ranges::find(all, "eligible.leader.replicas.version", &FeatureOverview::name);
    ASSERT_NE(at, all.end());
    EXPECT_EQ(at->level_max, 0);
}

}  // namespace
}  // namespace milena::controller
