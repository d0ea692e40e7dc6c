#include "controller/leadership_rules.h"

#include "unit/controller/cluster_fixture.h"

namespace milena::controller {
namespace {

class Rules : public ClusterFixture {
  public:
    LeadershipRules of(std::string_view topic) { return RulesOfTopics(*image, settings).of(topic); }
};

TEST_F(Rules, topic_without_settings_has_those_of_the_broker) {
    configure({{"min.insync.replicas", "2"}, {"unclean.leader.election.enable", "true"}});
    EXPECT_EQ(of("orders").min_isr, 2);
    EXPECT_TRUE(of("orders").allows_unclean && of("orders").has_elr);
}

TEST_F(Rules, settings_of_the_topic_go_first) {
    apply({metadata::config(2, "orders", "min.insync.replicas", "3"),
           metadata::config(2, "orders", "unclean.leader.election.enable", "true")});
    EXPECT_EQ(of("orders").min_isr, 3);
    EXPECT_TRUE(of("orders").allows_unclean);
    EXPECT_EQ(of("events").min_isr, 2);
    EXPECT_FALSE(of("events").allows_unclean);
}

TEST_F(Rules, no_more_replicas_are_needed_than_there_are) {
    const LeadershipRules rules{.has_elr = true, .min_isr = 2, .allows_unclean = false};
    EXPECT_EQ(rules.needed_in_sync(3), 2U);
    EXPECT_EQ(rules.needed_in_sync(1), 1U);
}

}  // namespace
}  // namespace milena::controller
