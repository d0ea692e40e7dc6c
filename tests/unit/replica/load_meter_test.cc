#include "replica/load_meter.h"

#include "unit/replica/replica_fixture.h"

namespace milena::replica {
namespace {

class LoadMeterTest : public Fixture {
  public:
    LoadMeterTest() { replica.become_leader(leadership(1)); }
    TableLoad look() {
        meter.look_at(replica, world.clock.now());
        return meter.finish_pass();
    }
    void produce() { EXPECT_TRUE(replica.append(batch_of(100)).has_value()); }

    const std::shared_ptr<const TopicPolicy> policy = topic_policy(settings::TopicConfig(), settings::BrokerConfig());
    Replica replica{{topic_id, PartitionIndex(0)}, open_log(policy->log), policy, context};
    LoadMeter meter;
};

TEST_F(LoadMeterTest, rate_is_what_has_come_since_the_last_look) {
    produce();
    const uint64_t before = replica.log().bytes();
    EXPECT_EQ(look().led, (std::vector<LedLog>{{replica.key(), before, 0}})) << "nothing was seen before";
    run_for(std::chrono::seconds(10));
    produce();
    produce();
    const TableLoad load = look();
    ASSERT_EQ(load.led.size(), 1U);
    EXPECT_EQ(load.led[0].bytes, 3 * before);
    EXPECT_NEAR(static_cast<double>(load.led[0].bytes_in_per_second), static_cast<double>(before) / 5, 2);
    run_for(std::chrono::seconds(10));
    EXPECT_EQ(look().led[0].bytes_in_per_second, 0U);
}

TEST_F(LoadMeterTest, what_is_followed_is_only_stored) {
    produce();
    (void)look();
    replica.become_follower(LeaderEpoch(2), NodeId(2));
    const TableLoad load = look();
    EXPECT_TRUE(load.led.empty());
    EXPECT_EQ(load.logs_bytes, replica.log().bytes());
}

TEST_F(LoadMeterTest, what_was_followed_until_now_has_a_rate_at_once) {
    replica.become_follower(LeaderEpoch(2), NodeId(2));
    (void)look();
    run_for(std::chrono::seconds(1));
    replica.become_leader(leadership(3));
    produce();
    EXPECT_GT(look().led[0].bytes_in_per_second, 0U);
}

}  // namespace
}  // namespace milena::replica
