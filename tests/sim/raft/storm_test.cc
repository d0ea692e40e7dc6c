#include "cases.h"
#include "unit/raft/faults.h"
#include "unit/raft/raft_cluster.h"

// Elections that never rest. Faults by chance rarely meet the moments in which a vote, an acknowledgement or the end of
// a log is decided; these wait for them.
namespace milena::raft {
namespace {

using namespace std::chrono_literals;

class Storm {
  public:
    explicit Storm(uint64_t seed) : cluster_(seed, seed % 2 == 0 ? 5 : 3), random_(seed * 7919), invariants_(cluster_) {
        cluster_.options_.snapshot_bytes_max = seed % 4 == 0 ? 2'000 : 20 << 20;
        cluster_.start_all();
    }

    bool blow() {
        cluster_.delay_max = random_.one_in(2) ? 5ms : 300ms;
        propose(1 + random_.below(3));
        switch (random_.below(5)) {
            case 0: leader_falls_as_it_commits(); break;
            case 1: voters_fall_as_they_vote(); break;
            case 2: leader_writes_on_alone(); break;
            case 3: old_records_are_outvoted(); break;
            case 4: voter_loses_its_disk(); break;
        }
        cluster_.mend();
        for (const NodeId id : all())
            if (!cluster_.is_up(id) && !random_.one_in(4)) EXPECT_EQ(cluster_.start(id), "");
        until(random_.up_to(2s), [] { return false; });
        return !testing::Test::HasFailure();
    }
    bool ends_well() {
        cluster_.delay_max = 5ms;
        return raft::ends_well(cluster_, invariants_);
    }
    std::string describe() { return cluster_.describe(); }
    size_t committed() const { return invariants_.committed().size(); }

  private:
    using Node = RaftCluster::Node;

    // What is committed is on the disks of a majority, whatever the leader alone remembers.
    void leader_falls_as_it_commits() {
        Node* leader = cluster_.leader();
        if (leader == nullptr || leader->raft == nullptr) return;
        const size_t before = leader->journal->values.size();
        cluster_.delay_max = 100us;  // its disk may be the slowest of all then
        propose(1);
        if (!until(1s, [&] { return leader->raft == nullptr || leader->journal->values.size() > before; })) return;
        const NodeId fallen = leader->id;
        const NodeId gone = other_than(fallen);
        cluster_.lose_power(fallen);
        if (cluster_.is_up(gone)) cluster_.kill(gone);
        EXPECT_EQ(cluster_.start(fallen), "");
        if (until(5s, [&] { return leads_among(all_but(gone)); })) propose(2);
        until(500ms, [] { return false; });
    }

    // A vote that was given is known after a loss of power.
    void voters_fall_as_they_vote() {
        cluster_.delay_max = 600ms;
        if (Node* leader = cluster_.leader()) {
            const NodeId former = leader->id;
            cluster_.kill(former);
            EXPECT_EQ(cluster_.start(former), "");
        }
        for (int i = 0; i < 20; ++i) {
            until(2s, [&] { return is_somebody(Role::candidate); });
            until(random_.up_to(300ms), [] { return false; });
            for (const NodeId id : all()) {
                if (!cluster_.is_up(id) || is_standing(id) || random_.one_in(3)) continue;
                cluster_.lose_power(id);
                EXPECT_EQ(cluster_.start(id), "");
            }
        }
    }

    // Its log becomes the longest, and is none that may win.
    void leader_writes_on_alone() {
        Node* former = cluster_.leader();
        if (former == nullptr) return;
        const NodeId alone = former->id;
        for (const NodeId id : all_but(alone)) cluster_.cut_both(alone, id);
        for (uint64_t i = random_.below(30); i > 0 && former->raft != nullptr; --i)
            cluster_.propose(*former, "alone-" + std::to_string(++proposed_));
        const bool has_successor = until(10s, [&] { return leads_among(all_but(alone)); });
        if (has_successor) propose(2);
        until(has_successor ? 1s : 10s, [] { return false; });
        if (!has_successor || random_.one_in(2)) {
            until(6s, [] { return false; });
            EXPECT_FALSE(cluster_.is_up(alone) && cluster_.at(alone).journal->is_leading)
                << "a leader that nobody reaches goes on";
        }
        cluster_.mend();
        if (Node* leader = cluster_.leader(); leader != nullptr && leader->id != alone) cluster_.lose_power(leader->id);
    }

