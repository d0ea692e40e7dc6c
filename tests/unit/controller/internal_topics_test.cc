#include "controller/internal_topics.h"

#include <gtest/gtest.h>

namespace milena::controller {
namespace {

const settings::BrokerSettings untouched;

TEST(InternalTopics, ordinary_topic_has_the_brokers_defaults) {
    const TopicDefaults defaults = topic_defaults(untouched, "orders", 3);
    EXPECT_EQ(defaults.partitions_count, 1);
    EXPECT_EQ(defaults.replication_factor, 1);
    EXPECT_TRUE(defaults.configs.empty());
}

TEST(InternalTopics, factor_is_at_most_the_number_of_brokers) {
    EXPECT_EQ(topic_defaults(untouched, "__consumer_offsets", 1).replication_factor, 1);
    EXPECT_EQ(topic_defaults(untouched, "__consumer_offsets", 2).replication_factor, 2);
    EXPECT_EQ(topic_defaults(untouched, "__consumer_offsets", 9).replication_factor, 3);
}

TEST(InternalTopics, factor_given_explicitly_is_meant) {
    const settings::BrokerSettings configured(settings::Texts{{"transaction.state.log.replication.factor", "3"}});
    EXPECT_EQ(topic_defaults(configured, "__transaction_state", 1).replication_factor, 3);
}

TEST(InternalTopics, each_has_the_settings_that_its_coordinator_needs) {
    EXPECT_EQ(topic_defaults(untouched, "__consumer_offsets", 1).configs.at("cleanup.policy"), "compact");
    EXPECT_EQ(topic_defaults(untouched, "__transaction_state", 1).configs.at("unclean.leader.election.enable"),
              "false");
    EXPECT_EQ(topic_defaults(untouched, "__share_group_state", 1).configs.at("retention.ms"), "-1");
    for (const char* topic : {"__consumer_offsets", "__transaction_state", "__share_group_state"})
        EXPECT_EQ(topic_defaults(untouched, topic, 1).configs.count("segment.bytes"), 1U) << topic;
}

}  // namespace
}  // namespace milena::controller
