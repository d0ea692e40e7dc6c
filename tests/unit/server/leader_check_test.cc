#include "server/leader_check.h"

#include <future>

#include <gtest/gtest.h>

#include "unit/server/two_shards.h"

namespace milena::server {
namespace {

constexpr NodeId other{2};
constexpr NodeId third{3};

struct LeaderCheckTest : testing::Test {
    using Reply = std::function<void(bool)>;

    TwoShards both;
    // What was asked and is to be answered: on the first shard.
    std::vector<std::pair<NodeId, Reply>> questions;
    LeaderCheck leader_check{*both.shards,
                             [this](NodeId broker, Reply reply) { questions.emplace_back(broker, std::move(reply)); }};

    LeaderCheckTest() {
        both.apply(after([](metadata::ImageBuilder& builder) {
            for (const NodeId id : {other, third}) {
                wire::RegisterBrokerRecord record = metadata::broker(id.value, 10);
                record.fenced = false;
                builder.apply(record);
            }
        }));
    }
    metadata::Delta after(const std::function<void(metadata::ImageBuilder&)>& change) const {
        metadata::ImageBuilder builder(both.image);
        change(builder);
        return std::move(builder).finish({both.image->offset + 1, LeaderEpoch{1}});
    }
    void fence(NodeId id) {
        both.apply(after([id](metadata::ImageBuilder& builder) {
            builder.apply(wire::BrokerRegistrationChangeRecord{.broker_id = id.value, .broker_epoch = 10, .fenced = 1});
        }));
        first([this] { leader_check.published(); });
    }
    void first(const std::function<void()>& work) {
        both.on<bool>(0, [&work] {
            work();
            return true;
        });
    }
    size_t asked() {
        return both.on<size_t>(0, [this] { return questions.size(); });
    }
    void answer(size_t question, bool is_gone) {
        first([this, question, is_gone] { questions[question].second(is_gone); });
    }
    // Ready when it is vouched for them; asked from the second shard, where that is said.
    std::future<void> vouch_for(const std::set<NodeId>& leaders) {
        auto promise = std::make_shared<std::promise<void>>();
        shard::Shard& home = (*both.shards)[1];
        both.on<bool>(1, [&] {
            leader_check.vouch_for(home, leaders, [&home, promise] {
                EXPECT_TRUE(home.is_current());
                promise->set_value();
            });
            return true;
        });
        return promise->get_future();
    }
    // After what the first shard has posted to the second one.
    bool is_ready(const std::future<void>& vouched) {
        first([] {});
        both.on<bool>(1, [] { return true; });
        return vouched.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }
};

TEST_F(LeaderCheckTest, nobody_has_to_be_asked_about_partitions_that_are_led_here) {
    EXPECT_TRUE(is_ready(vouch_for({})));
    EXPECT_EQ(asked(), 0U);
}

TEST_F(LeaderCheckTest, the_answer_of_each_leader_is_waited_for) {
    const auto vouched = vouch_for({other, third});
    ASSERT_EQ(asked(), 2U);
    answer(1, false);
    EXPECT_FALSE(is_ready(vouched));
    answer(0, false);
    EXPECT_TRUE(is_ready(vouched));
}

TEST_F(LeaderCheckTest, an_answer_to_an_earlier_question_is_not_enough) {
    const auto early = vouch_for({other});
    ASSERT_EQ(asked(), 1U);
    const auto late = vouch_for({other});
    const auto later = vouch_for({other});
    EXPECT_EQ(asked(), 1U);
    answer(0, false);
    EXPECT_TRUE(is_ready(early));
    EXPECT_FALSE(is_ready(late));
    ASSERT_EQ(asked(), 2U);
    answer(1, false);
    EXPECT_TRUE(is_ready(late));
    EXPECT_TRUE(is_ready(later));
}

TEST_F(LeaderCheckTest, where_a_leader_is_gone_the_election_is_waited_for) {
    const auto vouched = vouch_for({other});
    ASSERT_EQ(asked(), 1U);
    answer(0, true);
    EXPECT_FALSE(is_ready(vouched));
    fence(third);
    EXPECT_FALSE(is_ready(vouched));
    fence(other);
    EXPECT_TRUE(is_ready(vouched));
}

TEST_F(LeaderCheckTest, an_election_that_is_over_is_not_waited_for) {
    const auto vouched = vouch_for({other});
    ASSERT_EQ(asked(), 1U);
    fence(other);
    answer(0, true);
    EXPECT_TRUE(is_ready(vouched));
}

TEST_F(LeaderCheckTest, an_election_without_end_is_not_waited_for_longer_than_patience) {
    auto vouched = vouch_for({other});
    ASSERT_EQ(asked(), 1U);
    answer(0, true);
    EXPECT_EQ(vouched.wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

TEST_F(LeaderCheckTest, a_shard_knows_since_when_a_broker_is_fenced) {
    const auto fenced_at = [this] {
        return both.on<std::optional<Instant>>(0, [this] { return both.shards->first().fenced_at(other); });
    };
    EXPECT_FALSE(fenced_at().has_value());
    fence(other);
    EXPECT_TRUE(fenced_at().has_value());
    both.apply(after([](metadata::ImageBuilder& builder) {
        builder.apply(wire::BrokerRegistrationChangeRecord{.broker_id = other.value, .broker_epoch = 10, .fenced = -1});
    }));
    EXPECT_FALSE(fenced_at().has_value());
}

}  // namespace
}  // namespace milena::server