    // Records of an earlier epoch on a majority are not committed by that: whoever has a later one may still be elected
    // and overwrite them (Raft §5.4.2, figure 8).
    void old_records_are_outvoted() {
        Node* leader = cluster_.leader();
        if (leader == nullptr || cluster_.nodes.size() < 5) return;
        const NodeId first = leader->id;
        const NodeId partner = other_than(first);
        std::set<NodeId> rest = all_but(first);
        rest.erase(partner);
        for (const NodeId id : rest) {
            if (!cluster_.is_up(id)) EXPECT_EQ(cluster_.start(id), "");
            cluster_.cut_both(first, id);
            cluster_.cut_both(partner, id);
        }
        propose(1);
        // Killed at once: nobody but itself has the first record of its epoch.
        const Node* later = elected_after(leader->raft->epoch(), 10s);
        if (later == nullptr) return;
        const NodeId later_id = later->id;
        const LeaderEpoch later_epoch = later->raft->epoch();
        cluster_.kill(later_id);
        cluster_.mend();
        const Node* again = elected_after(later_epoch, 10s);
        if (again == nullptr) return;
        const size_t before = again->journal->values.size();
        if (!until(2s, [&] { return again->raft == nullptr || again->journal->values.size() > before; })) return;
        const NodeId fallen = again->id;
        cluster_.lose_power(fallen);
        if (const NodeId longest = with_longest_log_but(fallen); longest != no_node) cluster_.kill(longest);
        EXPECT_EQ(cluster_.start(later_id), "");
        if (until(5s, [&] { return cluster_.leader() != nullptr; })) propose(2);
        until(1s, [] { return false; });
    }

    // What it has acknowledged may be on one other disk only, and that one falls, too: nobody without it may be
    // elected. Not before the last one that was emptied has copied the log: of two such nobody could say what was
    // committed.
    void voter_loses_its_disk() {
        Node* leader = cluster_.leader();
        const bool are_whole = std::ranges::all_of(cluster_.nodes, [](const auto& entry) {
            return entry.second->raft != nullptr && !entry.second->raft->awaits_log();
        });
        if (leader == nullptr || !are_whole) return;
        const NodeId whole = leader->id;
        const NodeId emptied = other_than(whole);
        std::set<NodeId> rest = all_but(whole);
        rest.erase(emptied);
        if (cluster_.nodes.size() == 3) cluster_.cut_both(whole, *rest.begin());
        const size_t before = leader->journal->values.size();
        propose(2);
        until(1s, [&] { return leader->raft == nullptr || leader->journal->values.size() > before; });
        cluster_.lose_volume(emptied);
        if (random_.one_in(2)) cluster_.lose_power(whole);
        cluster_.mend();
        // A volume is not replaced while a request to the process before is still on its way.
        until(1s, [] { return false; });
        EXPECT_EQ(cluster_.start(emptied), "");
        until(random_.up_to(8s), [] { return false; });
    }

    void propose(uint64_t count) {
        for (; count > 0; --count)
            if (Node* leader = cluster_.leader()) cluster_.propose(*leader, std::to_string(++proposed_));
    }
    // False if a promise was broken, too.
    bool until(Duration longest, const std::function<bool()>& holds) {
        return cluster_.run_until(longest, [&] { return !invariants_.hold() || holds(); }) &&
               !testing::Test::HasFailure();
    }
    std::set<NodeId> all() const {
        std::set<NodeId> ids;
        for (const auto& [id, node] : cluster_.nodes) ids.insert(id);
        return ids;
    }
    std::set<NodeId> all_but(NodeId one) const {
        std::set<NodeId> ids = all();
        ids.erase(one);
        return ids;
    }
    NodeId other_than(NodeId one) {
        const std::set<NodeId> ids = all_but(one);
        return *std::next(ids.begin(), static_cast<std::ptrdiff_t>(random_.below(ids.size())));
    }
    bool is_standing(NodeId id) {
        const Role role = cluster_.at(id).raft->role();
        return role == Role::candidate || role == Role::prospective;
    }
    // Before anybody but itself may know; null if there is none within the time.
    const Node* elected_after(LeaderEpoch epoch, Duration longest) {
        const Node* elected = nullptr;
        until(longest, [&] {
            for (const auto& [id, node] : cluster_.nodes)
                if (node->raft != nullptr && node->raft->role() == Role::leader && node->raft->epoch() > epoch)
                    elected = node.get();
            return elected != nullptr;
        });
        return elected;
    }
    NodeId with_longest_log_but(NodeId one) {
        NodeId longest = no_node;
        for (const NodeId id : all_but(one)) {
            if (!cluster_.is_up(id)) continue;
            if (longest == no_node || cluster_.at(id).raft->next_offset() > cluster_.at(longest).raft->next_offset())
                longest = id;
        }
        return longest;
    }
    bool is_somebody(Role role) const {
        return std::ranges::any_of(cluster_.nodes, [role](const auto& entry) {
            return entry.second->raft != nullptr && entry.second->raft->role() == role;
        });
    }
    bool leads_among(const std::set<NodeId>& ids) { return cluster_.has_leader_among(ids); }

    RaftCluster cluster_;
    sim::SimRandom random_;
    Invariants invariants_;
    uint64_t proposed_ = 0;
};

TEST(RaftStorm, among_faults_at_the_worst_moments_nothing_committed_is_lost) {
    for (uint64_t seed = 1; seed <= cases(200) && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Storm storm(seed);
        for (int gust = 0; gust < 30 && storm.blow(); ++gust) {
        }
        ASSERT_TRUE(storm.ends_well()) << storm.describe();
        EXPECT_GT(storm.committed(), 10U);
    }
}

}  // namespace
}  // namespace milena::raft
