#include "raft/quorum_state_file.h"

#include <gtest/gtest.h>

namespace milena::raft {
namespace {

const VoterSet only_voter({{.id = NodeId(1), .directory_id = {}, .endpoints = {}}});

TEST(QuorumStateFile, text_is_kafkas) {
    const ElectionState state{.epoch = LeaderEpoch(1), .leader = NodeId(1)};
    EXPECT_EQ(quorum_state_text(state, only_voter, 0),
              R"({"clusterId":"","leaderId":1,"leaderEpoch":1,"votedId":-1,"appliedOffset":0,)"
              R"("currentVoters":[{"voterId":1}],"data_version":0})");
    EXPECT_EQ(quorum_state_text(state, only_voter, 1),
              R"({"leaderId":1,"leaderEpoch":1,"votedId":-1,)"
              R"("votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1})");
}

TEST(QuorumStateFile, both_versions_survive) {
    const ElectionState state{
        .epoch = LeaderEpoch(7), .leader = no_node, .voted = NodeId(1), .voted_directory = Uuid{5, 500}};
    EXPECT_EQ(parse_quorum_state(quorum_state_text(state, only_voter, 1)), state);
    ElectionState emptied = state;
    emptied.awaits_log = true;
    EXPECT_EQ(parse_quorum_state(quorum_state_text(emptied, only_voter, 1)), emptied);
    ElectionState without_directory = state;
    without_directory.voted_directory = {};
    EXPECT_EQ(parse_quorum_state(quorum_state_text(state, only_voter, 0)), without_directory);
}

TEST(QuorumStateFile, space_between_the_tokens_is_allowed) {
    const auto state =
        parse_quorum_state("{ \"leaderId\" : 2,\n \"leaderEpoch\" : 3 , \"votedId\": -1 , \"data_version\" : 0 }\n");
    ASSERT_TRUE(state.has_value());
    EXPECT_EQ(state->leader, NodeId(2));
    EXPECT_EQ(state->epoch, LeaderEpoch(3));
}

TEST(QuorumStateFile, damaged_text_is_refused) {
    const std::string good = quorum_state_text({.epoch = LeaderEpoch(1)}, only_voter, 1);
    for (size_t i = 0; i < good.size(); ++i) EXPECT_FALSE(parse_quorum_state(good.substr(0, i)).has_value()) << i;
    EXPECT_FALSE(parse_quorum_state(R"({"leaderId":1,"leaderEpoch":-5,"votedId":-1,"data_version":0})").has_value());
    EXPECT_FALSE(parse_quorum_state(R"({"leaderId":1,"leaderEpoch":1,"votedId":-1,"data_version":9})").has_value());
    EXPECT_FALSE(
        parse_quorum_state(R"({"leaderId":1,"leaderEpoch":99999999999,"votedId":1,"data_version":0})").has_value());
}

}  // namespace
}  // namespace milena::raft
