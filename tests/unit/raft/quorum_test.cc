#include "raft/quorum.h"

#include <gtest/gtest.h>

namespace milena::raft {
namespace {

VoterSet voters(std::initializer_list<int32_t> ids) {
    std::vector<Voter> result;
    for (const int32_t id : ids) result.push_back({.id = NodeId(id), .directory_id = {}, .endpoints = {}});
    return VoterSet(result);
}

Quorum quorum_of(std::initializer_list<int32_t> ids, const ElectionState& state = {}) {
    return Quorum({NodeId(1), Uuid{5, 500}}, voters(ids), state);
}

TEST(Quorum, single_voter_elects_itself) {
    Quorum quorum = quorum_of({1});
    EXPECT_EQ(quorum.role(), Role::unattached);
    const ElectionState candidacy = quorum.campaign(no_leader_epoch);
    EXPECT_EQ(candidacy.epoch, LeaderEpoch(1));
    EXPECT_EQ(candidacy.voted, NodeId(1));
    EXPECT_EQ(quorum.role(), Role::candidate);
    EXPECT_EQ(quorum.vote(NodeId(1), true), Tally::won);
    EXPECT_EQ(quorum.role(), Role::leader);
    EXPECT_EQ(quorum.leader(), NodeId(1));
}

TEST(Quorum, new_epoch_is_above_the_one_on_disk_and_those_in_the_log) {
    EXPECT_EQ(quorum_of({1}, {.epoch = LeaderEpoch(7)}).campaign(LeaderEpoch(3)).epoch, LeaderEpoch(8));
    EXPECT_EQ(quorum_of({1}, {.epoch = LeaderEpoch(2)}).campaign(LeaderEpoch(3)).epoch, LeaderEpoch(4));
}

TEST(Quorum, majority_of_three_is_two_and_only_voters_count) {
    Quorum quorum = quorum_of({1, 2, 3});
    quorum.campaign(no_leader_epoch);
    EXPECT_EQ(quorum.vote(NodeId(1), true), Tally::open);
    EXPECT_EQ(quorum.vote(NodeId(1), true), Tally::open);
    EXPECT_EQ(quorum.vote(NodeId(9), true), Tally::open);
    EXPECT_EQ(quorum.vote(NodeId(3), true), Tally::won);
    EXPECT_EQ(quorum.role(), Role::leader);
}

TEST(Quorum, election_is_lost_when_no_majority_can_be_had_any_more) {
    Quorum quorum = quorum_of({1, 2, 3});
    quorum.campaign(no_leader_epoch);
    quorum.vote(NodeId(1), true);
    EXPECT_EQ(quorum.vote(NodeId(2), false), Tally::open);
    EXPECT_EQ(quorum.vote(NodeId(3), false), Tally::lost);
}

TEST(Quorum, prospect_changes_no_epoch_and_leads_nothing) {
    Quorum quorum = quorum_of({1, 2, 3}, {.epoch = LeaderEpoch(4)});
    quorum.prospect();
    quorum.vote(NodeId(1), true);
    EXPECT_EQ(quorum.vote(NodeId(2), true), Tally::won);
    EXPECT_EQ(quorum.role(), Role::prospective);
    EXPECT_EQ(quorum.epoch(), LeaderEpoch(4));
    EXPECT_EQ(quorum.state().voted, no_node);
}

TEST(Quorum, vote_is_given_once_in_an_epoch_even_if_its_leader_was_lost) {
    Quorum quorum = quorum_of({1, 2, 3});
    quorum.unattach(LeaderEpoch(5));
    EXPECT_TRUE(quorum.can_vote_for(NodeId(2), Uuid{}));
    quorum.vote_for(NodeId(2), Uuid{});
    EXPECT_TRUE(quorum.can_vote_for(NodeId(2), Uuid{}));
    EXPECT_FALSE(quorum.can_vote_for(NodeId(3), Uuid{}));
    quorum.follow(LeaderEpoch(5), NodeId(2));
    EXPECT_FALSE(quorum.can_vote_for(NodeId(2), Uuid{}));
    quorum.unattach(LeaderEpoch(5));
    EXPECT_FALSE(quorum.can_vote_for(NodeId(3), Uuid{}));
    quorum.unattach(LeaderEpoch(6));
    EXPECT_TRUE(quorum.can_vote_for(NodeId(3), Uuid{}));
}

TEST(Quorum, follower_commits_what_its_leader_says_and_never_goes_back) {
    Quorum quorum = quorum_of({1, 2, 3});
    quorum.follow(LeaderEpoch(1), NodeId(2));
    EXPECT_TRUE(quorum.commit(Offset(5)));
    EXPECT_FALSE(quorum.commit(Offset(4)));
    EXPECT_EQ(quorum.high_watermark(), Offset(5));
}

TEST(Quorum, high_watermark_is_what_a_majority_has) {
    Quorum quorum = quorum_of({1, 2, 3});
    quorum.campaign(no_leader_epoch);
    quorum.vote(NodeId(1), true);
    quorum.vote(NodeId(2), true);
    quorum.begin_leadership(Offset(10));
    EXPECT_FALSE(quorum.durable(NodeId(1), Offset(20)));
    EXPECT_TRUE(quorum.durable(NodeId(2), Offset(15)));
    EXPECT_EQ(quorum.high_watermark(), Offset(15));
    EXPECT_FALSE(quorum.durable(NodeId(2), Offset(12)));
    EXPECT_EQ(quorum.high_watermark(), Offset(15));
}

TEST(Quorum, records_of_earlier_epochs_commit_only_with_one_of_this_epoch) {
    Quorum quorum = quorum_of({1});
    quorum.campaign(no_leader_epoch);
    quorum.vote(NodeId(1), true);
    EXPECT_FALSE(quorum.durable(NodeId(1), Offset(5)));
    quorum.begin_leadership(Offset(10));
    EXPECT_FALSE(quorum.durable(NodeId(1), Offset(10)));
    EXPECT_TRUE(quorum.durable(NodeId(1), Offset(11)));
    EXPECT_EQ(quorum.high_watermark(), Offset(11));
}

TEST(Quorum, only_a_leader_moves_the_high_watermark) {
    Quorum quorum = quorum_of({1});
    quorum.campaign(no_leader_epoch);
    EXPECT_FALSE(quorum.durable(NodeId(1), Offset(5)));
    quorum.vote(NodeId(1), true);
    quorum.begin_leadership(Offset(0));
    quorum.durable(NodeId(1), Offset(3));
    quorum.resign();
    EXPECT_FALSE(quorum.durable(NodeId(1), Offset(9)));
    EXPECT_EQ(quorum.high_watermark(), Offset(3));
    EXPECT_EQ(quorum.leader(), no_node);
}

TEST(Quorum, voter_is_known_by_its_directory_too) {
    const VoterSet with_directory({{.id = NodeId(1), .directory_id = Uuid{5, 500}, .endpoints = {}}});
    EXPECT_TRUE(with_directory.contains({NodeId(1), Uuid{5, 500}}));
    EXPECT_FALSE(with_directory.contains({NodeId(1), Uuid{6, 500}}));
    EXPECT_TRUE(voters({1}).contains({NodeId(1), Uuid{6, 500}}));
    EXPECT_FALSE(voters({1}).contains({NodeId(2), Uuid{5, 500}}));
}

TEST(Quorum, majority_end_of_any_number_of_voters) {
    const auto end = [](const VoterSet& set, std::map<NodeId, Offset> ends) { return majority_end(set, ends).value; };
    EXPECT_EQ(end(voters({1}), {{NodeId(1), Offset(4)}}), 4);
    EXPECT_EQ(end(voters({1, 2}), {{NodeId(1), Offset(4)}, {NodeId(2), Offset(3)}}), 3);
    EXPECT_EQ(end(voters({1, 2, 3}), {{NodeId(1), Offset(4)}, {NodeId(3), Offset(9)}}), 4);
    EXPECT_EQ(end(voters({1, 2, 3, 4}), {{NodeId(1), Offset(4)}, {NodeId(3), Offset(9)}}), -1);
    EXPECT_EQ(end(voters({}), {}), -1);
}

TEST(Voters, survive_their_record) {
    const VoterSet set({{.id = NodeId(1), .directory_id = Uuid{5, 500}, .endpoints = {{"CONTROLLER", "h", 9093}}},
                        {.id = NodeId(2), .directory_id = Uuid{6, 500}, .endpoints = {}}});
    EXPECT_EQ(VoterSet::from_record(set.to_record()), set);
    EXPECT_EQ(set.majority(), 2U);
}

}  // namespace
}  // namespace milena::raft
