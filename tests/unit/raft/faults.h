// Random faults among several replicas, and what must hold whatever happens.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "unit/raft/raft_cluster.h"

namespace milena::raft {

// What must hold at every moment of every run (the names are those of Kafka's own simulation of its quorum).
class Invariants {
  public:
    explicit Invariants(RaftCluster& cluster) : cluster_(cluster) {}

    bool hold() {
        for (const auto& [id, node] : cluster_.nodes) {
            if (node->raft == nullptr) continue;
            single_leader(*node);
            monotonic_epoch(*node);
            consistent_committed_data(*node);
            EXPECT_EQ(node->journal->failure, "");
        }
        return !testing::Test::HasFailure();
    }
    const std::vector<std::string>& committed() const { return committed_; }

  private:
    void single_leader(const RaftCluster::Node& node) {
        if (!node.journal->is_leading) return;
        const auto [at, is_new] = leaders_.emplace(node.raft->epoch(), node.id);
        EXPECT_EQ(at->second, node.id) << "two leaders of epoch " << node.raft->epoch().value;
    }
    void monotonic_epoch(const RaftCluster::Node& node) {
        LeaderEpoch& known = epochs_[{node.id, node.life}];
        EXPECT_GE(node.raft->epoch(), known);
        known = node.raft->epoch();
    }
    void consistent_committed_data(const RaftCluster::Node& node) {
        const std::vector<std::string>& values = node.journal->values;
        size_t& checked = checked_[{node.id, node.life}];
        for (; checked < values.size(); ++checked) {
            if (checked == committed_.size()) committed_.push_back(values[checked]);
            ASSERT_EQ(values[checked], committed_[checked]) << "node " << node.id.value << " at " << checked;
        }
    }

    RaftCluster& cluster_;
    std::map<LeaderEpoch, NodeId> leaders_;
    std::map<std::pair<NodeId, uint64_t>, LeaderEpoch> epochs_;
    std::map<std::pair<NodeId, uint64_t>, size_t> checked_;
    std::vector<std::string> committed_;
};

inline void one_fault(RaftCluster& cluster, sim::SimRandom& random) {
    const auto any = [&] { return NodeId(static_cast<int32_t>(1 + random.below(cluster.nodes.size()))); };
    switch (random.below(7)) {
        case 0: return cluster.is_up(any()) ? cluster.kill(any()) : void();
        case 1: return cluster.lose_power(any());
        case 2:
        case 3: {
            const NodeId id = any();
            if (!cluster.is_up(id)) EXPECT_EQ(cluster.start(id), "");
            return;
        }
        case 4: return cluster.cut(any(), any());
        case 5: return cluster.mend();
        case 6: cluster.lost_one_in = random.below(2) * (3 + random.below(20)); return;
    }
}

// All are up and reach each other again: what is proposed then is everywhere in the end.
inline bool ends_well(RaftCluster& cluster, Invariants& invariants) {
    cluster.mend();
    cluster.lost_one_in = 0;
    for (const auto& [id, node] : cluster.nodes)
        if (node->raft == nullptr) EXPECT_EQ(cluster.start(id), "");
    const auto all_end = [&] {
        return !invariants.hold() || std::ranges::all_of(cluster.nodes, [](const auto& n) {
            const std::vector<std::string>& values = n.second->journal->values;
            return !values.empty() && values.back() == "end";
        });
    };
    // Whoever takes the proposal may be a leader that is none any more: then it is made again.
    for (int attempt = 0; attempt < 20 && !testing::Test::HasFailure(); ++attempt) {
        if (RaftCluster::Node* leader = cluster.leader()) cluster.propose(*leader, "end");
        if (cluster.run_until(std::chrono::seconds(3), all_end)) return !testing::Test::HasFailure();
    }
    return false;
}

}  // namespace milena::raft
