#include "server/consumer_lag.h"

#include <gtest/gtest.h>

#include "server/lag_metrics.h"
#include "unit/server/gate_fixture.h"

namespace milena::server {
namespace {

struct Lags : Gate {
    shard::Loop home{both.clock};
    LagMeter::Lags told;
    std::vector<std::pair<NodeId, std::vector<replica::LagPosition>>> asked;
    const ConsumerLagReader::AskLeader ask_leader = [this](NodeId leader, std::vector<replica::LagPosition> positions,
                                                           std::function<void(LagMeter::Lags)> done) {
        asked.emplace_back(leader, std::move(positions));
        home.post([this, done = std::move(done)] { done(told); });
    };

    ConsumerLag read(size_t partitions_max, size_t askers = 1) {
        ConsumerLagReader reader({*both.shards, gate, home, NodeId{1}, partitions_max, ask_leader});
        ConsumerLag result;
        size_t missing = askers;
        for (size_t i = 0; i < askers; ++i)
            reader.read([&](const ConsumerLag& lag) {
                result = lag;
                if (--missing == 0) home.stop();
            });
        home.run();
        return result;
    }
    // What groups commit and lag behind in is their own topic: it is the one that there is.
    ErrorCode commit_here(const std::string& group_id, int64_t offset) {
        return commit(group_id, offset, group::offsets_topic);
    }
};

TEST_F(Lags, groups_of_all_shards_are_behind_by_what_they_have_not_committed) {
    for (int32_t partition = 0; partition < TwoShards::partitions; ++partition)
        ASSERT_EQ(commit_here(group_of(partition), 0), ErrorCode::none);
    const ConsumerLag lag = read(100);
    ASSERT_EQ(lag.groups.size(), 4U);
    EXPECT_EQ(lag.groups_left_out, 0U);
    for (const GroupLag& group : lag.groups) {
        const PartitionLag& partition = group.topics.front().partitions.front();
        EXPECT_EQ(group.topics.front().topic, group::offsets_topic);
        ASSERT_TRUE(partition.lag.has_value());
        EXPECT_EQ(partition.lag->records, 1);  // every group has written one commit, the first of them to partition 0
        EXPECT_TRUE(partition.lag->time.has_value());
    }
}

TEST_F(Lags, groups_without_room_are_counted_and_not_shown) {
    for (int32_t partition = 0; partition < TwoShards::partitions; ++partition)
        ASSERT_EQ(commit_here(group_of(partition), 0), ErrorCode::none);
    const ConsumerLag lag = read(3);
    EXPECT_EQ(lag.groups.size(), 3U);
    EXPECT_EQ(lag.groups_left_out, 1U);
    EXPECT_EQ(lag.partitions_left_out, 1U);
    EXPECT_TRUE(read(0).groups.empty());
}

TEST_F(Lags, topic_that_is_not_there_has_no_lag) {
    ASSERT_EQ(commit(group_of(0), 5), ErrorCode::none);
    EXPECT_TRUE(read(100).groups.front().topics.empty());
}

TEST_F(Lags, partition_that_is_led_elsewhere_has_the_lag_of_its_copy_here) {
    ASSERT_EQ(commit_here(group_of(1), 0), ErrorCode::none);
    elect(0, NodeId{2});
    const ConsumerLag lag = read(100);
    EXPECT_TRUE(lag.groups.front().topics.front().partitions.front().lag.has_value());
    EXPECT_NE(render_lag(lag).find("partition="), std::string::npos);
}

TEST_F(Lags, partition_without_a_copy_here_has_the_lag_that_its_leader_tells) {
    ASSERT_EQ(commit_here(group_of(1), 5), ErrorCode::none);
    apply(both.move(0, NodeId{2}));
    const auto lag_of_it = [this] { return read(100).groups.front().topics.front().partitions.front().lag; };
    EXPECT_FALSE(lag_of_it().has_value()) << "it hasn't answered";
    told = {replica::LagReader::Lag{7, Milliseconds(30)}};
    const auto lag = lag_of_it();
    ASSERT_TRUE(lag.has_value());
    EXPECT_EQ(lag->records, 7);
    ASSERT_EQ(asked.size(), 2U);
    EXPECT_EQ(asked[1].first, NodeId{2});
    ASSERT_EQ(asked[1].second.size(), 1U);
    EXPECT_EQ(asked[1].second[0].key, both.key(0));
    EXPECT_EQ(asked[1].second[0].committed, Offset{5});
    told = {std::nullopt, replica::LagReader::Lag{7, Milliseconds(30)}};
    EXPECT_FALSE(lag_of_it().has_value()) << "one lag more than was asked for";
}

TEST_F(Lags, who_asks_meanwhile_gets_the_same_answer) { EXPECT_TRUE(read(100, 3).groups.empty()); }

ConsumerLag lag_of(std::string group, std::optional<Milliseconds> time) {
    ConsumerLag lag;
    PartitionLag partition{PartitionIndex(7), Offset(1), no_node, replica::LagReader::Lag{5, time}};
    TopicLag topic{"t", {}, {partition}};
    lag.groups.push_back(GroupLag{std::move(group), 1, {topic}});
    return lag;
}

TEST(LagMetrics, every_partition_has_a_sample_of_each_kind) {
    const std::string text = render_lag(lag_of("g", Milliseconds(1'500)));
    EXPECT_NE(text.find("\nmilena_consumer_lag_records{group=\"g\",topic=\"t\",partition=\"7\"} 5\n"), text.npos);
    EXPECT_NE(text.find("\nmilena_consumer_lag_seconds{group=\"g\",topic=\"t\",partition=\"7\"} 1.500\n"), text.npos);
}

TEST(LagMetrics, time_that_is_not_known_is_counted_instead) {
    const std::string text = render_lag(lag_of("g", std::nullopt));
    EXPECT_EQ(text.find("milena_consumer_lag_seconds{"), text.npos);
    EXPECT_NE(text.find("\nmilena_consumer_lag_unknown_seconds 1\n"), text.npos);
}

TEST(LagMetrics, no_name_of_a_group_breaks_the_page) {
    const std::string text = render_lag(lag_of("a\"b\\c\nd\xff\xc3\xa9\xed\xa0\x80", Milliseconds(0)));
    EXPECT_NE(text.find("{group=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\","),
              text.npos);
}

}  // namespace
}  // namespace milena::server
