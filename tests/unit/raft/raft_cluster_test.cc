#include "unit/raft/raft_cluster.h"

#include "cases.h"
#include "unit/raft/faults.h"

namespace milena::raft {
namespace {

using namespace std::chrono_literals;
using Values = std::vector<std::string>;

struct RaftClusterTest : testing::Test {
    RaftCluster::Node& lead(RaftCluster& cluster, Duration within = long_enough) {
        EXPECT_TRUE(cluster.run_until(within, [&] { return cluster.leader() != nullptr; }));
        return *cluster.leader();
    }
    static std::set<NodeId> others(RaftCluster& cluster, NodeId but) {
        std::set<NodeId> ids;
        for (const auto& [id, node] : cluster.nodes)
            if (id != but) ids.insert(id);
        return ids;
    }
};

TEST_F(RaftClusterTest, three_voters_elect_one_of_them_at_once_and_all_know_it) {
    for (uint64_t seed = 1; seed <= cases(20); ++seed) {
        RaftCluster cluster(seed, 3);
        cluster.start_all();
        const NodeId leader = lead(cluster, soon).id;
        EXPECT_TRUE(cluster.run_until(soon, [&] {
            return std::ranges::all_of(cluster.nodes,
                                       [&](const auto& n) { return n.second->raft->leader() == leader; });
        })) << seed;
        const LeaderEpoch epoch = cluster.leader()->raft->epoch();
        cluster.run(60s);
        EXPECT_EQ(cluster.leader()->raft->epoch(), epoch) << "a quiet cluster keeps its leader";
    }
}

TEST_F(RaftClusterTest, proposals_are_applied_everywhere_in_order) {
    RaftCluster cluster(1, 3);
    cluster.start_all();
    RaftCluster::Node& leader = lead(cluster);
    Values expected;
    for (int i = 0; i < 100; ++i) {
        expected.push_back(std::to_string(i));
        ASSERT_TRUE(cluster.propose(leader, expected.back()));
        if (i % 10 == 0) cluster.run(5ms);
    }
    ASSERT_TRUE(cluster.run_until(soon, [&] { return cluster.all_have(100); }));
    for (const auto& [id, node] : cluster.nodes) EXPECT_EQ(node->journal->values, expected);
}

TEST_F(RaftClusterTest, only_the_leader_takes_proposals) {
    RaftCluster cluster(1, 3);
    cluster.start_all();
    const NodeId leader = lead(cluster).id;
    for (const NodeId id : others(cluster, leader)) EXPECT_FALSE(cluster.propose(cluster.at(id), "x"));
}

TEST_F(RaftClusterTest, nothing_is_committed_without_a_majority) {
    RaftCluster cluster(1, 3);
    cluster.start_all();
    RaftCluster::Node& leader = lead(cluster);
    for (const NodeId id : others(cluster, leader.id)) cluster.kill(id);
    ASSERT_TRUE(cluster.propose(leader, "x"));
    cluster.run(1s);
    EXPECT_TRUE(leader.journal->values.empty());
    EXPECT_EQ(cluster.start(others(cluster, leader.id).size() > 1 ? *others(cluster, leader.id).begin() : NodeId(1)),
              "");
    EXPECT_TRUE(cluster.run_until(long_enough, [&] { return leader.journal->values == Values{"x"}; }));
}

TEST_F(RaftClusterTest, killed_leader_is_replaced_within_a_second_and_nothing_committed_is_lost) {
    for (uint64_t seed = 1; seed <= cases(30); ++seed) {
        RaftCluster cluster(seed, 3);
        cluster.start_all();
        RaftCluster::Node& former = lead(cluster);
        ASSERT_TRUE(cluster.propose(former, "kept"));
        ASSERT_TRUE(cluster.run_until(soon, [&] { return former.journal->values.size() == 1; }));
        const std::set<NodeId> rest = others(cluster, former.id);
        cluster.kill(former.id);
        ASSERT_TRUE(cluster.run_until(soon, [&] { return cluster.has_leader_among(rest); })) << seed;
        EXPECT_EQ(cluster.leader()->journal->values, Values{"kept"});
        ASSERT_TRUE(cluster.propose(*cluster.leader(), "later"));
        EXPECT_TRUE(cluster.run_until(soon, [&] {
            const auto& gone = cluster.leader()->journal->gone;
            return std::ranges::find(gone, former.id) != gone.end();
        }));
        ASSERT_EQ(cluster.start(former.id), "");
        EXPECT_TRUE(cluster.run_until(long_enough, [&] { return cluster.all_have(2); })) << seed;
    }
}

TEST_F(RaftClusterTest, leader_that_steps_down_is_followed_in_a_moment) {
    RaftCluster cluster(3, 3);
    cluster.start_all();
    RaftCluster::Node& former = lead(cluster);
    cluster.run(1s);
    former.raft->step_down();
    EXPECT_FALSE(former.journal->is_leading);
    EXPECT_TRUE(cluster.run_until(500ms, [&] { return cluster.has_leader_among(others(cluster, former.id)); }))
        << cluster.describe();
}

TEST_F(RaftClusterTest, leader_without_a_majority_gives_up) {
    RaftCluster cluster(1, 3);
    cluster.start_all();
    RaftCluster::Node& former = lead(cluster);
    const std::set<NodeId> rest = others(cluster, former.id);
    for (const NodeId id : rest) cluster.cut_both(former.id, id);
    EXPECT_TRUE(cluster.run_until(10s, [&] { return !former.journal->is_leading; }));
    EXPECT_TRUE(cluster.run_until(10s, [&] { return cluster.has_leader_among(rest); }));
}

// One of the two that have a record loses its disk, and the other one is down: who is left has never had it.
TEST_F(RaftClusterTest, emptied_voter_elects_nobody_who_lacks_what_it_has_acknowledged) {
    for (uint64_t seed = 1; seed <= cases(20); ++seed) {
        RaftCluster cluster(seed, 3);
        cluster.start_all();
        const NodeId whole = lead(cluster).id;
        cluster.run(1s);
        const std::set<NodeId> rest = others(cluster, whole);
        const NodeId emptied = *rest.begin();
        const NodeId behind = *rest.rbegin();
        for (const NodeId id : others(cluster, behind)) cluster.cut_both(behind, id);
        ASSERT_TRUE(cluster.propose(cluster.at(whole), "kept"));
        ASSERT_TRUE(cluster.run_until(soon, [&] { return cluster.at(whole).journal->values == Values{"kept"}; }));
        cluster.kill(whole);
        cluster.lose_volume(emptied);
        cluster.mend();
        for (int life = 0; life < 3; ++life) {
            if (life > 0) cluster.kill(emptied);
            ASSERT_EQ(cluster.start(emptied), "");
            EXPECT_FALSE(cluster.run_until(10s, [&] { return cluster.has_leader_among(rest); })) << seed;
            EXPECT_TRUE(cluster.at(emptied).raft->awaits_log());
        }
        ASSERT_EQ(cluster.start(whole), "");
        ASSERT_TRUE(cluster.run_until(long_enough, [&] { return cluster.all_have(1); })) << cluster.describe();
        ASSERT_TRUE(cluster.run_until(long_enough, [&] { return !cluster.at(emptied).raft->awaits_log(); }));
        cluster.kill(whole);
        EXPECT_TRUE(cluster.run_until(long_enough, [&] { return cluster.has_leader_among(rest); }))
            << "what was emptied is a voter like any other again";
    }
}

TEST_F(RaftClusterTest, two_emptied_voters_begin_no_log_anew_beside_the_one_that_has_it) {
    for (uint64_t seed = 1; seed <= cases(20); ++seed) {
        RaftCluster cluster(seed, 3);
        cluster.start_all();
        const NodeId whole = lead(cluster).id;
        ASSERT_TRUE(cluster.propose(cluster.at(whole), "kept"));
        cluster.run(1s);
        cluster.kill(whole);
        for (const NodeId id : others(cluster, whole)) cluster.lose_volume(id);
        cluster.start_all();
        EXPECT_FALSE(cluster.run_until(20s, [&] { return cluster.leader() != nullptr; })) << seed;
    }
}

TEST_F(RaftClusterTest, majority_begins_a_new_log_whether_the_last_voter_is_down_or_silent) {
    for (uint64_t seed = 1; seed <= cases(20); ++seed) {
        RaftCluster cluster(seed, 3);
        const NodeId last(static_cast<int32_t>(1 + seed % 3));
        const bool is_silent = seed % 2 == 0;
        for (const NodeId id : others(cluster, last)) {
            if (is_silent) cluster.cut_both(last, id);
            ASSERT_EQ(cluster.start(id), "");
        }
        if (is_silent) ASSERT_EQ(cluster.start(last), "");
        const NodeId first = lead(cluster).id;
        ASSERT_TRUE(cluster.propose(cluster.at(first), "a"));
        ASSERT_TRUE(cluster.run_until(long_enough, [&] { return cluster.at(first).journal->values.size() == 1; }));
        cluster.mend();
        if (!is_silent) ASSERT_EQ(cluster.start(last), "");
        ASSERT_TRUE(cluster.run_until(long_enough, [&] { return !cluster.at(last).raft->awaits_log(); })) << seed;
        cluster.kill(first);
        EXPECT_TRUE(cluster.run_until(long_enough, [&] { return cluster.has_leader_among(others(cluster, first)); }));
    }
}

// Who has voted for the first leader has a vote in the elections after it, though it has nothing of the log yet.
TEST_F(RaftClusterTest, first_leader_may_fall_before_anybody_has_fetched_from_it) {
    for (uint64_t seed = 1; seed <= cases(20); ++seed) {
        RaftCluster cluster(seed, 3);
        cluster.on_the_way = [&](RaftCluster::Node&, const Request& request) {
            const auto* fetch = std::get_if<FetchRequest>(&request);
            if (fetch == nullptr || fetch->epoch == LeaderEpoch(0)) return;
            for (const auto& [id, node] : cluster.nodes)
                if (node->raft != nullptr && node->raft->role() == Role::leader)
                    for (const NodeId other : others(cluster, id)) cluster.cut_both(id, other);
        };
        cluster.start_all();
        ASSERT_TRUE(cluster.run_until(long_enough, [&] { return !cluster.cuts.empty(); }));
        cluster.on_the_way = nullptr;
        cluster.mend();
        for (const auto& [id, node] : cluster.nodes) cluster.lose_power(id);
        cluster.start_all();
        ASSERT_TRUE(cluster.run_until(long_enough, [&] { return cluster.leader() != nullptr; })) << cluster.describe();
    }
}

TEST_F(RaftClusterTest, what_a_lost_leader_had_alone_gives_way) {
    RaftCluster cluster(1, 3);
    cluster.start_all();
    RaftCluster::Node& former = lead(cluster);
    const std::set<NodeId> rest = others(cluster, former.id);
    ASSERT_TRUE(cluster.propose(former, "a"));
    ASSERT_TRUE(cluster.run_until(soon, [&] { return cluster.all_have(1); }));
    for (const NodeId id : rest) cluster.cut_both(former.id, id);
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(cluster.propose(former, "alone"));
    ASSERT_TRUE(cluster.run_until(10s, [&] { return cluster.has_leader_among(rest); }));
    ASSERT_TRUE(cluster.propose(*cluster.leader(), "b"));
    ASSERT_TRUE(cluster.run_until(10s, [&] { return cluster.leader()->journal->values.size() == 2; }));
    cluster.mend();
    ASSERT_TRUE(cluster.run_until(10s, [&] { return cluster.all_have(2); }));
    EXPECT_EQ(former.journal->values, (Values{"a", "b"}));
}

// The end of the former epoch isn't in the others' logs any more: their start is no place to go on from.
TEST_F(RaftClusterTest, what_a_lost_leader_had_alone_gives_way_where_only_snapshots_reach_back_to_it) {
    RaftCluster cluster(1, 3);
    cluster.options_.snapshot_bytes_max = 200;
    cluster.options_.segment_bytes = 1024;
    cluster.options_.retention_bytes = 1;
    cluster.start_all();
    RaftCluster::Node& former = lead(cluster);
    const std::set<NodeId> rest = others(cluster, former.id);
    ASSERT_TRUE(cluster.propose(former, "a"));
    ASSERT_TRUE(cluster.run_until(soon, [&] { return cluster.all_have(1); }));
    for (const NodeId id : rest) cluster.cut_both(former.id, id);
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(cluster.propose(former, "alone"));
    ASSERT_TRUE(cluster.run_until(10s, [&] { return cluster.has_leader_among(rest); }));
    Values expected{"a"};
    for (int i = 0; i < 100; ++i) {
        expected.push_back("b" + std::to_string(i));
        ASSERT_TRUE(cluster.propose(*cluster.leader(), expected.back()));
        cluster.run(20ms);
    }
    ASSERT_GT(cluster.leader()->raft->log_start_offset(), Offset(10));
    cluster.mend();
    ASSERT_TRUE(cluster.run_until(10s, [&] { return cluster.all_have(expected.size()); }));
    for (const auto& [id, node] : cluster.nodes) EXPECT_EQ(node->journal->values, expected);
}

TEST_F(RaftClusterTest, node_that_two_of_three_dont_hear_disturbs_nobody) {
    RaftCluster cluster(1, 3);
    cluster.start_all();
    RaftCluster::Node& leader = lead(cluster);
    cluster.run(1s);
    const LeaderEpoch epoch = leader.raft->epoch();
    const NodeId cut_off = *others(cluster, leader.id).begin();
    cluster.cut_both(leader.id, cut_off);  // a bridge: the third one hears both
    cluster.run(60s);
    EXPECT_TRUE(leader.journal->is_leading);
    EXPECT_EQ(leader.raft->epoch(), epoch);
    cluster.mend();
    ASSERT_TRUE(cluster.propose(leader, "x"));
    EXPECT_TRUE(cluster.run_until(10s, [&] { return cluster.all_have(1); }));
    EXPECT_EQ(leader.raft->epoch(), epoch);
}

TEST_F(RaftClusterTest, one_way_loss_ends_with_a_leader_that_all_follow) {
    for (uint64_t seed = 1; seed <= 5; ++seed) {
        RaftCluster cluster(seed, 3);
        cluster.start_all();
        RaftCluster::Node& former = lead(cluster);
        for (const NodeId id : others(cluster, former.id)) cluster.cut(id, former.id);
        EXPECT_TRUE(cluster.run_until(20s, [&] { return cluster.has_leader_among(others(cluster, former.id)); }))
            << seed;
        cluster.mend();
        ASSERT_TRUE(cluster.propose(*cluster.leader(), "x"));
        EXPECT_TRUE(cluster.run_until(20s, [&] { return cluster.all_have(1); })) << seed;
    }
}

TEST_F(RaftClusterTest, observer_copies_and_never_votes) {
    RaftCluster cluster(1, 3, 2);
    cluster.start_all();
    RaftCluster::Node& leader = lead(cluster);
    ASSERT_TRUE(cluster.propose(leader, "a"));
    ASSERT_TRUE(cluster.run_until(soon, [&] { return cluster.all_have(1); }));
    EXPECT_EQ(cluster.at(NodeId(4)).journal->leader_known, leader.id);
    cluster.kill(NodeId(1));
    cluster.kill(NodeId(2));
    cluster.run(30s);
    EXPECT_EQ(cluster.leader(), nullptr);
    ASSERT_EQ(cluster.start(NodeId(1)), "");
    ASSERT_TRUE(cluster.propose(lead(cluster), "b"));
    EXPECT_TRUE(cluster.run_until(10s, [&] { return cluster.all_have(2); }));
}

TEST_F(RaftClusterTest, replica_that_is_far_behind_gets_a_snapshot) {
    RaftCluster cluster(1, 3);
    cluster.options_.snapshot_bytes_max = 1 << 20;
    cluster.options_.segment_bytes = 256 << 10;
    cluster.options_.retention_bytes = 0;
    cluster.start_all();
    RaftCluster::Node& leader = lead(cluster);
    const NodeId late = *others(cluster, leader.id).begin();
    ASSERT_TRUE(cluster.propose(leader, "first"));
    ASSERT_TRUE(cluster.run_until(soon, [&] { return cluster.all_have(1); }));
    cluster.kill(late);
    for (int i = 0; i < 100; ++i) {
        ASSERT_TRUE(cluster.propose(leader, std::to_string(i) + std::string(40'000, 'x')));
        cluster.run(50ms);
    }
    cluster.run(3s);
    ASSERT_GT(leader.raft->log_start_offset(), Offset(10));
    ASSERT_EQ(cluster.start(late), "");
    ASSERT_TRUE(cluster.run_until(10s, [&] { return cluster.all_have(101); }));
    EXPECT_GT(cluster.at(late).journal->loaded_id.end_offset, Offset(10));
    EXPECT_EQ(cluster.at(late).journal->values, leader.journal->values);
    cluster.lose_power(late);
    ASSERT_EQ(cluster.start(late), "");
    ASSERT_TRUE(cluster.propose(leader, "last"));
    EXPECT_TRUE(cluster.run_until(10s, [&] { return cluster.all_have(102); }));
}

// Else a loss of power could bring it back, between records that were fetched since.
TEST_F(RaftClusterTest, nothing_is_fetched_behind_a_cut_before_that_is_durable) {
    RaftCluster cluster(1, 3);
    cluster.start_all();
    RaftCluster::Node& former = lead(cluster);
    for (const NodeId id : others(cluster, former.id)) cluster.cut_both(former.id, id);
    ASSERT_TRUE(cluster.propose(former, std::string(1000, 'x')));
    ASSERT_TRUE(cluster.run_until(long_enough,
                                  [&] { return cluster.leader() != nullptr && cluster.leader()->id != former.id; }));
    ASSERT_TRUE(cluster.propose(*cluster.leader(), "kept"));
    const std::string log = "/data/__cluster_metadata-0/" + std::string(20, '0') + ".log";
    const auto bytes = [&] { return former.disk.open(log, env::OpenMode::read_only).value()->size(); };
    const uint64_t bytes_before = bytes();
    bool was_cut = false;
    cluster.on_the_way = [&](RaftCluster::Node& from, const Request& request) {
        if (from.id != former.id || !std::holds_alternative<FetchRequest>(request)) return;
        was_cut |= bytes() < bytes_before;
        EXPECT_EQ(former.disk.durable_content(log).size(), bytes());
    };
    cluster.mend();
    EXPECT_TRUE(cluster.run_until(long_enough, [&] { return cluster.all_have(1); }));
    EXPECT_TRUE(was_cut);
}

TEST_F(RaftClusterTest, full_disk_of_a_follower_stops_neither_it_nor_the_others) {
    RaftCluster cluster(1, 3);
    cluster.start_all();
    RaftCluster::Node& leader = lead(cluster);
    RaftCluster::Node& full = cluster.at(*others(cluster, leader.id).begin());
    cluster.run(1s);
    full.disk.limit_capacity(full.disk.used_bytes());
    ASSERT_TRUE(cluster.propose(leader, std::string(10'000, 'x')));
    EXPECT_TRUE(cluster.run_until(soon, [&] { return leader.journal->values.size() == 1; }));
    cluster.run(5s);
    EXPECT_EQ(full.journal->failure, "");
    full.disk.heal();
    EXPECT_TRUE(cluster.run_until(10s, [&] { return cluster.all_have(1); }));
}

TEST_F(RaftClusterTest, leader_whose_disk_is_full_makes_way_for_another) {
    RaftCluster cluster(1, 3);
    cluster.start_all();
    RaftCluster::Node& full = lead(cluster);
    cluster.run(1s);
    full.disk.limit_capacity(full.disk.used_bytes());
    EXPECT_FALSE(cluster.propose(full, std::string(10'000, 'x')));
    EXPECT_TRUE(
        cluster.run_until(long_enough, [&] { return cluster.leader() != nullptr && cluster.leader()->id != full.id; }));
    ASSERT_TRUE(cluster.propose(*cluster.leader(), "kept"));
    EXPECT_TRUE(cluster.run_until(soon, [&] { return cluster.leader()->journal->values == Values{"kept"}; }));
    EXPECT_EQ(full.journal->failure, "");
}

// Where the disk is full in the middle of what was fetched, what comes before is in the log, and is applied like the
// rest.
TEST_F(RaftClusterTest, what_a_full_disk_has_taken_of_a_fetch_is_not_left_out) {
    RaftCluster cluster(1, 3);
    cluster.start_all();
    RaftCluster::Node& leader = lead(cluster);
    RaftCluster::Node& full = cluster.at(*others(cluster, leader.id).begin());
    // Its segments end where the leader's don't.
    cluster.kill(full.id);
    cluster.options_.segment_bytes = 2000;
    ASSERT_EQ(cluster.start(full.id), "");
    size_t count = 0;
    for (uint64_t space = 0; space < 1500; space += 100) {
        cluster.cut_both(leader.id, full.id);
        for (int i = 0; i < 6; ++i)
            ASSERT_TRUE(cluster.propose(leader, std::to_string(++count) + std::string(200, 'x')));
        cluster.run(100ms);
        full.disk.limit_capacity(full.disk.used_bytes() + space);
        cluster.mend();
        cluster.run(2s);
        full.disk.heal();
        ASSERT_TRUE(cluster.run_until(10s, [&] { return cluster.all_have(count); })) << cluster.describe();
        ASSERT_EQ(full.journal->values, leader.journal->values);
    }
}

TEST_F(RaftClusterTest, stranger_of_another_cluster_is_refused) {
    RaftCluster cluster(1, 3);
    cluster.start_all();
    RaftCluster::Node& leader = lead(cluster);
    const auto error_of = [&](const Request& request) {
        ErrorCode error = ErrorCode::none;
        leader.raft->receive(request, [&](const Response& response) {
            std::visit([&](const auto& r) { error = r.current.error; }, response);
        });
        return error;
    };
    const LeaderEpoch epoch = leader.raft->epoch();
    EXPECT_EQ(error_of(VoteRequest{.cluster_id = "d", .epoch = epoch + 5}), ErrorCode::inconsistent_cluster_id);
    EXPECT_EQ(error_of(FetchRequest{.cluster_id = "d", .epoch = epoch}), ErrorCode::inconsistent_cluster_id);
    EXPECT_EQ(error_of(BeginEpochRequest{.cluster_id = "d", .epoch = epoch + 5}), ErrorCode::inconsistent_cluster_id);
    EXPECT_EQ(error_of(FetchRequest{.cluster_id = "c", .epoch = epoch - 1}), ErrorCode::fenced_leader_epoch);
    EXPECT_EQ(error_of(FetchRequest{.cluster_id = "c", .epoch = epoch + 1}), ErrorCode::unknown_leader_epoch);
    EXPECT_EQ(error_of(FetchRequest{.cluster_id = "c", .epoch = epoch, .replica = NodeId(-5)}),
              ErrorCode::invalid_request);
    EXPECT_EQ(leader.raft->epoch(), epoch);
    EXPECT_TRUE(leader.journal->is_leading);
}

TEST_F(RaftClusterTest, among_faults_committed_values_are_the_same_everywhere_and_never_lost) {
    for (uint64_t seed = 1; seed <= cases(15) && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        RaftCluster cluster(seed, seed % 3 == 0 ? 5 : 3, seed % 4 == 0 ? 1 : 0);
        sim::SimRandom random(seed * 7919);
        cluster.options_.snapshot_bytes_max = seed % 2 == 0 ? 2'000 : 20 << 20;
        cluster.options_.segment_bytes = 64 << 10;
        cluster.options_.retention_bytes = 0;
        cluster.delay_max = seed % 5 == 0 ? 200ms : 5ms;
        cluster.start_all();
        Invariants invariants(cluster);
        size_t proposed = 0;
        for (int round = 0; round < 300 && !HasFailure(); ++round) {
            if (random.one_in(4)) one_fault(cluster, random);
            for (int i = 0; i < 3; ++i)
                if (RaftCluster::Node* leader = cluster.leader())
                    proposed += cluster.propose(*leader, std::to_string(round) + "-" + std::to_string(i)) ? 1 : 0;
            cluster.world.run_until(cluster.world.clock.now() + random.up_to(400ms),
                                    [&] { return !invariants.hold(); });
        }
        ASSERT_TRUE(ends_well(cluster, invariants)) << cluster.describe();
        EXPECT_GT(proposed, 50U);
        EXPECT_GT(invariants.committed().size(), 20U);
    }
}

}  // namespace
}  // namespace milena::raft
