#include "controller/quorum_spare.h"

#include <gtest/gtest.h>

namespace milena::controller {
namespace {

constexpr Timestamp now{100'000};

class QuorumSpareTest : public testing::Test {
  public:
    // Of each voter: for how long it has been behind.
    QuorumSpare answer(int32_t broker, const std::vector<int64_t>& behind_ms) {
        std::vector<raft::Voter> voters;
        std::vector<raft::ReplicaProgress> replicas;
        for (size_t i = 0; i < behind_ms.size(); ++i) {
            const NodeId id(static_cast<int32_t>(i) + 1);
            voters.push_back({.id = id, .directory_id = {}, .endpoints = {}});
            if (behind_ms[i] >= 0)
                replicas.push_back({.id = id, .last_caught_up = Timestamp(now.value - behind_ms[i])});
        }
        return quorum_spare(raft::VoterSet(voters), replicas, NodeId(1), NodeId(broker), now, Milliseconds(2'000));
    }
    static constexpr int64_t never = -1;
};

TEST_F(QuorumSpareTest, one_of_three_that_keep_up_may_go) {
    EXPECT_TRUE(answer(2, {0, 0, 0}).can_spare());
    EXPECT_TRUE(answer(1, {0, 0, 500}).can_spare()) << "the leader, too";
}

TEST_F(QuorumSpareTest, second_of_three_may_not) {
    EXPECT_FALSE(answer(2, {0, 0, 5'000}).can_spare());
    EXPECT_FALSE(answer(1, {0, 0, never}).can_spare());
    EXPECT_TRUE(answer(3, {0, 0, 5'000}).can_spare()) << "it is the one that doesn't keep up";
    EXPECT_EQ(answer(2, {0, 0, 5'000}).reason(),
              "of the 3 voters of the metadata quorum 1 other(s) keep up, and 2 are needed");
}

TEST_F(QuorumSpareTest, of_two_none_may_and_one_alone_may) {
    EXPECT_FALSE(answer(2, {0, 0}).can_spare());
    EXPECT_TRUE(answer(1, {0}).can_spare()) << "waiting doesn't help";
}

TEST_F(QuorumSpareTest, who_is_no_voter_is_not_missed) { EXPECT_TRUE(answer(9, {0, never, never}).can_spare()); }

}  // namespace
}  // namespace milena::controller
