#include "cases.h"
#include "unit/raft/faults.h"
#include "unit/raft/raft_cluster.h"

namespace milena::raft {
namespace {

using namespace std::chrono_literals;
using Outcome = Result<void, VoterRefusal>;
using Ids = std::set<int32_t>;

Ids ids_of(const VoterSet& voters) {
    Ids ids;
    for (const auto& [id, voter] : voters) ids.insert(id.value);
    return ids;
}

class RaftVoters : public testing::Test {
  public:
    // Node 1 begins alone, the others look for it.
    std::unique_ptr<RaftCluster> grown_of(int32_t nodes_count, uint64_t seed = 1) {
        auto made = std::make_unique<RaftCluster>(seed, 0, nodes_count);
        made->start_all();
        EXPECT_TRUE(made->run_until(long_enough, [&] { return made->leader() != nullptr; }));
        EXPECT_TRUE(made->run_until(long_enough, [&] {
            return std::ranges::all_of(made->nodes,
                                       [](const auto& n) { return n.second->raft->leader() == NodeId(1); });
        })) << made->describe();
        return made;
    }
    std::unique_ptr<RaftCluster> three_voters(uint64_t seed = 1, int32_t nodes_count = 3) {
        auto made = grown_of(nodes_count, seed);
        EXPECT_EQ(error_of(add(*made, 2)), ErrorCode::none);
        EXPECT_EQ(error_of(add(*made, 3)), ErrorCode::none);
        return made;
    }
    static Outcome settled(RaftCluster& cluster, const std::function<void(Raft&, Raft::VoterDone)>& change) {
        auto outcome = std::make_shared<std::optional<Outcome>>();
        change(*cluster.leader()->raft, [outcome](Outcome what) { *outcome = std::move(what); });
        EXPECT_TRUE(cluster.run_until(long_enough, [&] { return outcome->has_value(); }));
        return outcome->value_or(Outcome(unexpected(VoterRefusal{})));
    }
    static Outcome add(RaftCluster& cluster, const Voter& voter) {
        return settled(cluster, [&](Raft& raft, Raft::VoterDone done) { raft.add_voter(voter, 2s, true, done); });
    }
    static Outcome add(RaftCluster& cluster, int32_t id) { return add(cluster, cluster.at(NodeId(id)).described()); }
    static Outcome remove(RaftCluster& cluster, const ReplicaKey& voter) {
        return settled(cluster, [&](Raft& raft, Raft::VoterDone done) { raft.remove_voter(voter, done); });
    }
    static Outcome remove(RaftCluster& cluster, int32_t id) { return remove(cluster, cluster.at(NodeId(id)).key()); }
    static ErrorCode error_of(const Outcome& outcome) { return outcome ? ErrorCode::none : outcome.error().error; }
    static bool all_know(RaftCluster& cluster, const Ids& voters) {
        return cluster.run_until(long_enough, [&] {
            return std::ranges::all_of(cluster.nodes, [&](const auto& n) {
                return n.second->raft == nullptr || ids_of(n.second->raft->voters()) == voters;
            });
        });
    }
    static bool leads_one_of(RaftCluster& cluster, const Ids& ids) {
        return cluster.run_until(long_enough, [&] {
            const RaftCluster::Node* leader = cluster.leader();
            return leader != nullptr && ids.contains(leader->id.value);
        });
    }
    static bool commits(RaftCluster& cluster, const std::string& text) {
        RaftCluster::Node* leader = cluster.leader();
        if (leader == nullptr || !cluster.propose(*leader, text)) return false;
        return cluster.run_until(long_enough, [&] {
            return std::ranges::all_of(cluster.nodes, [&](const auto& n) {
                return n.second->raft == nullptr ||
                       (!n.second->journal->values.empty() && n.second->journal->values.back() == text);
            });
        });
    }
};

TEST_F(RaftVoters, node_that_is_alone_names_itself_in_the_log) {
    const auto cluster = grown_of(1);
    const Raft& raft = *cluster->at(NodeId(1)).raft;
    EXPECT_EQ(raft.kraft_version(), 1);
    EXPECT_EQ(raft.voters(), VoterSet({cluster->at(NodeId(1)).described()}));
    EXPECT_EQ(cluster->at(NodeId(1)).journal->voters, raft.voters());
    EXPECT_EQ(raft.next_offset(), Offset(3));  // the leader, kraft.version, the voters
    cluster->kill(NodeId(1));
    ASSERT_EQ(cluster->start(NodeId(1)), "");
    EXPECT_TRUE(cluster->run_until(soon, [&] { return cluster->leader() != nullptr; }));
    EXPECT_EQ(cluster->at(NodeId(1)).raft->next_offset(), Offset(4)) << "they are written once";
}

TEST_F(RaftVoters, log_of_voters_in_the_settings_stays_as_it_is) {
    RaftCluster cluster(1, 3);
    cluster.start_all();
    ASSERT_TRUE(cluster.run_until(long_enough, [&] { return cluster.leader() != nullptr; }));
    EXPECT_EQ(cluster.leader()->raft->kraft_version(), 0);
    EXPECT_EQ(cluster.leader()->raft->next_offset(), Offset(1));
    EXPECT_EQ(error_of(add(cluster, 2)), ErrorCode::unsupported_version);
    EXPECT_EQ(error_of(remove(cluster, 2)), ErrorCode::unsupported_version);
}

TEST_F(RaftVoters, one_voter_becomes_three_and_any_two_of_them_go_on) {
    for (uint64_t seed = 1; seed <= cases(10); ++seed) {
        const auto cluster = three_voters(seed, 4);
        EXPECT_TRUE(all_know(*cluster, {1, 2, 3}));
        EXPECT_TRUE(commits(*cluster, "a"));
        cluster->kill(NodeId(1));
        ASSERT_TRUE(leads_one_of(*cluster, {2, 3})) << cluster->describe();
        EXPECT_TRUE(commits(*cluster, "b"));
        ASSERT_EQ(cluster->start(NodeId(1)), "");
        EXPECT_TRUE(cluster->run_until(long_enough, [&] { return cluster->all_have(2); })) << cluster->describe();
    }
}

TEST_F(RaftVoters, what_is_no_new_voter_is_refused) {
    const auto cluster = three_voters(1, 4);
    Voter fourth = cluster->at(NodeId(4)).described();
    EXPECT_EQ(error_of(add(*cluster, 2)), ErrorCode::duplicate_voter);
    fourth.id = NodeId(2);
    EXPECT_EQ(error_of(add(*cluster, fourth)), ErrorCode::duplicate_voter) << "another directory of a voter";
    fourth = cluster->at(NodeId(4)).described();
    fourth.directory_id = Uuid{7, 700};
    EXPECT_EQ(error_of(add(*cluster, fourth)), ErrorCode::invalid_request) << "not the directory that it has";
    fourth.directory_id = {};
    EXPECT_EQ(error_of(add(*cluster, fourth)), ErrorCode::invalid_request);
    fourth = cluster->at(NodeId(4)).described();
    fourth.endpoints.front().name = "OTHER";
    EXPECT_EQ(error_of(add(*cluster, fourth)), ErrorCode::invalid_request);
    fourth = cluster->at(NodeId(4)).described();
    fourth.endpoints.front().host = "nowhere";
    EXPECT_EQ(error_of(add(*cluster, fourth)), ErrorCode::request_timed_out);
    EXPECT_EQ(error_of(remove(*cluster, 4)), ErrorCode::voter_not_found);
    EXPECT_EQ(error_of(remove(*cluster, {NodeId(2), Uuid{7, 700}})), ErrorCode::voter_not_found);
    EXPECT_TRUE(all_know(*cluster, {1, 2, 3}));
}

TEST_F(RaftVoters, replica_that_lags_becomes_a_voter_when_it_has_caught_up_or_not_at_all) {
    const auto cluster = grown_of(2);
    cluster->cut(NodeId(2), NodeId(1));  // it answers no more, nor does it fetch
    EXPECT_EQ(error_of(add(*cluster, 2)), ErrorCode::request_timed_out);
    EXPECT_EQ(ids_of(cluster->leader()->raft->voters()), Ids{1});
    cluster->mend();
    EXPECT_TRUE(commits(*cluster, "a"));
    EXPECT_EQ(error_of(add(*cluster, 2)), ErrorCode::none);
}

TEST_F(RaftVoters, only_one_change_is_under_way) {
    const auto cluster = three_voters();
    std::vector<ErrorCode> errors;
    Raft& leader = *cluster->leader()->raft;
    for (const int32_t id : {2, 3})
        leader.remove_voter(cluster->at(NodeId(id)).key(),
                            [&errors](const Outcome& outcome) { errors.push_back(error_of(outcome)); });
    ASSERT_TRUE(cluster->run_until(soon, [&] { return errors.size() == 2; }));
    EXPECT_EQ(errors, (std::vector<ErrorCode>{ErrorCode::request_timed_out, ErrorCode::none}));
    EXPECT_TRUE(all_know(*cluster, {1, 3}));
}

// What a former leader has changed could still come to be (the correction of 2015 to Raft's single changes).
TEST_F(RaftVoters, new_leader_changes_nothing_before_a_record_of_its_own_is_committed) {
    const auto cluster = three_voters();
    cluster->kill(NodeId(1));
    RaftCluster::Node* fresh = nullptr;
    ASSERT_TRUE(cluster->run_until(long_enough, [&] {
        for (auto& [id, node] : cluster->nodes)
            if (node->raft != nullptr && node->raft->role() == Role::leader) fresh = node.get();
        return fresh != nullptr;
    }));
    ASSERT_FALSE(fresh->journal->is_leading);
    ErrorCode error = ErrorCode::none;
    const auto done = [&error](const Outcome& outcome) { error = error_of(outcome); };
    fresh->raft->remove_voter(cluster->at(NodeId(1)).key(), done);
    EXPECT_EQ(error, ErrorCode::request_timed_out);
    ASSERT_TRUE(leads_one_of(*cluster, {2, 3}));
    EXPECT_EQ(error_of(remove(*cluster, 1)), ErrorCode::none);
}

TEST_F(RaftVoters, last_voter_stays) {
    const auto cluster = grown_of(1);
    EXPECT_EQ(error_of(remove(*cluster, 1)), ErrorCode::voter_not_found);
}

TEST_F(RaftVoters, removed_leader_gives_way_and_copies_on) {
    for (uint64_t seed = 1; seed <= cases(10); ++seed) {
        const auto cluster = three_voters(seed);
        ASSERT_EQ(error_of(remove(*cluster, 1)), ErrorCode::none);
        ASSERT_TRUE(cluster->run_until(soon, [&] {
            return cluster->leader() != nullptr && cluster->leader()->id != NodeId(1);
        })) << cluster->describe();
        EXPECT_TRUE(commits(*cluster, "after")) << cluster->describe();
        EXPECT_EQ(cluster->at(NodeId(1)).raft->role(), Role::follower);
        EXPECT_TRUE(all_know(*cluster, {2, 3}));
        cluster->run(30s);
        EXPECT_NE(cluster->leader()->id, NodeId(1));
    }
}

// It alone has the record that removes it: no other log is long enough to be elected.
TEST_F(RaftVoters, removed_leader_that_dies_before_anybody_has_heard_of_it_leads_once_more) {
    const auto cluster = grown_of(2);
    ASSERT_EQ(error_of(add(*cluster, 2)), ErrorCode::none);
    cluster->cut(NodeId(1), NodeId(2));
    cluster->leader()->raft->remove_voter(cluster->at(NodeId(1)).key(), [](const Outcome&) {});
    cluster->run(50ms);
    ASSERT_EQ(ids_of(cluster->at(NodeId(1)).raft->voters()), Ids{2});
    cluster->kill(NodeId(1));
    cluster->mend();
    ASSERT_EQ(cluster->start(NodeId(1)), "");
    ASSERT_TRUE(leads_one_of(*cluster, {2})) << cluster->describe();
    EXPECT_TRUE(all_know(*cluster, {2}));
    EXPECT_TRUE(commits(*cluster, "after"));
}

TEST_F(RaftVoters, change_that_no_majority_has_is_taken_back) {
    const auto cluster = three_voters(1, 4);
    cluster->run(1s);
    cluster->cut_both(NodeId(1), NodeId(2));
    cluster->cut_both(NodeId(1), NodeId(3));
    std::optional<Outcome> outcome;
    cluster->leader()->raft->remove_voter(cluster->at(NodeId(3)).key(), [&](Outcome what) { outcome = what; });
    EXPECT_EQ(ids_of(cluster->at(NodeId(1)).raft->voters()), (Ids{1, 2})) << "it counts at once";
    ASSERT_TRUE(cluster->run_until(long_enough, [&] { return outcome.has_value(); }));
    EXPECT_FALSE(outcome->has_value());
    ASSERT_TRUE(leads_one_of(*cluster, {2, 3}));
    cluster->mend();
    EXPECT_TRUE(commits(*cluster, "after"));
    EXPECT_TRUE(all_know(*cluster, {1, 2, 3}));
}

TEST_F(RaftVoters, removed_voter_that_comes_back_disturbs_nobody) {
    const auto cluster = three_voters();
    cluster->kill(NodeId(3));
    ASSERT_EQ(error_of(remove(*cluster, 3)), ErrorCode::none);
    const LeaderEpoch epoch = cluster->leader()->raft->epoch();
    ASSERT_EQ(cluster->start(NodeId(3)), "");
    EXPECT_TRUE(all_know(*cluster, {1, 2}));
    cluster->run(30s);
    EXPECT_EQ(cluster->leader()->raft->epoch(), epoch);
}

TEST_F(RaftVoters, empty_disk_under_the_same_id_is_another_voter) {
    const auto cluster = three_voters();
    const ReplicaKey former = cluster->at(NodeId(3)).key();
    cluster->lose_volume(NodeId(3));
    ASSERT_EQ(cluster->start(NodeId(3)), "");
    EXPECT_TRUE(commits(*cluster, "a"));
    // It is as if it weren't there: with the second one gone too, nothing is committed.
    cluster->kill(NodeId(2));
    RaftCluster::Node* leader = cluster->leader();
    ASSERT_TRUE(cluster->propose(*leader, "b"));
    cluster->run(1s);
    EXPECT_EQ(leader->journal->values.back(), "a");
    ASSERT_EQ(cluster->start(NodeId(2)), "");
    ASSERT_TRUE(leads_one_of(*cluster, {1, 2}));
    EXPECT_TRUE(commits(*cluster, "c"));
    EXPECT_EQ(error_of(remove(*cluster, former)), ErrorCode::none);
    EXPECT_EQ(error_of(add(*cluster, 3)), ErrorCode::none);
    EXPECT_EQ(cluster->leader()->raft->voters().find(NodeId(3))->directory_id, cluster->at(NodeId(3)).directory_id());
}

TEST_F(RaftVoters, controller_that_is_to_join_does_so_in_place_of_its_former_disk) {
    RaftCluster cluster(1, 0, 3);
    cluster.options_.auto_join = true;
    cluster.start_all();
    EXPECT_TRUE(all_know(cluster, {1, 2, 3})) << cluster.describe();
    cluster.lose_volume(NodeId(1));
    ASSERT_TRUE(leads_one_of(cluster, {2, 3}));
    ASSERT_EQ(cluster.start(NodeId(1)), "");
    EXPECT_TRUE(cluster.run_until(long_enough, [&] {
        return cluster.leader() != nullptr && cluster.leader()->raft->voters().contains(cluster.at(NodeId(1)).key());
    })) << cluster.describe();
    EXPECT_TRUE(commits(cluster, "a"));
}

TEST_F(RaftVoters, voter_that_has_moved_is_found_where_it_is) {
    const auto cluster = three_voters();
    for (const int32_t id : {1, 2, 3}) {
        RaftCluster::Node& node = cluster->at(NodeId(id));
        cluster->kill(node.id);
        ASSERT_TRUE(cluster->run_until(long_enough, [&] { return cluster->leader() != nullptr; }));
        node.host = "moved" + std::to_string(id);
        ASSERT_EQ(cluster->start(node.id), "");
        EXPECT_TRUE(cluster->run_until(long_enough, [&] {
            const RaftCluster::Node* leader = cluster->leader();
            return leader != nullptr && *leader->raft->voters().find(node.id) == node.described();
        })) << cluster->describe();
    }
    EXPECT_TRUE(commits(*cluster, "a"));
}

TEST_F(RaftVoters, leader_writes_where_it_is_itself) {
    const auto cluster = grown_of(1);
    RaftCluster::Node& node = cluster->at(NodeId(1));
    cluster->kill(node.id);
    node.host = "moved";
    ASSERT_EQ(cluster->start(node.id), "");
    EXPECT_TRUE(cluster->run_until(soon, [&] { return *node.raft->voters().find(node.id) == node.described(); }));
}

TEST_F(RaftVoters, voter_that_moves_while_it_runs_is_found_where_it_is) {
    const auto cluster = three_voters();
    for (const int32_t id : {1, 2, 3}) {
        RaftCluster::Node& node = cluster->at(NodeId(id));
        node.host = "moved" + std::to_string(id);
        node.raft->use_endpoints(node.described().endpoints);
        EXPECT_TRUE(cluster->run_until(long_enough, [&] {
            const RaftCluster::Node* leader = cluster->leader();
            return leader != nullptr && *leader->raft->voters().find(node.id) == node.described();
        })) << cluster->describe();
        cluster->run(long_enough);
    }
    EXPECT_TRUE(commits(*cluster, "a")) << cluster->describe();
}

TEST_F(RaftVoters, voters_of_the_settings_come_into_the_log_with_their_directories) {
    RaftCluster cluster(1, 3);
    for (Voter& voter : cluster.voters) voter.endpoints = {{"C", "host" + std::to_string(voter.id.value), 9093}};
    cluster.start_all();
    ASSERT_TRUE(cluster.run_until(long_enough, [&] { return cluster.leader() != nullptr; }));
    cluster.run(1s);
    const auto upgrade = [&] {
        return error_of(
            settled(cluster, [](Raft& raft, Raft::VoterDone done) { raft.update_kraft_version(1, std::move(done)); }));
    };
    EXPECT_TRUE(cluster.leader()->raft->check_kraft_version(1).has_value());
    EXPECT_EQ(upgrade(), ErrorCode::none);
    EXPECT_EQ(upgrade(), ErrorCode::none);
    for (auto& [id, node] : cluster.nodes) {
        ASSERT_TRUE(cluster.run_until(soon, [&] { return node->raft->kraft_version() == 1; }));
        for (auto& [other, voter] : cluster.nodes) EXPECT_EQ(*node->raft->voters().find(other), voter->described());
    }
    EXPECT_FALSE(cluster.leader()->raft->check_kraft_version(0).has_value());
    cluster.voters.clear();  // the settings count no longer
    const NodeId former = cluster.leader()->id;
    cluster.kill(former);
    ASSERT_TRUE(cluster.run_until(long_enough, [&] {
        return cluster.leader() != nullptr && cluster.leader()->id != former;
    })) << cluster.describe();
    ASSERT_EQ(cluster.start(former), "");
    EXPECT_TRUE(commits(cluster, "a"));
    EXPECT_EQ(cluster.at(former).raft->voters().size(), 3U);
}

TEST_F(RaftVoters, kraft_version_stays_while_the_directory_of_a_voter_is_not_known) {
    RaftCluster cluster(1, 3);
    for (const int32_t id : {1, 2}) ASSERT_EQ(cluster.start(NodeId(id)), "");
    ASSERT_TRUE(cluster.run_until(long_enough, [&] { return cluster.leader() != nullptr; }));
    const auto checked = cluster.leader()->raft->check_kraft_version(1);
    ASSERT_FALSE(checked.has_value());
    EXPECT_EQ(checked.error().error, ErrorCode::invalid_update_version);
}

TEST_F(RaftVoters, snapshot_names_the_voters_and_a_new_replica_learns_them_from_it) {
    RaftCluster cluster(1, 0, 4);
    cluster.options_.snapshot_bytes_max = 200;
    cluster.options_.segment_bytes = 1024;
    cluster.options_.retention_bytes = 1;
    for (const int32_t id : {1, 2, 3}) ASSERT_EQ(cluster.start(NodeId(id)), "");
    ASSERT_TRUE(leads_one_of(cluster, {1}));
    cluster.run(1s);
    ASSERT_EQ(error_of(add(cluster, 2)), ErrorCode::none);
    ASSERT_EQ(error_of(add(cluster, 3)), ErrorCode::none);
    for (int i = 0; i < 300; ++i) {
        ASSERT_TRUE(cluster.propose(*cluster.leader(), "value " + std::to_string(i)));
        cluster.run(20ms);
    }
    ASSERT_GT(cluster.leader()->raft->log_start_offset(), Offset(10));
    ASSERT_EQ(cluster.start(NodeId(4)), "");
    EXPECT_TRUE(cluster.run_until(long_enough, [&] { return cluster.at(NodeId(4)).journal->values.size() == 300; }));
    EXPECT_EQ(ids_of(cluster.at(NodeId(4)).raft->voters()), (Ids{1, 2, 3}));
    for (const int32_t id : {1, 2, 3}) cluster.kill(NodeId(id));
    for (const int32_t id : {1, 2, 3}) ASSERT_EQ(cluster.start(NodeId(id)), "");
    EXPECT_TRUE(leads_one_of(cluster, {1, 2, 3}));
    EXPECT_TRUE(commits(cluster, "a"));
}

TEST_F(RaftVoters, snapshot_says_nothing_of_a_change_that_is_not_committed) {
    RaftCluster cluster(1, 0, 3);
    cluster.options_.snapshot_bytes_max = 1;
    cluster.start_all();
    ASSERT_TRUE(leads_one_of(cluster, {1}));
    cluster.run(1s);
    for (const int32_t id : {2, 3}) ASSERT_EQ(error_of(add(cluster, id)), ErrorCode::none);
    ASSERT_TRUE(commits(cluster, "a"));
    for (const int32_t id : {2, 3}) cluster.cut_both(NodeId(1), NodeId(id));
    cluster.leader()->raft->remove_voter(cluster.at(NodeId(3)).key(), [](const Outcome&) {});
    cluster.run(1500ms);  // a snapshot is taken
    ASSERT_EQ(ids_of(cluster.at(NodeId(1)).raft->voters()), (Ids{1, 2}));
    cluster.kill(NodeId(1));
    cluster.mend();
    ASSERT_TRUE(leads_one_of(cluster, {2, 3}));
    ASSERT_EQ(cluster.start(NodeId(1)), "");
    EXPECT_TRUE(commits(cluster, "b"));
    EXPECT_TRUE(all_know(cluster, {1, 2, 3}));
    EXPECT_GT(cluster.at(NodeId(1)).journal->loaded_id.end_offset, Offset(5));
}

// Any node becomes a voter or is one no longer, at any moment, and those that nobody votes with lose their disks.
void one_change(RaftCluster& cluster, sim::SimRandom& random, size_t& changes) {
    const NodeId id(static_cast<int32_t>(1 + random.below(cluster.nodes.size())));
    RaftCluster::Node* leader = cluster.leader();
    const auto done = [&changes](const Outcome& outcome) { changes += outcome ? 1 : 0; };
    const bool has_been_named = std::ranges::any_of(
        cluster.nodes, [id](const auto& n) { return n.second->journal && n.second->journal->voters.find(id); });
    if (!has_been_named && id != NodeId(1) && random.one_in(2)) return cluster.lose_volume(id);
    if (leader == nullptr) return;
    if (const Voter* voter = leader->raft->voters().find(id)) return leader->raft->remove_voter(voter->key(), done);
    leader->raft->add_voter(cluster.at(id).described(), 1s, random.one_in(2), done);
}

TEST_F(RaftVoters, among_faults_voters_come_and_go_and_nothing_committed_is_lost) {
    size_t changes = 0;
    for (uint64_t seed = 1; seed <= cases(20) && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        RaftCluster cluster(seed, 0, 5);
        sim::SimRandom random(seed * 7919);
        cluster.options_.snapshot_bytes_max = seed % 2 == 0 ? 2'000 : 20 << 20;
        cluster.options_.segment_bytes = 64 << 10;
        cluster.options_.retention_bytes = 0;
        cluster.delay_max = seed % 5 == 0 ? 200ms : 5ms;
        cluster.start_all();
        Invariants invariants(cluster);
        for (int round = 0; round < 300 && !HasFailure(); ++round) {
            if (random.one_in(5)) one_fault(cluster, random);
            if (random.one_in(5)) one_change(cluster, random, changes);
            if (RaftCluster::Node* leader = cluster.leader()) cluster.propose(*leader, std::to_string(round));
            cluster.world.run_until(cluster.world.clock.now() + random.up_to(400ms),
                                    [&] { return !invariants.hold(); });
        }
        ASSERT_TRUE(ends_well(cluster, invariants)) << cluster.describe();
        EXPECT_GT(invariants.committed().size(), 10U);
    }
    EXPECT_GT(changes, cases(100));
}

}  // namespace
}  // namespace milena::raft
